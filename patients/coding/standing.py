"""How each term of the casebook stands: to be coded, to be coded again, or coded.

One question serves lists, counts and the gate of a lock: a term is a text in a coded item of a row that
stands; its code is that in whose place no other came.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page, Subject
from patients.coding.codes import Coding
from patients.coding.dictionaries import Term, in_force
from patients.coding.folding import fold
from patients.coding.schemes import CodedItem, coded_items, coded_items_of
from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailChange

LATE_AFTER_DAYS = 14
"""Specification F26: "uncoded >14 d"."""
SAVED = "page.saved"
NAMED_AT_MOST = 500  # numbers in one statement
Rows = QuerySet[Any, Any]


class State(models.TextChoices):
    """How a term stands. CHANGED: its text is another than was coded. OUTDATED: the version in force does not
    say the same of its code."""

    UNCODED = "uncoded", _("to be coded")
    CHANGED = "changed", _("text changed: code again")
    OUTDATED = "outdated", _("version changed: code again")
    CODED = "coded", _("coded")


TO_CODE = (State.UNCODED, State.CHANGED)
TO_CODE_AGAIN = (State.CHANGED, State.OUTDATED)
WAITING = (State.UNCODED, State.CHANGED, State.OUTDATED)


@dataclass(frozen=True, slots=True)
class CodedTerm:
    """A term of a row as it stands. `version` is that of the page at which its text last changed."""

    coded: CodedItem
    row: int
    page: int
    page_state: str
    row_key: str
    site: str
    subject: str
    visit: str
    verbatim: str
    version: int
    state: State
    coding: Coding | None

    @property
    def folded(self) -> str:
        return fold(self.verbatim)

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Its place in natural keys: subject, form, visit, row and item."""
        return self.subject, self.coded.form, self.visit, self.row_key, self.coded.item


# --- counting --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Counts:
    """Terms by how they stand."""

    uncoded: int = 0
    changed: int = 0
    outdated: int = 0
    coded: int = 0

    @property
    def waiting(self) -> int:
        return self.uncoded + self.changed + self.outdated

    def of(self, states: Iterable[State]) -> int:
        return sum(getattr(self, state.value) for state in states)


def counts(sites: Collection[str]) -> Counts:
    """How the terms of these sites stand."""
    found = dict.fromkeys((state.value for state in State), 0)
    for coded in coded_items():
        rows = _with_state(coded, sites)
        counted = rows.order_by().values("coding_state").annotate(number=models.Count("pk"))
        for row in counted:
            found[row["coding_state"]] += row["number"]
    return Counts(**found)


def to_code_by_subject(subjects: Collection[Subject]) -> dict[str, tuple[int, int]]:
    """For each of these subjects with a term for whose code a lock waits, how many have none for the text
    that they are now, and how many there are. A term that a new version marks has one: a study may be locked
    in the version that it used (decision 0044)."""
    found = defaultdict[str, Counter[bool]](Counter)
    sites = {subject.site.code for subject in subjects}
    for coded in (each for each in coded_items() if each.is_awaited):
        rows = _with_state(coded, sites).filter(page__subject__in=subjects)
        counted = rows.order_by().values_list("page__subject__code", "coding_state")
        for code, state, number in counted.annotate(number=models.Count("pk")):
            found[code][state in TO_CODE] += number
    return {code: (waiting[True], waiting.total()) for code, waiting in found.items()}


# --- reading ---------------------------------------------------------------------------------------------
def terms_at(
    sites: Collection[str], states: Collection[State], *, form: str = "", rows: Collection[int] | None = None
) -> list[CodedTerm]:
    """The terms of these sites that stand so, of one form or of these rows of it if they are named, in the
    order of the forms and of their entry; two statements for each coded item."""
    found: list[CodedTerm] = []
    for coded in coded_items_of(form) if form else coded_items():
        stored = _with_state(coded, sites).filter(coding_state__in=states)
        stored = stored if rows is None else stored.filter(pk__in=rows)
        found += _read(coded, stored, sites)
    return found


def codings_on(page: Page) -> dict[tuple[str, str], Coding]:
    """The codes on a page that stand for its texts as they are, by row key and item; no look at one whose
    form has no coded item."""
    items = coded_items_of(page.form_code)
    return _standing(items, page.subject, Q(page=page)).get(page.pk, {}) if items else {}


def codings_of(subject: Subject) -> dict[int, dict[tuple[str, str], Coding]]:
    """The same of all pages of a subject, by page."""
    return _standing(coded_items(), subject, Q(page__subject=subject))


def _standing(
    items: Iterable[CodedItem], subject: Subject, where: Q
) -> dict[int, dict[tuple[str, str], Coding]]:
    sites, found = [subject.site.code], defaultdict[int, dict[tuple[str, str], Coding]](dict)
    for coded in items:
        for term in _read(coded, _with_state(coded, sites).filter(where), sites):
            if term.coding is not None and term.state not in TO_CODE:
                found[term.page][term.row_key, coded.item] = term.coding
    return found


def _read(coded: CodedItem, rows: Rows, sites: Collection[str]) -> list[CodedTerm]:
    told = rows.order_by("pk").values_list(
        "pk", "page_id", "page__state", "row_key", "page__subject__site__code", "page__subject__code",
        "page__visit__code", coded.item, "item_versions", "coding_state", "coding",
    )  # fmt: skip
    found = list(told)
    codings = _codings(coded, sites, [row[-1] for row in found if row[-1]])
    return [
        CodedTerm(
            coded, pk, page, page_state, key, site, subject, visit or "", text,
            versions.get(coded.item, 0), State(state), codings.get(number),
        )
        for pk, page, page_state, key, site, subject, visit, text, versions, state, number in found
    ]  # fmt: skip


def _codings(coded: CodedItem, sites: Collection[str], numbers: Collection[int]) -> dict[int, Coding]:
    """These codes; of many, which no statement could name, all of the item at the sites."""
    if not numbers:
        return {}
    here = Q(item=coded.item, page__subject__site__code__in=list(sites))
    wanted = Coding.objects.filter(Q(pk__in=numbers) if len(numbers) <= NAMED_AT_MOST else here)
    return {coding.pk: coding for coding in wanted.select_related("term__concept", "term__dictionary")}


def _with_state(coded: CodedItem, sites: Collection[str]) -> Rows:
    """The rows of these sites with a text in the item, each with its code (`coding`) and how it stands."""
    model: Any = coded.model  # the checker knows the abstract base alone
    rows = model.objects.filter(page__subject__site__code__in=list(sites))
    rows = rows.exclude(**{coded.item: None}).exclude(**{coded.item: ""})
    standing = Coding.objects.standing().filter(
        page=OuterRef("page"), row_key=OuterRef("row_key"), item=coded.item
    )
    same_text = standing.filter(verbatim=OuterRef(coded.item))
    found: Rows = rows.annotate(
        coding=Subquery(standing.values("pk")[:1]),
        coding_state=models.Case(
            models.When(~Exists(standing), then=models.Value(State.UNCODED.value)),
            models.When(~Exists(same_text), then=models.Value(State.CHANGED.value)),
            models.When(~Exists(same_text.filter(says_the_same(coded.scheme))), then=_OUTDATED),
            default=models.Value(State.CODED.value),
            output_field=models.CharField(),
        ),
    )
    return found


_OUTDATED = models.Value(State.OUTDATED.value)


def says_the_same(scheme: str) -> Q:
    """The codes that a dictionary in force has, and says the same of: those given by it, and those whose term
    it has as a current one, of the same concept in the same classes."""
    force = in_force(scheme)
    unchanged = Term.objects.filter(
        dictionary__in=force,
        code=OuterRef("term__code"),
        is_current=True,
        concept__code=OuterRef("term__concept__code"),
        concept__classes=OuterRef("term__concept__classes"),
    )
    return Q(term__dictionary__in=force) | Q(Exists(unchanged))


# --- since when ------------------------------------------------------------------------------------------
def entered_at(terms: Collection[CodedTerm]) -> dict[tuple[str, str, str, str, str], datetime]:
    """When the text of each term was last saved, by its place; from the trail, in one statement."""
    if not terms:
        return {}
    saves = TrailChange.objects.filter(
        item__in={term.coded.item for term in terms},
        event__action=SAVED,
        event__site__in={term.site for term in terms},
        event__form__in={term.coded.form for term in terms},
    )
    place = ("event__subject", "event__form", "event__visit", "row_key", "item")
    last = saves.order_by().values_list(*place).annotate(at=Max(F("event__at")))
    return {tuple(found[:-1]): found[-1] for found in last}


def days_waiting(at: datetime | None, now: datetime) -> int:
    """Whole days of the site since then."""
    if at is None:
        return 0
    return (now.astimezone(SITE_ZONE).date() - at.astimezone(SITE_ZONE).date()).days
