"""The dates of a casebook with which no endpoint can be computed, before a lock seals them.

A run refuses them as a whole (`ImpossibleDates`); by the same rule the gate of a lock counts them, and the
desk leads to the pages on which they stand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from analytics.datasets.sourced import Sourced, item_label
from analytics.datasets.story import tell
from analytics.datasets.time_to_event import Observation, observations_of
from analytics.locks.cutting import cut_of
from analytics.locks.snapshot import CutSubject, casebook_of
from patients.casebook.page import Page, Subject
from patients.casebook.settings import settings_read_once
from patients.casebook.shelf import ShelvedCasebook, shelved, some_at_a_time

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


def impossible_dates(casebook: ShelvedCasebook, on: date) -> int:
    """How many pairs of dates of a subject are impossible as of a day."""
    return len(_impossible(casebook, on))


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
        for one in _impossible(casebook, on)
    ]


def _impossible(casebook: ShelvedCasebook, on: date) -> list[Observation]:
    """One observation for each pair of items: a wrong date is behind several endpoints."""
    found = {(_place(one.end.source), _place(one.origin)): one for one in _observed(casebook, on)}
    return list(found.values())


def _observed(casebook: ShelvedCasebook, on: date) -> Iterator[Observation]:
    written = cut_of(casebook, on)
    if written is not None:
        facts, values = written
        held = casebook_of(facts, values)
        with settings_read_once():
            observed = observations_of(tell(CutSubject(facts, held), on))
            yield from (one for one in observed if one.is_impossible)
        held.forget()


def _place(fact: Sourced[date] | None) -> Place | None:
    return None if fact is None else (fact.form, fact.visit, fact.row_key, fact.item)


def _link(subject: Subject, fact: Sourced[date]) -> DateLink:
    page = Page.objects.get(subject=subject, form_code=fact.form, visit__code=fact.visit or None)
    label = item_label(fact.form, fact.item)
    named = f"{fact.form} {fact.visit}".strip() + f": {label}"
    return DateLink(named, fact.value, reverse("page", args=[page.pk]))
