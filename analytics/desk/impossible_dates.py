"""The dates of a casebook with which no endpoint can be computed, before a lock seals them.

A run refuses them as a whole (`ImpossibleDates`); by the same rule the gate of a lock counts them, and the
desk leads to the pages on which they stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import is_

from django.urls import reverse

from analytics.datasets.sourced import Sourced, item_label
from analytics.datasets.story import Story, derive_all
from analytics.datasets.time_to_event import Observation, observations_of
from analytics.locks.cut import cut_records, facts_of, values_of
from analytics.locks.snapshot import CutSubject, casebook_of
from patients.casebook.answers import HeldCasebook, Record
from patients.casebook.page import Page, Subject
from patients.casebook.settings import settings_read_once
from patients.casebook.shelf import ShelvedCasebook, shelved, some_at_a_time
from patients.entry.derive import with_derived
from patients.forms.eligibility import all_recorded

Place = tuple[str, str, str, str]  # form, visit, row key and item


@dataclass(frozen=True, slots=True)
class DateLink:
    """A date, the item that it is, and its page."""

    label: str
    day: date
    url: str


@dataclass(frozen=True, slots=True)
class ImpossibleLine:
    """Two dates of a subject of which the one that ends an endpoint is before the one that begins it."""

    subject: str
    ends: DateLink
    begins: DateLink


def impossible_dates(casebook: ShelvedCasebook, on: date, is_derived: bool) -> int:
    """How many pairs of dates of a subject are impossible as of a day. `is_derived`: its derived values are
    those that the rules make."""
    return len(_impossible(casebook, on, is_derived=is_derived))


def impossible_lines(subjects: Sequence[Subject], on: date) -> list[ImpossibleLine]:
    """The same with their pages."""
    return [
        ImpossibleLine(
            casebook.subject_code,
            _link(casebook.subject, one.end.source or one.origin),
            _link(casebook.subject, one.origin),
        )
        for some in some_at_a_time(subjects)
        for casebook in shelved(some)
        for one in _impossible(casebook, on, is_derived=False)
    ]


def _impossible(casebook: ShelvedCasebook, on: date, *, is_derived: bool) -> list[Observation]:
    """One observation for each pair of items: a wrong date is behind several endpoints."""
    with settings_read_once():
        cut = subject_of_cut(casebook, on, is_derived=is_derived)
        if cut is None:
            return []
        observed = observations_of(Story(cut.facts, on, cut.casebook))
        wrong = {(_place(one.end.source), _place(one.origin)): one for one in observed if one.is_impossible}
        cut.casebook.forget()
    return list(wrong.values())


def subject_of_cut(casebook: ShelvedCasebook, on: date, *, is_derived: bool) -> CutSubject | None:
    """What a cut by a day would hold of a subject, with what is derived of it; None without a row in it.

    Where the cut takes every row as it stands, and their derived values are those that the rules make
    (`is_derived`), nothing is derived once more: the same rules would make the same of the same rows. (Who
    saved a row first then stands there, too, and the birth date: no endpoint asks for them.)
    """
    recorded = list(all_recorded(casebook))
    records = list(cut_records(recorded, on))
    if not records:
        return None
    facts = facts_of(casebook.subject_code, casebook.subject.site.code, casebook, on)
    if is_derived and len(records) == len(recorded) and all(map(is_, records, recorded)):
        return CutSubject(facts, _as_it_stands(casebook, recorded))
    held = casebook_of(facts, values_of(casebook.subject_code, records))
    derive_all(held)
    return CutSubject(facts, held)


def _as_it_stands(casebook: ShelvedCasebook, recorded: Sequence[Record]) -> HeldCasebook:
    """The rows with what is stored as derived from them. Of a page without rows nothing is stored."""
    held = HeldCasebook(casebook.subject_code, recorded)
    for page in recorded[len(casebook.rows) :]:
        with_derived(page, held)
    return held


def _place(fact: Sourced[date] | None) -> Place | None:
    return None if fact is None else (fact.form, fact.visit, fact.row_key, fact.item)


def _link(subject: Subject, fact: Sourced[date]) -> DateLink:
    page = Page.objects.get(subject=subject, form_code=fact.form, visit__code=fact.visit or None)
    label = item_label(fact.form, fact.item)
    named = f"{fact.form} {fact.visit}".strip() + f": {label}"
    return DateLink(named, fact.value, reverse("page", args=[page.pk]))
