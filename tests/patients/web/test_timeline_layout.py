"""Where things stand in the picture of a timeline: days to points, ticks, rows and labels."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.web.timeline_layout import LEFT, RIGHT, WIDTH, Scale, Shown, rows_of, spans, text_width, ticks

T0 = date(2025, 6, 7)


def day(number: int) -> date:
    return T0 + timedelta(days=number)


HUNDRED = Scale(day(-20), day(80))


@pytest.mark.parametrize(
    ("on", "point"), [(-20, LEFT), (80, RIGHT), (30, (LEFT + RIGHT) // 2), (-99, LEFT), (200, RIGHT)]
)
def test_a_day_has_its_point_and_none_outside_the_picture(on: int, point: int) -> None:
    assert HUNDRED.x(day(on)) == point


def test_a_picture_of_one_day_has_a_point() -> None:
    assert Scale(T0, T0).x(T0) == LEFT


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (-10, 30, ["−7", "0", "+7", "+14", "+21", "+28"]),
        (-20, 80, ["−14", "0", "+14", "+28", "+42", "+56", "+70"]),
        (0, 300, ["0", "+28", "+56", "+84", "+112", "+140", "+168", "+196", "+224", "+252", "+280"]),
        (10, 40, ["+14", "+21", "+28", "+35"]),
        (
            0,
            4000,
            ["0", "+364", "+728", "+1092", "+1456", "+1820", "+2184", "+2548", "+2912", "+3276", "+3640"],
        ),
    ],
)
def test_the_axis_counts_in_weeks(first: int, last: int, labels: list[str]) -> None:
    assert [tick.label for tick in ticks(Scale(day(first), day(last)), T0)] == labels


def mark(on: int, label: str = "H0 graft") -> Shown:
    return Shown(day(on), day(on), label, "hsct", "disc")


def bar(first: int, last: int, label: str = "CRS G2") -> Shown:
    return Shown(day(first), day(last), label)


@pytest.mark.parametrize(
    ("events", "rows"),
    [
        ([], []),
        ([bar(0, 5), bar(40, 45)], [0, 0]),
        ([bar(0, 30), bar(3, 5)], [0, 1]),
        ([bar(0, 30), bar(3, 5), bar(50, 60)], [0, 1, 0]),
        ([mark(10), mark(11)], [0, 1]),
    ],
)
def test_events_that_would_hide_each_other_stand_in_rows(events: list[Shown], rows: list[int]) -> None:
    assert [each.row for each in rows_of(events, HUNDRED)] == rows


def test_the_first_row_leaves_room_for_what_is_taken() -> None:
    (drawn,) = rows_of([mark(30)], HUNDRED, taken=[(HUNDRED.x(day(28)), HUNDRED.x(day(32)))])
    assert drawn.row == 1


@pytest.mark.parametrize(
    ("event", "lines", "anchor"),
    [
        (mark(10), [], "start"),
        (mark(79), [], "end"),
        (bar(5, 8, "Lymphodepletion"), [HUNDRED.x(day(10))], "end"),
        (mark(-20), [HUNDRED.x(day(-18))], "start"),  # before it there is no room
    ],
)
def test_a_label_stays_in_the_picture_and_off_the_lines(event: Shown, lines: list[int], anchor: str) -> None:
    (drawn,) = rows_of([event], HUNDRED, lines=lines)
    assert drawn.label_anchor == anchor


def test_east_asian_letters_are_wider() -> None:
    assert text_width("输注") > text_width("T0")


@given(st.lists(st.tuples(st.integers(-20, 80), st.integers(0, 40)), max_size=12))
def test_no_two_bars_of_a_row_touch(given_bars: list[tuple[int, int]]) -> None:
    drawn = rows_of([bar(start, min(80, start + days)) for start, days in given_bars], HUNDRED)
    assert len(drawn) == len(given_bars)
    for one in drawn:
        assert LEFT <= one.x <= RIGHT <= WIDTH
        beside = [other for other in drawn if other is not one and other.row == one.row]
        assert all(other.x + other.width < one.x or other.x > one.x + one.width for other in beside)


@pytest.mark.parametrize(
    ("days", "apart", "stretches"),
    [
        ([], 7, []),
        ([3], 7, [(3, 3)]),
        ([1, 3, 3, 10, 18], 7, [(1, 10), (18, 18)]),
        ([9, 1], 1, [(1, 1), (9, 9)]),
    ],
)
def test_days_make_stretches(days: list[int], apart: int, stretches: list[tuple[int, int]]) -> None:
    found = spans([day(each) for each in days], apart=apart)
    assert found == [(day(first), day(last)) for first, last in stretches]
