"""The table of adverse events of a lock: what the run counted, with the subjects and their pages."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, islice
from typing import Any

from django.utils.translation import gettext as _

from analytics.endpoints.adverse_events import (
    CATEGORY,
    CLASS,
    EVERY,
    PREFERRED,
    SEVERE_FROM_GRADE,
    TERM,
    UNCODED,
)
from analytics.endpoints.catalogue import printed
from analytics.endpoints.shown import SUBJECTS_NAMED
from patients.casebook.form import form_model
from patients.casebook.page import Page
from trial.people.models import Account

FORM = "AE"
EVENTS = "events"
"""The table, where an address names what a number is a part of."""
NO_CATEGORY = "none"
Pages = dict[tuple[str, str], int]  # by subject and visit


@dataclass(frozen=True, slots=True)
class SubjectLink:
    """A subject, the row of its worst event, and the page of that row for who may read it."""

    subject: str
    row_key: str
    page_id: int | None


@dataclass(frozen=True, slots=True)
class GradeGroup:
    """The subjects whose worst event is of one grade: those that a page names, how many more there are, and
    the name of all of them in an address."""

    label: str
    subjects: tuple[SubjectLink, ...]
    more: int
    part: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """How many had an event, of any grade and of a severe one, as `n (%)`."""

    label: str
    any_grade: str
    severe: str
    grades: tuple[GradeGroup, ...]
    indent: bool = False


@dataclass(frozen=True)
class EventTable:
    """What began under treatment, of those who were infused."""

    size: int
    rows: tuple[EventRow, ...]
    coded: str = ""

    @property
    def note(self) -> str:
        """What is counted, and what the terms are coded by."""
        return "; ".join(filter(None, (self._counted, self.coded)))

    @property
    def _counted(self) -> str:
        return _(
            "n (%%) of %(n)s infused; began from lymphodepletion to 90 days after infusion "
            "or 100 after transplantation"
        ) % {"n": self.size}


def event_table(counts: dict[str, Any], reader: Account) -> EventTable:
    """The table of a run's counts. Links to pages are for those who may read."""
    size, pages = counts["size"], _pages_for(reader)
    return EventTable(
        size,
        tuple(_row(row, number, size, pages) for number, row in enumerate(counts["rows"])),
        _coded(counts),
    )


def _coded(counts: dict[str, Any]) -> str:
    """By which versions how many events are coded, and how many are not; nothing of a run of before."""
    if "uncoded" not in counts:
        return ""
    told = [
        _("events coded by %(dictionary)s, version %(version)s: %(n)s")
        % {"n": each["events"], "dictionary": each["name"], "version": each["version"]}
        for each in counts["dictionaries"]
    ]
    return "; ".join((*told, _("not coded: %(n)s") % {"n": counts["uncoded"]}))


def _pages_for(reader: Account) -> Pages:
    found = Page.objects.for_person(reader).filter(form_code=FORM)
    places = found.values_list("subject__code", "visit__code", "pk")
    return {(subject, visit or ""): page for subject, visit, page in places.iterator()}


def _row(row: dict[str, Any], number: int, size: int, pages: Pages) -> EventRow:
    worst = sorted(row["worst"], key=_grade, reverse=True)
    severe = sum(_grade(one) >= SEVERE_FROM_GRADE for one in worst)
    return EventRow(
        row_label(row),
        _share(len(worst), size),
        _share(severe, size),
        tuple(_by_grade(worst, number, pages)),
        indent=row["kind"] in (TERM, PREFERRED),
    )


def row_label(row: dict[str, Any]) -> str:
    """What a row counts, in words."""
    if row["kind"] == EVERY:
        return _("Any adverse event")
    if row["kind"] == UNCODED:
        return _("Not coded")
    if row["kind"] in (CLASS, PREFERRED):
        return str(row["text"])
    if row["kind"] == CATEGORY:
        return _category(row["code"])
    return row["text"] or _shown("ae_ctcae_term", row["code"]) or _("Not named")


def _category(code: str) -> str:
    if code == NO_CATEGORY:
        return _("Of no special interest")
    return _shown("ae_special", code) or _("Special interest not stated")


def _shown(item: str, code: str) -> str:
    """The label of a code; as a name of its own it begins with a capital, unless it is an abbreviation."""
    label = form_model(FORM).item(item).shown(code)
    return label[:1].upper() + label[1:] if label.islower() else label


def _share(n: int, size: int) -> str:
    return f"{n} ({printed(Fraction(100 * n, size), 1)})" if size else str(n)


def _grade(one: dict[str, Any]) -> int:
    return one["grade"] or 0


def of_grade(row: dict[str, Any], grade: int) -> list[str]:
    """The subjects whose worst event of a row is of a grade, 0 where that is not known."""
    return [one["subject"] for one in row["worst"] if _grade(one) == grade]


def _by_grade(worst: Iterable[dict[str, Any]], number: int, pages: Pages) -> Iterator[GradeGroup]:
    """The worst grade first; what has no grade last."""
    for grade, some in groupby(worst, _grade):
        label = _("Grade %(grade)s") % {"grade": grade} if grade else _("Grade not known")
        named = tuple(_link(one, pages) for one in islice(some, SUBJECTS_NAMED))
        yield GradeGroup(label, named, sum(1 for _one in some), f"{number}.{grade}")


def _link(one: dict[str, Any], pages: Pages) -> SubjectLink:
    return SubjectLink(one["subject"], one["row_key"], pages.get((one["subject"], one["visit"])))
