"""Laboratory: samples at the visits that ask for them, with counts, and CRP and ferritin that follow CRS."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from patients.builder import crs
from patients.builder.counts import LINEAGES, count
from patients.builder.encounters import encounters
from patients.builder.response import assessments
from patients.builder.story import PageRow, Story
from patients.builder.timeline import Sex
from patients.forms.laboratory import JUDGED_FROM_GRADE
from patients.forms.laboratory_catalogue import BY_CODE
from patients.grading.ctcae import lab_grade

LABORATORY = "HZ01-CENTRAL"
_NORMAL: dict[str, tuple[str, str]] = {
    "NEUT": ("1.8", "6.3"),
    "PLAT": ("125", "350"),
    "LYM": ("1.1", "3.2"),
    "WBC": ("3.5", "9.5"),
    "CRP": ("0", "10"),
    "FERRITIN": ("15", "400"),
    "BILI": ("3", "21"),
    "CREAT": ("45", "104"),
    "ALT": ("5", "40"),
}
_HGB_NORMAL = {Sex.M: ("130", "175"), Sex.F: ("115", "150")}
_CRP_BY_CRS = {0: ("3", "25"), 1: ("30", "80"), 2: ("60", "130"), 3: ("90", "200"), 4: ("120", "260")}
_FERRITIN_BY_CRS = {
    0: ("350", "1500"),
    1: ("900", "3000"),
    2: ("1500", "5000"),
    3: ("3000", "8500"),
    4: ("5000", "9500"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One day of sampling and its visit (None: unscheduled)."""

    day: date
    visit: str | None


def laboratory(story: Story) -> Iterator[PageRow]:
    """LAB: a page for each day of sampling, with a row for each test."""
    for sample in samples(story):
        moment = story.moment(f"LAB {sample.day}", sample.day, from_hour=6, to_hour=8)
        for test, value in _results(story, sample.day).items():
            yield PageRow(
                form="LAB",
                day=sample.day,
                visit=sample.visit,
                row_key=test,
                values={"lab_dt": moment} | _row(story, test, value),
            )


def samples(story: Story) -> list[Sample]:
    """At the visits that ask for it, on the day cytopenia sets in, and on the days of response assessments,
    which are read with the counts of their day. One page a day."""
    found: dict[date, str | None] = {story.screened_on: "SCR"}
    infused, last = story.facts.cart_infusion_date, story.facts.last_contact_date
    if infused is None:
        return [Sample(day, visit) for day, visit in found.items()]
    for day, visit in encounters(story, "LAB").items():
        found.setdefault(day, visit)
    taken = {code for code in found.values() if code}
    for day in _other_days(story):
        if day not in found and day <= last:
            found[day] = nearest = story.visit_on("LAB", day, taken={*taken, "SCR"})
            taken |= {nearest} if nearest else set()
    return [Sample(day, visit) for day, visit in sorted(found.items())]


def _other_days(story: Story) -> list[date]:
    onset = story.facts.cytopenia_onset_date
    days = {assessment.day for assessment in assessments(story)} | ({onset} if onset else set())
    return sorted(days)


def _results(story: Story, day: date) -> dict[str, Decimal]:
    counts = {lineage: count(story, lineage, day) for lineage in LINEAGES}
    others = story.steady("LAB mono", 0, day, "0.05", "0.30")
    crs_grade = crs.grade_on(story, day)
    return counts | {
        "WBC": counts["NEUT"] + counts["LYM"] + others,
        "CRP": story.steady("LAB CRP", crs_grade, day, *_CRP_BY_CRS[crs_grade]),
        "FERRITIN": story.steady("LAB FERRITIN", crs_grade, day, *_FERRITIN_BY_CRS[crs_grade]),
    }


def ferritin_on(story: Story, day: date) -> Decimal:
    """In ug/L, as the sample of the day has it."""
    return _results(story, day)["FERRITIN"]


def _row(story: Story, test: str, value: Decimal) -> dict[str, Any]:
    low, high = _normal(story, test)
    values: dict[str, Any] = {
        "lab_test": test,
        "lab_value": value,
        "lab_cmp": "=",
        "lab_unit": BY_CODE[test].si_unit,
        "lab_lln": low,
        "lab_uln": high,
        "lab_status": "done",
        "lab_name": LABORATORY,
    }
    if _graded(story, test, value) >= JUDGED_FROM_GRADE:
        values["lab_cs"] = "Y"
    return values


def graded_samples(story: Story) -> list[tuple[date, dict[str, int]]]:
    """The CTCAE grade of each result by test, sample by sample."""
    return [
        (
            sample.day,
            {test: _graded(story, test, value) for test, value in _results(story, sample.day).items()},
        )
        for sample in samples(story)
    ]


def _graded(story: Story, test: str, value: Decimal) -> int:
    """0 for a test that has no grades."""
    if not BY_CODE[test].ctcae:
        return 0
    low, high = _normal(story, test)
    return lab_grade(test, value, lln=low, uln=high).number or 0


def _normal(story: Story, test: str) -> tuple[Decimal, Decimal]:
    low, high = _HGB_NORMAL[story.facts.sex] if test == "HGB" else _NORMAL[test]
    return Decimal(low), Decimal(high)
