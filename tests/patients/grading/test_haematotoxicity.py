"""ICAHT and T-ICAHT: worked cases, boundaries, and what holds of every course of counts."""

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.counts import Count
from patients.grading.haematotoxicity import (
    icaht_early_all,
    icaht_early_pre,
    icaht_late,
    t_icaht_early,
    t_icaht_late,
)
from patients.grading.result import Graded

Course = Mapping[int, int | str]


def per_ul(course: Course) -> list[Count]:
    """Neutrophils in cells/µL by day."""
    return [Count(day, Decimal(value) / 1000) for day, value in course.items()]


def platelets(course: Course) -> list[Count]:
    return [Count(day, Decimal(value)) for day, value in course.items()]


def daily(usual: int, *dips: tuple[range, int], last: int = 30) -> dict[int, int | str]:
    """A count every day, with dips."""
    course: dict[int, int | str] = dict.fromkeys(range(last + 1), usual)
    for days, value in dips:
        course |= dict.fromkeys(days, value)
    return course


def days(first: int, last: int) -> range:
    return range(first, last + 1)


EARLY: dict[str, tuple[Course, int]] = {
    "ICH-01": (daily(800), 0),
    "ICH-02": (daily(1200, (days(5, 8), 400)), 1),
    "ICH-04": (daily(1200, (days(4, 17), 300)), 3),
    "ICH-06": (daily(900, (days(4, 18), 50)), 4),
    "ICH-07": (daily(1200, (days(2, 30), 200)), 4),
    "ICH-09": (daily(1200, (days(4, 9), 300), (days(10, 11), 700), (days(12, 17), 300)), 3),
    "ICH-11": ({0: 2000, 7: 300, 14: 300, 21: 1500, 28: 2000}, 2),
}
LATE: dict[str, tuple[Course, int]] = {
    "ICH-12": ({40: 1400, 50: 1300}, 1),
    "ICH-14": ({40: 450, 50: 800}, 3),
    "ICH-16": ({40: 90, 50: 1600}, 0),
    "ICH-17": ({40: 700}, 2),
}
EARLY_PLATELETS: dict[str, tuple[Course, int]] = {
    "ICH-19": (daily(150, (days(5, 14), 40)), 2),
    "ICH-21": (daily(150, (days(5, 18), 19)), 4),
}
LATE_PLATELETS: dict[str, tuple[Course, int]] = {"ICH-22": ({35: 60, 42: 45, 60: 90}, 2)}
CASES: dict[str, tuple[Course, int]] = {**EARLY, **LATE, **EARLY_PLATELETS, **LATE_PLATELETS}

MORE_EARLY: dict[str, tuple[Course, int]] = {
    "500 counts as low": (daily(1200, (days(5, 5), 500)), 1),
    "501 does not": (daily(510, (days(5, 5), 501)), 0),
    "6 days": (daily(1200, (days(5, 10), 400)), 1),
    "7 days": (daily(1200, (days(5, 11), 400)), 2),
    "13 days": (daily(1200, (days(5, 17), 400)), 2),
    "7 days of 100": (daily(1200, (days(5, 11), 100)), 3),
    "6 days of 100": (daily(1200, (days(5, 10), 100)), 1),
    "13 days of 100": (daily(1200, (days(5, 17), 100)), 3),
    "14 days of 100": (daily(1200, (days(5, 18), 100)), 4),
    "3 days between are a recovery": (daily(1200, (days(4, 9), 300), (days(13, 18), 300)), 1),
    "never recovered from day 3": (daily(1200, (days(3, 30), 400)), 4),
    "low to the end from day 4 only": (daily(1200, (days(4, 30), 400)), 3),
    "the last count of somebody who died": ({1: 300, 2: 200, 5: 100}, 4),
    "8 missing days are not filled": ({0: 400, 9: 400, 10: 1200}, 1),
    "7 missing days are": ({4: 400, 12: 400, 13: 1200}, 2),
    "the lowest of a day counts": ({**daily(1200), 5: 400}, 1),
}
MORE_LATE: dict[str, tuple[Course, int]] = {
    "normal": ({40: 1600, 50: 1501}, 0),
    "1500": ({40: 1500, 50: 1500}, 1),
    "1000": ({40: 1000, 50: 1400}, 2),
    "500": ({40: 500, 50: 1500}, 3),
    "100": ({40: 100, 50: 1500}, 4),
    "before and after do not count": ({30: 50, 40: 1400, 101: 50}, 1),
}


@pytest.mark.parametrize(("course", "grade"), (EARLY | MORE_EARLY).values(), ids=(EARLY | MORE_EARLY).keys())
def test_early(course: Course, grade: int) -> None:
    assert icaht_early_all(per_ul(course)).number == grade


@pytest.mark.parametrize(("course", "grade"), (LATE | MORE_LATE).values(), ids=(LATE | MORE_LATE).keys())
def test_late(course: Course, grade: int) -> None:
    assert icaht_late(per_ul(course)).number == grade


@pytest.mark.parametrize(
    ("course", "grade"),
    [
        *EARLY_PLATELETS.values(),
        (daily(150, (days(5, 10), 49)), 1),
        (daily(150, (days(5, 11), 49)), 2),
        (daily(150, (days(5, 11), 50)), 0),
        (daily(150, (days(5, 5), 19)), 3),
        (daily(150, (days(1, 7), 19), (days(21, 26), 19)), 3),
        (daily(150, (days(1, 7), 19), (days(21, 27), 19)), 4),
    ],
    ids=[*EARLY_PLATELETS, "6 d", "7 d", "50", "1 d below 20", "13 d apart", "14 d apart"],
)
def test_early_of_platelets(course: Course, grade: int) -> None:
    assert t_icaht_early(platelets(course)).number == grade


@pytest.mark.parametrize(
    ("course", "grade"),
    [
        *LATE_PLATELETS.values(),
        ({40: 100}, 0),
        ({40: 99}, 1),
        ({40: 50}, 1),
        ({40: 19}, 3),
        ({40: 19, 47: 19, 52: 19}, 3),
        ({40: 19, 47: 19, 53: 19}, 4),
    ],
    ids=[*LATE_PLATELETS, "100", "99", "50", "a day", "13 days", "14 days"],
)
def test_late_of_platelets(course: Course, grade: int) -> None:
    assert t_icaht_late(platelets(course)).number == grade


def test_before_the_graft_alone() -> None:
    """The graft on day 16 ends the low run: that it had not recovered says nothing."""
    counts = per_ul(daily(1200, (days(2, 20), 200)))
    assert icaht_early_all(counts).number == 3
    assert icaht_early_pre(counts, 16).number == 3
    assert icaht_early_pre(counts, 9).number == 2
    assert icaht_early_pre(per_ul(daily(200)), 16).number == 3


def test_without_a_graft_both_early_values_are_the_same() -> None:
    for course, grade in EARLY.values():
        assert icaht_early_pre(per_ul(course), None).number == grade
        assert icaht_early_pre(per_ul(course), 31).number == grade


def test_late_ends_with_follow_up() -> None:
    assert icaht_late(per_ul({40: 1400, 60: 90}), last_day=59).number == 1


ENGINES: list[Callable[[list[Count]], Graded]] = [
    icaht_early_all,
    lambda counts: icaht_early_pre(counts, 16),
    icaht_late,
    t_icaht_early,
    t_icaht_late,
]


@pytest.mark.parametrize("engine", ENGINES)
def test_without_a_count_there_is_no_grade(engine: Callable[[list[Count]], Graded]) -> None:
    assert engine([]).value is None
    assert engine([Count(-1, Decimal(0)), Count(101, Decimal(0))]).value is None


courses = st.dictionaries(st.integers(-5, 110), st.decimals(0, 150, places=2), max_size=40)


@given(courses, st.sampled_from(ENGINES))
def test_any_course_has_a_grade_from_0_to_4_or_none(
    course: dict[int, Decimal], engine: Callable[[list[Count]], Graded]
) -> None:
    graded = engine([Count(day, value) for day, value in course.items()])
    assert graded.number in (None, 0, 1, 2, 3, 4)
    assert graded.rule_id


small = st.dictionaries(st.integers(0, 100), st.decimals(0, "1.6", places=2), min_size=1, max_size=40)


@given(small, st.lists(st.decimals(0, 1, places=2), min_size=40, max_size=40), st.sampled_from(ENGINES))
def test_lower_counts_never_have_a_lower_grade(
    course: dict[int, Decimal], shares: list[Decimal], engine: Callable[[list[Count]], Graded]
) -> None:
    higher = [Count(day, value * 100 if engine in ENGINES[3:] else value) for day, value in course.items()]
    lower = [
        Count(count.day, count.value * share)
        for count, share in zip(higher, shares[: len(higher)], strict=True)
    ]
    grades = [engine(counts).number for counts in (higher, lower)]
    assert (grades[0] is None) == (grades[1] is None)
    assert (grades[0] or 0) <= (grades[1] or 0)
