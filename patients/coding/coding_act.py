"""Coding terms: an act of a coder on rows of any number of subjects, one event for each page.

It writes no value of a page: no text changes, no signature and no verification falls, and a frozen page can
be coded. A locked one cannot. What was shown is what is coded: a text or a code that changed since refuses.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.coding.codes import TO_BE_SAID, Coding, How, Why
from patients.coding.dictionaries import Term, in_force
from patients.coding.schemes import coded_items
from patients.coding.standing import CodedTerm, State, terms_at
from trial.people.access import Person, actor_at, can, require
from trial.people.roles import Permission
from trial.trail.actor import Source, acting, current_actor
from trial.trail.record import Change, Place, record_event

MOST_AT_ONCE = 500  # terms that one act codes
CODE_OF = "code."
"""What stands before the item in the trail of a code."""


class NotCoded(Exception):
    """Nothing was coded."""


class UnknownTerm(NotCoded):
    """The row does not exist for this person (404)."""


class CannotCode(NotCoded):
    """What was chosen cannot be taken (422); it says why in the user's words."""


class TermClosed(NotCoded):
    """A page is locked (423)."""


class TermChanged(NotCoded):
    """A text or a code is not any more what the coder was shown (409)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A term as the coder was shown it: the row, the version of its text, and the code that it had."""

    form: str
    row: int
    version: int
    coding: int = 0

    @classmethod
    def of(cls, term: CodedTerm) -> "Seen":
        return cls(term.coded.form, term.row, term.version, term.coding.pk if term.coding else 0)

    @classmethod
    def read(cls, text: str) -> "Seen":
        """As a form names it. Raises UnknownTerm."""
        form, *numbers = text.split(".")
        if form not in {coded.form for coded in coded_items()} or len(numbers) != 3:
            raise UnknownTerm(text[:40])
        if not all(each.isascii() and each.isdigit() and len(each) <= 15 for each in numbers):
            raise UnknownTerm(text[:40])
        return cls(form, *map(int, numbers))

    def __str__(self) -> str:
        return f"{self.form}.{self.row}.{self.version}.{self.coding}"


class Choice(NamedTuple):
    """This term is coded so."""

    seen: Seen
    term: Term


Pair = tuple[CodedTerm, Choice]
"""A term as it is now, with what was chosen for it."""


def code_terms(
    choices: Collection[Choice], *, how: How, by: Person, why: str = "", request_id: str = ""
) -> int:
    """Code these terms: all of them, or none; how many. One that has this very code already is left.

    `why` is one of `TO_BE_SAID`, needed where a code that stands for text and version is replaced.

    Raises UnknownTerm (404), PermissionDenied (403), TermClosed (423), TermChanged (409), CannotCode (422).
    """
    if not 0 < len(choices) <= MOST_AT_ONCE:
        raise CannotCode(_("Choose between 1 and %(most)s terms.") % {"most": MOST_AT_ONCE})
    chosen = {(choice.seen.form, choice.seen.row): choice for choice in choices}
    with transaction.atomic():
        terms = terms_held([choice.seen for choice in choices], by)
        pairs = [(term, chosen[term.coded.form, term.row]) for term in terms]
        refuse_changed([term for term, choice in pairs if Seen.of(term) != choice.seen], terms)
        act = _Act(how, why, by, request_id, _numbers_in_force(terms))
        act.refuse(pairs)
        by_page = groupby(pairs, key=lambda pair: (pair[0].subject, pair[0].page))
        return sum(act.code_page(list(some)) for _page, some in by_page)


def terms_held(seen: Iterable[Seen], by: Person) -> list[CodedTerm]:
    """The terms as they are now, of subjects that are held until the transaction ends, in the order of
    subjects and pages. Raises UnknownTerm, PermissionDenied, and TermChanged for a row without the text."""
    by_form: dict[str, set[int]] = {}
    for each in seen:
        by_form.setdefault(each.form, set()).add(each.row)
    subjects: set[int] = set()
    for form, rows in by_form.items():
        named: dict[int, tuple[int, str]] = {
            pk: (subject, site)
            for pk, subject, site in form_model(form)
            .every.filter(pk__in=rows)
            .values_list("pk", "page__subject", "page__subject__site__code")
        }
        if len(named) != len(rows) or not all(_may(by, site) for _subject, site in named.values()):
            raise UnknownTerm(form)
        for _subject, site in named.values():
            require(by, Permission.CODE, site=site)
        subjects |= {subject for subject, _site in named.values()}
    held = Subject.objects.select_for_update(of=("self",)).filter(pk__in=subjects).order_by("code")
    sites = {subject.site.code for subject in held.select_related("site")}
    found = [
        term for form, rows in by_form.items() for term in terms_at(sites, list(State), form=form, rows=rows)
    ]
    if len(found) != sum(map(len, by_form.values())):
        raise TermChanged  # made void, or emptied
    return sorted(found, key=lambda term: (term.subject, term.page, term.row))


def _may(by: Person, site: str) -> bool:
    return can(by, Permission.READ, site=site)


def refuse_changed(changed: Sequence[CodedTerm], terms: Sequence[CodedTerm]) -> None:
    """Raises TermClosed where one of the terms is locked, and TermChanged where one is not as shown."""
    if any(term.page_state == PageState.LOCKED for term in terms):
        raise TermClosed
    if changed:
        raise TermChanged(", ".join(" ".join(term.key) for term in changed))


def _numbers_in_force(terms: Iterable[CodedTerm]) -> dict[str, frozenset[int]]:
    """The dictionaries in force, by scheme."""
    schemes = {term.coded.scheme for term in terms}
    return {scheme: frozenset(in_force(scheme).values_list("pk", flat=True)) for scheme in schemes}


@dataclass(frozen=True, slots=True)
class _Act:
    """How terms are coded, why, and by whom; `force` are the dictionaries in force by scheme."""

    how: How
    why: str
    by: Person
    request_id: str
    force: Mapping[str, frozenset[int]]

    def refuse(self, pairs: Iterable[Pair]) -> None:
        """A code comes from a dictionary in force, and is a current term of the right scheme; what is said to
        be word for word the text, or the same code in a new version, is that."""
        for term, (_seen, to) in pairs:
            if to.dictionary_id not in self.force[term.coded.scheme] or not to.is_current:
                raise CannotCode(_("Choose a current term of the dictionary in force."))
            if self.how is How.EXACT and to.folded != term.folded:
                raise CannotCode(_("The words of a term are not those of the text."))
            if self.how is How.CARRIED and (term.coding is None or term.coding.term.code != to.code):
                raise CannotCode(_("A term has another code by now."))

    def code_page(self, pairs: Sequence[Pair]) -> int:
        """The terms of one page: their codes, and the event."""
        new = [(term, choice.term) for term, choice in pairs if not _has_it(term, choice.term)]
        if not new:
            return 0
        actor = actor_at(self.by, site=new[0][0].site, source=Source.WEB, request_id=self.request_id)
        with acting(actor):
            act = uuid4()
            before = _codes_before(term for term, _to in new)
            codings = [_coding(term, to, self.how, self._why(term), act) for term, to in new]
            for (term, _to), coding in zip(new, codings, strict=True):
                coding.replaces = before.get((term.row_key, term.coded.item))
            Coding.objects.bulk_create(codings)
            with translation.override("en"):  # the trail reads the same whoever codes
                changes = [_change(term, to, made) for (term, to), made in zip(new, codings, strict=True)]
            record_event("terms.coded", place_of(new[0][0]), changes, act=act)
        return len(new)

    def _why(self, term: CodedTerm) -> str:
        """Why a code comes in the place of another. Raises CannotCode where somebody has to say it."""
        if term.coding is None:
            return ""
        if term.state is State.CHANGED:
            return Why.TEXT_CHANGED
        if term.coding.term.dictionary_id not in self.force[term.coded.scheme]:
            return Why.NEW_VERSION
        if self.why not in TO_BE_SAID:
            raise CannotCode(_("Say why the code changes."))
        return self.why


def _has_it(term: CodedTerm, to: Term) -> bool:
    coding = term.coding
    return coding is not None and coding.term_id == to.pk and coding.verbatim == term.verbatim


def _coding(term: CodedTerm, to: Term, how: How, why: str, act: UUID) -> Coding:
    actor = current_actor()
    return Coding(
        page_id=term.page,
        row_key=term.row_key,
        item=term.coded.item,
        verbatim=term.verbatim,
        term=to,
        how=how,
        why=why,
        event_id=act,
        coded_by=actor.user_name,
        printed_name=actor.printed_name,
        at=timezone.now(),
    )


def _codes_before(terms: Iterable[CodedTerm]) -> dict[tuple[str, str], Coding]:
    """The last code of each of these terms of one page, by row and item; also one that was withdrawn."""
    terms = list(terms)
    last = Coding.objects.filter(page=terms[0].page, replaced_by=None)
    return {
        (coding.row_key, coding.item): coding
        for coding in last.filter(row_key__in={term.row_key for term in terms})
    }


def _change(term: CodedTerm, to: Term, coding: Coding) -> Change:
    """Codes, which are no text that somebody typed, with the names that they had."""
    before = term.coding.term if term.coding else None
    return Change(
        f"{CODE_OF}{term.coded.item}",
        f"Code: {term.coded.label}",
        before.code if before else "",
        to.code,
        row_key=term.row_key,
        old_shown=shown_in_full(before) if before else "",
        new_shown=shown_in_full(to),
        reason_code=str(coding.why),
    )


def shown_in_full(term: Term) -> str:
    """A term with what it is reported as and its dictionary, as the trail keeps it."""
    return f"{term.concept.name} ({term.name}, {term.code}, {term.dictionary})"


def place_of(term: CodedTerm) -> Place:
    """Where the trail puts an act on this term."""
    page = Page.objects.select_related("subject", "visit").get(pk=term.page)
    form = form_model(page.form_code).form
    return Place(
        site=term.site,
        subject=term.subject,
        visit=page.visit_code,
        form=form.code,
        form_version=form.version,
        about=str(page),
    )
