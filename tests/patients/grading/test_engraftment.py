"""Engraftment: worked cases, boundaries, and what holds of every course of counts."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.counts import Count
from patients.grading.engraftment import (
    GraftCourse,
    fell,
    neutrophil_engraftment,
    platelet_engraftment,
    primary_graft_failure,
    red_cell_independence,
)
from patients.grading.result import Flag

Course = Mapping[int, str]


def counts(course: Course) -> list[Count]:
    return [Count(day, Decimal(value)) for day, value in course.items()]


def low(first: int, last: int, value: str = "0.1") -> dict[int, str]:
    return dict.fromkeys(range(first, last + 1), value)


LOW = low(-3, 8)
NEUTROPHILS: dict[str, tuple[Course, int | None]] = {
    "ENG-01": ({**low(0, 10), 11: "0.6", 12: "0.7", 13: "0.9"}, 11),
    "ENG-02": ({**LOW, 9: "0.6", 10: "0.3", 11: "0.6", 12: "0.8", 13: "1.0"}, 11),
    "ENG-04": ({**LOW, 12: "0.6", 14: "0.7", 16: "0.8"}, 12),
    "ENG-06": (low(0, 30, "0.4"), None),
    "ENG-07": (low(0, 30, "0.8"), 0),
}
PLATELETS: dict[str, tuple[Course, list[int], int | None]] = {
    "ENG-09": ({**low(0, 13, "10"), 14: "22", 15: "25", 16: "30"}, [8], None),
}
CASES: dict[str, int | None] = {
    **{number: day for number, (_course, day) in NEUTROPHILS.items()},
    **{number: day for number, (_course, _given, day) in PLATELETS.items()},
}
MORE_NEUTROPHILS: dict[str, tuple[Course, int | None]] = {
    "exactly 0.5": ({**LOW, 12: "0.5", 13: "0.5", 14: "0.5"}, 12),
    "three tests over five days": ({**LOW, 12: "0.6", 14: "0.7", 17: "0.8"}, None),
    "two tests": ({**LOW, 12: "0.6", 13: "0.7"}, None),
    "two tests of a day are one": ({**LOW, 12: "0.6", 13: "0.7"}, None),
    "high before the fall": ({0: "2.0", 1: "1.8", 2: "0.9", 3: "0.2", 9: "0.6", 10: "0.7", 11: "0.8"}, 9),
    "fell before the graft alone": ({-4: "0.1", 0: "0.7", 1: "0.8", 2: "0.9"}, 0),
    "a fall long after": ({-4: "0.1", 0: "0.7", 1: "0.8", 2: "0.9", 31: "0.2"}, 0),
    "no test after the graft": ({-4: "0.1", -1: "0.9"}, None),
    "high, but tested twice": ({0: "2.0", 1: "1.8"}, None),
}


@pytest.mark.parametrize(
    ("course", "day"),
    (NEUTROPHILS | MORE_NEUTROPHILS).values(),
    ids=(NEUTROPHILS | MORE_NEUTROPHILS).keys(),
)
def test_neutrophils(course: Course, day: int | None) -> None:
    assert neutrophil_engraftment(counts(course)).number == day


def test_what_never_fell_says_so() -> None:
    assert neutrophil_engraftment(counts(low(0, 30, "0.8"))).flags == (Flag.NEVER_FELL,)
    assert neutrophil_engraftment(counts({-4: "0.1", 0: "0.7", 1: "0.8", 2: "0.9"})).flags == ()


@pytest.mark.parametrize(
    ("course", "given_on", "day"),
    [
        *PLATELETS.values(),
        ({14: "22", 15: "25", 16: "30"}, [6], 14),
        ({14: "22", 15: "25", 16: "30"}, [7], None),
        ({14: "22", 15: "25", 16: "30"}, [15], None),
        ({14: "22", 15: "25", 16: "30"}, [16], None),
        ({14: "22", 15: "25", 16: "30"}, [17], 14),
        ({14: "22", 15: "25", 16: "30", 17: "30", 18: "30"}, [8], 16),
        ({14: "20", 21: "20", 28: "20"}, [], 14),
        ({14: "22", 15: "19.9", 16: "30", 17: "30"}, [], None),
    ],
)
def test_platelets(course: Course, given_on: list[int], day: int | None) -> None:
    assert platelet_engraftment(counts(course), given_on).number == day


def test_the_limit_can_be_configured() -> None:
    course = counts({14: "22", 15: "25", 16: "51", 17: "60", 18: "70"})
    assert platelet_engraftment(course, [], Decimal(50)).number == 16
    assert neutrophil_engraftment(counts({0: "0.1", 5: "0.9", 6: "1.0", 7: "1.1"}), Decimal(1)).number is None


@pytest.mark.parametrize(("values", "expected"), [([], None), (["0.5"], False), (["2", "0.49"], True)])
def test_the_fall_of_neutrophils(values: list[str], expected: bool | None) -> None:
    assert fell(Count(day, Decimal(value)) for day, value in enumerate(values)) is expected


@pytest.mark.parametrize(
    ("transfused", "followed_to", "day"),
    [([], 29, 0), ([], 28, None), ([3, 10], 40, 11), ([3, 10], 39, None), ([0, 31], 60, 1), ([-5], 29, 0)],
)
def test_red_cell_independence(transfused: list[int], followed_to: int, day: int | None) -> None:
    assert red_cell_independence(transfused, followed_to).number == day


NONE_YET = counts(low(0, 30, "0.1"))
TAKEN = counts({**low(0, 11), 12: "0.6", 13: "0.7", 14: "0.8"})
TAKEN_LATE = counts({**low(0, 30), 31: "0.6", 32: "0.7", 33: "0.8"})
SELDOM_TESTED = counts({0: "0.1", 14: "0.9", 21: "1.0", 28: "1.2"})
FEW, HELD = counts({28: "12"}), counts({28: "20"})


@pytest.mark.parametrize(
    ("course", "expected"),
    [
        (GraftCourse(neutrophils=NONE_YET, followed_to=30), "Y"),
        (GraftCourse(neutrophils=NONE_YET, followed_to=29), None),
        (GraftCourse(neutrophils=TAKEN, followed_to=14), "N"),
        (GraftCourse(neutrophils=TAKEN_LATE, followed_to=60), "Y"),
        (GraftCourse(neutrophils=SELDOM_TESTED, followed_to=60), "N"),
        (GraftCourse(neutrophils=[], followed_to=60), None),
        (GraftCourse(neutrophils=counts({-3: "0.1", 31: "0.1"}), followed_to=60), None),
        (GraftCourse(neutrophils=NONE_YET, platelets=FEW, followed_to=30), "Y"),
        (GraftCourse(neutrophils=NONE_YET, platelets=HELD, followed_to=30), "N"),
        (GraftCourse(neutrophils=NONE_YET, platelets=HELD, transfused=[21], followed_to=30), "Y"),
        (GraftCourse(neutrophils=NONE_YET, platelets=HELD, transfused=[20], followed_to=30), "N"),
        (GraftCourse(neutrophils=NONE_YET, followed_to=27, died=27), None),
        (GraftCourse(neutrophils=NONE_YET, followed_to=28, died=28), "Y"),
        (GraftCourse(neutrophils=NONE_YET, followed_to=60, relapsed=30), None),
        (GraftCourse(neutrophils=NONE_YET, followed_to=60, relapsed=31), "Y"),
    ],
)
def test_primary_graft_failure(course: GraftCourse, expected: str | None) -> None:
    assert primary_graft_failure(course).value == expected


courses = st.dictionaries(st.integers(-10, 40), st.decimals(0, 3, places=1), max_size=40)
transfusions = st.lists(st.integers(-10, 40), max_size=8)


@given(courses, transfusions)
def test_a_day_of_engraftment_is_a_day_with_a_test(course: dict[int, Decimal], given_on: list[int]) -> None:
    tests = [Count(day, value) for day, value in course.items()]
    for graded in (neutrophil_engraftment(tests), platelet_engraftment(tests, given_on, Decimal(1))):
        day = graded.number
        assert graded.rule_id
        assert day is None or graded.flags or (day >= 0 and course[day] >= Decimal("0.5"))


@given(courses, st.lists(st.decimals(0, 1, places=1), min_size=41, max_size=41))
def test_lower_neutrophils_from_a_low_start_never_engraft_earlier(
    course: dict[int, Decimal], shares: list[Decimal]
) -> None:
    started = {**course, 0: Decimal("0.1")}
    lower = {day: value * shares[abs(day) % 41] for day, value in started.items()}
    days = [
        neutrophil_engraftment([Count(day, value) for day, value in each.items()]).number or 99
        for each in (started, lower)
    ]
    assert days[0] <= days[1]


@given(courses, st.lists(st.decimals(0, 1, places=1), min_size=41, max_size=41), transfusions)
def test_lower_platelets_and_more_transfusions_never_engraft_earlier(
    course: dict[int, Decimal], shares: list[Decimal], given_on: list[int]
) -> None:
    higher = [Count(day, value * 20) for day, value in course.items()]
    lower = [Count(count.day, count.value * shares[abs(count.day) % 41]) for count in higher]
    first = platelet_engraftment(higher, []).number
    for later in (platelet_engraftment(lower, []).number, platelet_engraftment(higher, given_on).number):
        assert later is None or (first is not None and first <= later)


@given(courses, transfusions)
def test_fifty_is_never_reached_before_twenty(course: dict[int, Decimal], given_on: list[int]) -> None:
    tests = [Count(day, value * 30) for day, value in course.items()]
    twenty = platelet_engraftment(tests, given_on).number
    fifty = platelet_engraftment(tests, given_on, Decimal(50)).number
    assert fifty is None or (twenty is not None and twenty <= fifty)


@given(transfusions, st.integers(0, 100))
def test_independence_is_thirty_days_without_red_cells(given_on: list[int], followed_to: int) -> None:
    day = red_cell_independence(given_on, followed_to).number
    assert day is None or not set(range(day, day + 30)) & set(given_on)
    assert day is None or day + 29 <= followed_to


optional_days = st.none() | st.integers(0, 60)
graft_courses = st.builds(
    GraftCourse,
    neutrophils=courses.map(lambda course: [Count(day, value) for day, value in course.items()]),
    platelets=courses.map(lambda course: [Count(day, value * 20) for day, value in course.items()]),
    transfused=transfusions,
    followed_to=st.integers(0, 60),
    died=optional_days,
    relapsed=optional_days,
)


@given(graft_courses)
def test_any_course_of_a_graft_has_an_answer_or_none(course: GraftCourse) -> None:
    assert primary_graft_failure(course).value in (None, "Y", "N")
    assert primary_graft_failure(replace(course, neutrophils=[])).value is None


@given(graft_courses)
def test_no_neutrophils_at_all_never_make_a_failure_disappear(course: GraftCourse) -> None:
    none_left = [Count(count.day, Decimal(0)) for count in course.neutrophils]
    if primary_graft_failure(course).value == "Y":
        assert primary_graft_failure(replace(course, neutrophils=none_left)).value == "Y"
