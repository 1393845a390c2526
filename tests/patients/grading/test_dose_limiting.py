"""Candidates for dose-limiting toxicity: each rule at its boundary, what does not count, what is open."""

from datetime import date, timedelta
from typing import Any

import pytest

from patients.grading.dose_limiting import RELATED, Kind, ToxicEvent, dlt_candidate, persists
from patients.items import codelists

DAY = date(2025, 3, 12)


def course(*grades: int | None) -> tuple[tuple[date, int], ...]:
    """A grade a day; None where there is none."""
    return tuple((DAY + timedelta(step), grade) for step, grade in enumerate(grades) if grade is not None)


def event(kind: Kind, grade: int, **others: Any) -> ToxicEvent:
    return ToxicEvent(kind, grade, **({"relation": "possible"} | others))


CANDIDATES = [
    ("D1", event(Kind.CRS, 4)),
    ("D1", event(Kind.CRS, 3, course=course(3, 3, 3, 3, 2))),
    ("D2", event(Kind.ICANS, 4)),
    ("D2", event(Kind.ICANS, 3, course=course(1, 3, 4, 3, 3))),
    ("D3", event(Kind.IEC_HS, 3, course=course(3, None, None, None, None, None, None, 3))),
    ("D4", event(Kind.OTHER, 4, spared=True)),
    ("D5", event(Kind.OTHER, 3, lasted_days=8)),
    ("D6", event(Kind.AGVHD, 3, course=course(2, 3))),
    ("D6", event(Kind.AGVHD, 2, course=course(2, 2), steroid_refractory=True)),
    ("D7", event(Kind.INFECTION, 5)),
    ("D7", event(Kind.CRS, 5, from_disease=False)),
    ("D8", event(Kind.INFECTION, 4)),
    ("D9", event(Kind.CYTOPENIA, 4, aplasia=True)),
    ("D4", event(Kind.OTHER, 4, after_graft=True, relation="probable")),
]
NONE = [
    event(Kind.CRS, 3, course=course(3, 3, 3, 2)),
    event(Kind.CRS, 2, course=course(2, 2, 2, 2, 2)),
    event(Kind.ICANS, 3, course=course(3, 2, 3, 2)),
    event(Kind.IEC_HS, 4, course=course(4, None, None, None, None, None, 4)),
    event(Kind.OTHER, 3, lasted_days=7),
    event(Kind.OTHER, 3, lasted_days=20, spared=True),
    event(Kind.OTHER, 2, lasted_days=20),
    event(Kind.AGVHD, 3, course=course(2, 2)),
    event(Kind.INFECTION, 5, from_disease=True),
    event(Kind.INFECTION, 3, lasted_days=30),
    event(Kind.CYTOPENIA, 4, lasted_days=60),
    event(Kind.OTHER, 4, relation="unlikely"),
    event(Kind.OTHER, 4, after_graft=True),
]


@pytest.mark.parametrize(("rule", "about"), CANDIDATES)
def test_a_rule_makes_a_candidate(rule: str, about: ToxicEvent) -> None:
    found = dlt_candidate(about)
    assert (found.value, found.rule_id) == ("Y", rule)


@pytest.mark.parametrize("about", NONE)
def test_what_meets_no_rule_is_none(about: ToxicEvent) -> None:
    assert dlt_candidate(about).value == "N"


@pytest.mark.parametrize(
    "about", [event(Kind.OTHER, 3), event(Kind.OTHER, 4, relation=None), event(Kind.CRS, 5, relation=None)]
)
def test_what_cannot_be_told_yet_stays_open(about: ToxicEvent) -> None:
    assert dlt_candidate(about).value is None


def test_a_day_counts_by_its_worst_grade() -> None:
    twice_a_day = (*course(3, 3, 3, 3), *course(2, 2, 2, 2))
    assert persists(twice_a_day, 3, 3)
    assert persists(tuple(reversed(twice_a_day)), 3, 3)


def test_a_grade_that_comes_back_begins_anew() -> None:
    assert not persists(course(3, 3, 2, 3, 3), 3, 3)
    assert persists(course(3, 2, 3, 3, 3, 3), 3, 3)


def test_nothing_persists_without_assessments() -> None:
    assert not persists((), 3, 3)


def test_related_means_the_same_to_the_rules_and_on_the_forms() -> None:
    """The rules import nothing of the project, and so say it once more."""
    assert set(RELATED) == codelists.RELATED
    assert set(codelists.REL.labels) >= codelists.RELATED
