"""Neutrophil and platelet engraftment, red-cell independence and primary graft failure.

Definitions: ASTCT 2021, harmonised 2024 (PMC11161398, table 1); CIBMTR manual. Days are those of the graft:
day 0 is the graft infusion, days before it are negative. The value is the day, or None where there is none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from patients.grading.counts import Count, lowest_by_day
from patients.grading.result import Flag, Graded

VERSION = "engraftment 1"
NEUTROPHILS_FROM_10E9_PER_L = Decimal("0.5")
PLATELETS_FROM_10E9_PER_L = Decimal(20)
CONSECUTIVE_TESTS = 3
NEUTROPHIL_TESTS_WITHIN_DAYS = 4
TRANSFUSION_FREE_DAYS = 7  # before the first of the three tests
RED_CELL_FREE_DAYS = 30
FAILURE_BY_DAY = 30
# Whoever dies earlier without engraftment had no time for it: a competing event (analysis set ENGEV).
EVALUABLE_FROM_DAY = 28

Tests = list[tuple[int, Decimal]]


def fell(counts: Iterable[Count], threshold: Decimal = NEUTROPHILS_FROM_10E9_PER_L) -> bool | None:
    """Whether any count was below the threshold; None without a count."""
    values = [count.value for count in counts]
    return min(values) < threshold if values else None


def neutrophil_engraftment(
    counts: Iterable[Count], threshold: Decimal = NEUTROPHILS_FROM_10E9_PER_L
) -> Graded:
    """After the nadir the first of three consecutive tests at or above the threshold, within 4 days.

    `counts` are those since the CAR-T infusion. Values before the fall that follows the graft are ignored, so
    it is looked for within 30 days. Where no count was ever lower, it is day 0 with the flag `never_fell`.
    """
    tests = list(lowest_by_day(counts).items())
    after = [(day, value) for day, value in tests if day >= 0]
    if not after:
        return Graded(None, "ENG-ANC-EMPTY", VERSION)
    low = [day for day, value in after if value < threshold and day <= FAILURE_BY_DAY]
    runs = _runs([test for test in after if test[0] >= min(low, default=0)], threshold)
    reached = [run[0] for run in runs if run[-1] - run[0] <= NEUTROPHIL_TESTS_WITHIN_DAYS]
    if reached and all(value >= threshold for _day, value in tests):
        return Graded("0", "ENG-ANC-NEVER-FELL", VERSION, ("neutrophils",), (Flag.NEVER_FELL,))
    return _first(reached, "ANC", "neutrophils")


def platelet_engraftment(
    counts: Iterable[Count], transfused: Iterable[int], threshold: Decimal = PLATELETS_FROM_10E9_PER_L
) -> Graded:
    """The first of three consecutive tests at or above the threshold, without a platelet transfusion in the 7
    days before the first and until the third. `transfused` are the days of platelet transfusions."""
    given = list(transfused)
    tests = [(day, value) for day, value in lowest_by_day(counts).items() if day >= 0]
    if not tests:
        return Graded(None, "ENG-PLT-EMPTY", VERSION)
    free = (
        run[0]
        for run in _runs(tests, threshold)
        if not any(run[0] - TRANSFUSION_FREE_DAYS <= day <= run[-1] for day in given)
    )
    return _first(list(free), "PLT", "platelets", "transfused")


def red_cell_independence(transfused: Iterable[int], followed_to: int) -> Graded:
    """The first day of 30 without a red-cell transfusion; `followed_to` is the last day that is known."""
    given = sorted(day for day in transfused if day >= 0)
    for begin in (0, *(day + 1 for day in given)):
        end = begin + RED_CELL_FREE_DAYS - 1
        if end <= followed_to and not any(begin <= day <= end for day in given):
            return Graded(str(begin), "ENG-RBC", VERSION, ("transfused",))
    return Graded(None, "ENG-RBC-NONE", VERSION, ("transfused",))


@dataclass(frozen=True, slots=True, kw_only=True)
class GraftCourse:
    """What is known of a graft on day `followed_to`: neutrophils since the infusion, platelets, the days of
    platelet transfusions, death and relapse."""

    neutrophils: Sequence[Count]
    platelets: Sequence[Count] = ()
    transfused: Sequence[int] = ()
    followed_to: int
    died: int | None = None
    relapsed: int | None = None


def primary_graft_failure(
    course: GraftCourse,
    neutrophils_from: Decimal = NEUTROPHILS_FROM_10E9_PER_L,
    platelets_from: Decimal = PLATELETS_FROM_10E9_PER_L,
) -> Graded:
    """Y where neutrophils have not engrafted by day 30, with pancytopenia; N where they have.

    None before day 30, after an early death and after a relapse, which both came first.
    """
    engrafted = neutrophil_engraftment(course.neutrophils, neutrophils_from).number
    if engrafted is not None and engrafted <= FAILURE_BY_DAY:
        return Graded("N", "ENG-PGF-ENGRAFTED", VERSION, ("neutrophils",))
    if came_first := _came_first(course):
        return Graded(None, f"ENG-PGF-{came_first.upper()}", VERSION, (came_first,))
    neutrophils = _last_by_day_30(course.neutrophils)
    if neutrophils is None:
        return Graded(None, "ENG-PGF-EMPTY", VERSION)
    if neutrophils.value >= neutrophils_from:
        return Graded("N", "ENG-PGF-NEUTROPHILS", VERSION, ("neutrophils",))
    if _platelets_hold(course, platelets_from):
        return Graded("N", "ENG-PGF-PLATELETS", VERSION, ("platelets",))
    return Graded("Y", "ENG-PGF-FAILED", VERSION, ("neutrophils", "platelets"))


def _came_first(course: GraftCourse) -> str:
    """What says that the graft could not be judged."""
    if course.relapsed is not None and course.relapsed <= FAILURE_BY_DAY:
        return "relapsed"
    if course.died is not None:
        return "died" if course.died < EVALUABLE_FROM_DAY else ""
    return "followed_to" if course.followed_to < FAILURE_BY_DAY else ""


def _platelets_hold(course: GraftCourse, threshold: Decimal) -> bool:
    """The last platelets by day 30 are up without a transfusion: then there is no pancytopenia (from memory;
    haemoglobin is held by transfusion, and says nothing)."""
    last = _last_by_day_30(course.platelets)
    if last is None or last.value < threshold:
        return False
    return not any(last.day - TRANSFUSION_FREE_DAYS <= day <= last.day for day in course.transfused)


def _last_by_day_30(counts: Iterable[Count]) -> Count | None:
    after = [count for count in counts if 0 <= count.day <= FAILURE_BY_DAY]
    return max(after, key=lambda count: (count.day, -count.value), default=None)


def _runs(tests: Tests, threshold: Decimal) -> list[tuple[int, ...]]:
    """The days of each three consecutive tests that are all at or above the threshold, in order."""
    windows = (
        tests[start : start + CONSECUTIVE_TESTS] for start in range(len(tests) - CONSECUTIVE_TESTS + 1)
    )
    return [
        tuple(day for day, _value in window)
        for window in windows
        if all(value >= threshold for _day, value in window)
    ]


def _first(days: Sequence[int], lineage: str, *inputs: str) -> Graded:
    if not days:
        return Graded(None, f"ENG-{lineage}-NONE", VERSION, inputs)
    return Graded(str(days[0]), f"ENG-{lineage}", VERSION, inputs)
