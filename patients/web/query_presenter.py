"""One query with its thread, and the form on which one is raised."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _

from patients.casebook.answers import Record, record_of
from patients.casebook.form import form_model
from patients.casebook.header import HEADER, header_values
from patients.casebook.page import Page, Subject
from patients.entry.asking import item_of, roles_that_answer
from patients.entry.query_act import Target
from patients.entry.query_moves import stands_on_its_side
from patients.items.missing import MissingReason
from patients.oversight.queries import Priority, Query, QueryMessage, Said
from patients.web.clocks import moment
from patients.web.query_words import (
    asker_of,
    item_in_words,
    mark_of,
    place_in_words,
    place_url,
    priority_of,
    text_of,
    title_of_page,
    url_of,
    waits_for,
)
from patients.web.states import StateMark
from patients.web.trail_presenter import Option, roles_in_words
from patients.web.widgets import labels_of, shown_value
from trial.people.access import can
from trial.people.models import Account
from trial.people.roles import Permission

ROLE, PERSON = "role:", "user:"
"""What stands before a role or a user name where one of the two is chosen."""


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """One line of a thread: what was done, in which words, by whom and when."""

    did: str
    text: str
    old: str
    new: str
    is_change: bool
    who: str
    at: str


@dataclass(frozen=True)
class QueryScreen:
    """Everything that the template of one query says. `typed` is what was typed and refused."""

    query: Query
    state: StateMark
    place: str
    place_url: str
    title: str
    item: str
    value: str
    text: str
    asker: str
    waits_for: str
    priority: str
    opened: str
    lines: list[ThreadLine]
    moves: frozenset[Said]
    can_direct: bool
    assigned: list[Option] = field(default_factory=list)
    priorities: list[Option] = field(default_factory=list)
    problems: tuple[str, ...] = ()
    typed: str = ""

    @property
    def subject(self) -> Subject:
        return self.query.whose

    @property
    def may_speak(self) -> bool:
        return bool(self.moves)

    @property
    def can_answer(self) -> bool:
        return Said.ANSWERED in self.moves

    @property
    def can_comment(self) -> bool:
        return Said.COMMENTED in self.moves

    @property
    def can_close(self) -> bool:
        return Said.CLOSED in self.moves

    @property
    def can_reopen(self) -> bool:
        return Said.REOPENED in self.moves


BY_HAND = (Said.ANSWERED, Said.COMMENTED, Said.CLOSED, Said.REOPENED)


def query_screen(
    query: Query,
    lines: Iterable[QueryMessage],
    people: Mapping[str, str],
    names: Mapping[str, str],
    by: Account,
) -> QueryScreen:
    """A query for one person. `people` can be asked (printed names by user name), `names` are of those whom
    the query names."""
    site = query.whose.site.code
    moves = {said for said in BY_HAND if query.allows(said) and stands_on_its_side(by, query, said)}
    can_direct = query.is_outstanding and can(by, Permission.QUERY, site=site)
    return QueryScreen(
        query=query,
        state=mark_of(query),
        place=place_in_words(query),
        place_url=place_url(query),
        title=title_of_page(query),
        item=item_in_words(query),
        value=_value_of(query),
        text=text_of(query, identify=can(by, Permission.READ_IDENTITY, site=site)),
        asker=asker_of(query, names),
        waits_for=waits_for(query, names),
        priority=priority_of(query),
        opened=moment(query.opened_at),
        lines=[_line(each) for each in lines if not _is_the_question(each)],
        moves=frozenset(moves),
        can_direct=can_direct,
        assigned=assignable(people, _assigned(query)) if can_direct else [],
        priorities=priorities(query.priority or Priority.NORMAL) if can_direct else [],
    )


def _is_by_check(message: QueryMessage) -> bool:
    return message.author.partition("@")[0] == "system:checks"  # of whichever version


def _is_the_question(message: QueryMessage) -> bool:
    return message.said == Said.RAISED


def _line(message: QueryMessage) -> ThreadLine:
    named = (message.printed_name or message.author, roles_in_words(message.role))
    return ThreadLine(
        did=str(Said(message.said).label),
        text=message.text,
        old=message.old,
        new=message.new,
        is_change=message.said == Said.CHANGED,
        who=_("edit check") if _is_by_check(message) else ", ".join(part for part in named if part),
        at=moment(message.at),
    )


def _assigned(query: Query) -> str:
    if query.assigned_role:
        return f"{ROLE}{query.assigned_role}"
    return f"{PERSON}{query.assigned_to}" if query.assigned_to else ""


def assignable(people: Mapping[str, str], chosen: str = "") -> list[Option]:
    """Whom a query can wait for: the roles that enter, and the people of the site who hold one."""
    offered = {f"{ROLE}{role.value}": str(role.label) for role in roles_that_answer()}
    offered |= {f"{PERSON}{user_name}": printed for user_name, printed in people.items()}
    return [Option(value, label, value == chosen) for value, label in offered.items()]


def priorities(chosen: int = Priority.NORMAL) -> list[Option]:
    return [Option(str(each.value), str(each.label), each == chosen) for each in Priority]


# --- the value in question ---------------------------------------------------------------------------------
def _value_of(query: Query) -> str:
    """What stands in the item now, as it is read; of what identifies the subject nothing."""
    if query.page is None or not query.item:
        return ""
    return value_on(query.page, query.item, record_on(query.page, query.row_key))


def record_on(page: Page, row_key: str) -> Record | None:
    """The answers of a row of the page; None where there is none."""
    row = form_model(page.form_code).every.filter(page=page, row_key=row_key).first()
    return record_of(row, page, page.subject) if row else None


def value_on(page: Page, name: str, record: Record | None) -> str:
    """What stands in an item of a row, or of the header of the page."""
    item = item_of(page, name)
    if item is None or item.declared.identity:
        return ""
    if name in HEADER:
        return shown_value(item, header_values(page)[name], labels_of(item))
    if record is None:
        return ""
    if missing := record.missing.get(name):
        return str(MissingReason(missing).label)
    return shown_value(item, record.values.get(name), labels_of(item))


# --- raising -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Typed:
    """A question as far as it was typed and chosen, on a form that was refused."""

    text: str = ""
    assigned: str = ""
    priority: int = Priority.NORMAL


@dataclass(frozen=True)
class RaiseScreen:
    """The form on which a query is raised. `visits` can be chosen where it is about no page; `others` are
    outstanding queries at the same place; `already_url` is that of the one that stands in the way."""

    target: Target
    item: str
    value: str
    assigned: list[Option]
    priorities: list[Option]
    visits: list[Option] = field(default_factory=list)
    others: list[tuple[str, str, StateMark]] = field(default_factory=list)
    problems: tuple[str, ...] = ()
    already_url: str = ""
    typed: str = ""

    @property
    def subject(self) -> Subject:
        return self.target.whose

    @property
    def page(self) -> Page | None:
        return self.target.page

    @property
    def title(self) -> str:
        return str(form_model(self.page.form_code).form.title) if self.page else ""

    @property
    def back_url(self) -> str:
        if self.page is None:
            return reverse("subject", args=[self.subject.code])
        return self.page.get_absolute_url()


def raise_screen(
    target: Target, people: Mapping[str, str], others: Iterable[Query], typed: Typed, *, identify: bool
) -> RaiseScreen:
    """`others` are the outstanding queries at the page, the visit or the subject."""
    place = {"page": target.page, "visit": target.visit, "subject": target.subject}
    about = Query(**place, item=target.item, row_key=target.row_key)
    visits = target.whose.visits.all() if target.page is None else ()
    return RaiseScreen(
        target=target,
        item=item_in_words(about),
        value=_value_of(about),
        assigned=assignable(people, typed.assigned),
        priorities=priorities(typed.priority),
        typed=typed.text,
        visits=[Option(visit.code, visit.code, visit == target.visit) for visit in visits],
        others=[
            (url_of(each), f"{item_in_words(each)}: {text_of(each, identify=identify)}", mark_of(each))
            for each in others
        ],
    )
