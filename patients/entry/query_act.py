"""One act of a person on queries of one subject: what is written, and the event that says so.

It writes no value of a page: whether that is open, signed, frozen or locked makes no difference, and no
signature falls. The rights were asked before (`asking.py`, `query_moves.py`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar
from uuid import uuid4

from django.utils import translation
from django.utils.translation import gettext as _

from patients.casebook.page import Page, Subject, Visit
from patients.entry.ending import follow_end_of_study
from patients.entry.refusals import NotSaved
from patients.entry.save import held_casebook
from patients.entry.words import against, naming
from patients.oversight.queries import (
    MOVES,
    MOVING,
    Priority,
    Query,
    QueryMessage,
    QueryState,
    Said,
    line,
)
from trial.people.access import Person, actor_at, can
from trial.people.roles import Permission
from trial.trail.actor import Source, acting, current_actor
from trial.trail.record import Change, Place, record_event

MOST_OF_A_TEXT = 1000  # characters
LEAST_OF_A_TEXT, LEAST_OF_A_REASON = 2, 5
MOST_AT_ONCE = 200  # queries that one form raises or closes


class UnknownQuery(NotSaved):
    """The query, or what it would hang at, does not exist for this person (404)."""


class NotAsked(NotSaved):
    """What was typed or chosen cannot be taken (422); `why` says it in the user's words."""

    def __init__(self, *why: str) -> None:
        super().__init__(" ".join(why))
        self.why = why


class NotNow(NotSaved):
    """The query is in another state by now (409)."""


class AlreadyAsked(NotSaved):
    """The item is asked about already (409), by `query`: what is to be added belongs into its thread."""

    def __init__(self, query: Query) -> None:
        super().__init__(str(query))
        self.query = query


@dataclass(frozen=True, slots=True)
class Target:
    """What a query hangs at: an item of a row, a whole page, a visit or a subject."""

    page: Page | None = None
    visit: Visit | None = None
    subject: Subject | None = None
    item: str = ""
    row_key: str = ""

    @property
    def whose(self) -> Subject:
        found = self.page or self.visit
        return found.subject if found else self.subject  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Assigned:
    """Whom a query waits for: a role at the site, one member of it, or whoever enters the page."""

    role: str = ""
    user_name: str = ""


ANYBODY = Assigned()


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, of whom, and how soon."""

    text: str
    assigned: Assigned = ANYBODY
    priority: Priority = Priority.NORMAL


@contextmanager
def acting_on(subject: Subject, by: Person, request_id: str) -> Iterator["QueryAct"]:
    """Within a transaction: the act of this person on queries of a subject, who is held until its end."""
    actor = actor_at(by, site=subject.site.code, source=Source.WEB, request_id=request_id)
    with acting(actor), translation.override("en"):  # the trail reads the same whoever acts
        yield QueryAct(subject)


class QueryAct:
    """One act under way. Whoever makes two moves of one query at once makes them one after the other."""

    def __init__(self, subject: Subject) -> None:
        self.casebook = held_casebook(subject)
        self.act = uuid4()

    # --- raising -----------------------------------------------------------------------------------------
    def raise_at(self, targets: Sequence[Target], question: Question) -> list[Query]:
        """Ask at these places. Raises AlreadyAsked."""
        text = question.text.strip()
        for target in targets:
            _refuse_a_second(target, text)
        queries = [_asked(target, question) for target in targets]
        Query.objects.create_with_history(queries)
        self._keep_lines(queries, Said.RAISED, text)
        changes = self._changes(queries, dict.fromkeys((query.pk for query in queries), ""), text)
        record_event("query.raised", self._place(queries), changes, act=self.act)
        return queries

    # --- moving ------------------------------------------------------------------------------------------
    def say(self, queries: Iterable[Query], said: Said, text: str) -> None:
        """Make the move of each of these queries, with these words. Raises NotNow."""
        held = self._held(queries)
        if late := [str(query.pk) for query in held if not query.allows(said)]:
            raise NotNow(", ".join(late))
        before = {query.pk: query.state for query in held}
        for query in held:
            query.move(said)
            if query.state == QueryState.CLOSED:
                query.closed_by = current_actor().user_name
        if MOVES[said].to is not None:
            Query.objects.save_with_history(held, MOVING)
        self._keep_lines(held, said, text)
        self._record(said, held, self._changes(held, before, text))

    def _record(self, said: Said, queries: Sequence[Query], changes: list[Change]) -> None:
        place = self._place(queries)
        if said is Said.ANSWERED:
            record_event("query.answered", place, changes, act=self.act)
        elif said is Said.COMMENTED:
            record_event("query.commented", place, changes, act=self.act)
        elif said is Said.CLOSED:
            record_event("query.closed", place, changes, act=self.act)
        else:
            record_event("query.reopened", place, changes, act=self.act)

    # --- directing ---------------------------------------------------------------------------------------
    def direct(self, query: Query, assigned: Assigned, priority: Priority) -> None:
        """Say whom an outstanding query waits for, and how soon. Raises NotNow."""
        (held,) = self._held([query])
        if not held.is_outstanding:
            raise NotNow(str(held.pk))
        before = _directed(held)
        held.assigned_role, held.assigned_to = assigned.role or None, assigned.user_name or None
        held.priority = priority
        now, where = _directed(held), _named(held)
        changes = [
            Change(f"{where}.{name}", f"{_LABELS[name]}, query {held.pk}", before[name], now[name])
            for name in now
            if before[name] != now[name]
        ]
        if changes:
            Query.objects.save_with_history([held], tuple(now))
            record_event("query.directed", self._place([held]), changes, act=self.act)

    # --- what every act does -----------------------------------------------------------------------------
    @staticmethod
    def _held(queries: Iterable[Query]) -> list[Query]:
        """The queries as they are now, of the subject that is held."""
        numbers = [query.pk for query in queries]
        return list(Query.objects.with_place().with_question().filter(pk__in=numbers).order_by("pk"))

    def _keep_lines(self, queries: Iterable[Query], said: Said, text: str) -> None:
        QueryMessage.objects.bulk_create(line(query, said, self.act, text=text) for query in queries)

    def _changes(self, queries: Sequence[Query], before: dict[int, str], text: str) -> list[Change]:
        """What changed of each, and at the end of study, which waits for them."""
        alone = len(queries) == 1
        changes = [each for query in queries for each in _changes(query, before[query.pk], text, alone=alone)]
        return changes + follow_end_of_study(self.casebook, act=self.act)

    def _place(self, queries: Sequence[Query]) -> Place:
        """One query stands at its page; of several the changes say where they are."""
        subject = self.casebook.subject
        if len(queries) > 1:
            return Place(subject.site.code, subject.code, about=subject.code)
        (query,) = queries
        about = str(query.page or query.visit or subject.code)
        return Place(
            subject.site.code, subject.code, visit=query.visit_code, form=query.form_code, about=about
        )


def _asked(target: Target, question: Question) -> Query:
    actor = current_actor()
    return Query(
        page=target.page,
        visit=target.visit,
        subject=target.subject,
        item=target.item,
        row_key=target.row_key,
        raised_by=actor.user_name,
        raised_role=actor.role,
        assigned_role=question.assigned.role or None,
        assigned_to=question.assigned.user_name or None,
        priority=question.priority,
    )


def _refuse_a_second(target: Target, text: str) -> None:
    """Of one item there is one question at a time, whoever asks; of a whole page, visit or subject there may
    be several, but not the same twice."""
    here = Query.objects.filter(page=target.page, visit=target.visit, subject=target.subject)
    asked = here.filter(item=target.item, row_key=target.row_key).outstanding()
    if not target.item:
        asked = asked.filter(messages__said=Said.RAISED, messages__text=text)
    if first := asked.order_by("pk").first():
        raise AlreadyAsked(first)


def _changes(query: Query, before: str, text: str, *, alone: bool) -> Iterator[Change]:
    """The state, and the words beside it: as a value of their own, since they are what somebody typed and may
    have to be found and hidden (`patients.oversight.typed_texts`)."""
    where = "" if alone or not query.page else f"{query.form_code}@{query.visit_code}."
    item, label = f"{where}{_named(query)}", f"Query {query.pk} of {query}"
    if before != query.state:
        yield Change(item, label, before, query.state, row_key=query.row_key)
    yield Change(f"{item}.words", label, "", text, row_key=query.row_key, new_shown=text)


def _named(query: Query) -> str:
    return f"query.{query.item}" if query.item else "query"


_LABELS = {"assigned_role": "Role asked", "assigned_to": "Person asked", "priority": "Priority"}


def _directed(query: Query) -> dict[str, str]:
    return {
        "assigned_role": query.assigned_role or "",
        "assigned_to": query.assigned_to or "",
        "priority": str(query.priority or Priority.NORMAL.value),
    }


# --- what every act asks first -----------------------------------------------------------------------------
def require_reading(subject: Subject, by: Person) -> None:
    """Raises UnknownQuery (404) where the person does not read."""
    if not can(by, Permission.READ, site=subject.site.code):
        raise UnknownQuery(subject.code)


def refuse(why: Iterable[str]) -> None:
    """Raises NotAsked (422) if anything speaks against it."""
    if said := list(dict.fromkeys(why)):
        raise NotAsked(*said)


def against_words(subject: Subject, text: str, label: str, *, least: int) -> Iterator[str]:
    """Why words cannot stand in a thread about a subject."""
    yield from against(text, label, least=least, most=MOST_OF_A_TEXT)
    yield from naming(subject, text)


def refuse_numbers(number: int) -> None:
    """Raises NotAsked (422) for none, and for more than one act does."""
    if not 0 < number <= MOST_AT_ONCE:
        raise NotAsked(_("Choose between 1 and %(most)s.") % {"most": MOST_AT_ONCE})


Thing = TypeVar("Thing", Query, Target)


def by_subject(
    things: Iterable[Thing], subject_of: Callable[[Thing], Subject]
) -> Iterator[tuple[Subject, list[Thing]]]:
    """In the order of the subjects, so that two such acts wait for each other and never for both."""
    ordered = sorted(things, key=lambda thing: subject_of(thing).code)
    for _code, some in groupby(ordered, key=lambda thing: subject_of(thing).code):
        found = list(some)
        yield subject_of(found[0]), found
