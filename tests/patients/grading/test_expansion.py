"""Expansion in blood: the area by hand, and what holds of every course."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.expansion import Sample, exposure, last_positive_day, peak

LLOQ = Decimal(50)


def course(*points: tuple[int, str]) -> list[Sample]:
    return [Sample(day, Decimal(copies), LLOQ) for day, copies in points]


@pytest.mark.parametrize(
    ("points", "area"),
    [
        ([(0, "100"), (1, "200"), (2, "200"), (3, "100")], 500),
        ([(0, "0"), (2, "200"), (4, "200"), (6, "100")], 225 + 400 + 300),
        ([(0, "0"), (1, "0"), (2, "200"), (3, "200")], 25 + Decimal("112.5") + 200),
        ([(0, "200"), (1, "0"), (2, "200"), (3, "0")], Decimal("112.5") * 3),
        ([(0, "200"), (1, "0"), (2, "0"), (3, "0")], Decimal("112.5") + Decimal("12.5")),
        ([(0, "200"), (1, "49"), (2, "0"), (3, "100")], Decimal("112.5") + Decimal("12.5") + 50),
        ([(0, "100"), (1, "100"), (2, "100"), (29, "100")], None),
        ([(0, "100"), (1, "100"), (2, "100"), (28, "100")], 2800),
        ([(0, "100"), (0, "300"), (1, "100"), (2, "100")], None),
    ],
)
def test_the_area(points: list[tuple[int, str]], area: Decimal | None) -> None:
    assert exposure(course(*points)) == area


def test_the_peak_is_the_first_highest_day() -> None:
    top = peak(course((3, "200"), (7, "500"), (10, "500"), (40, "900")))
    assert top is not None
    assert (top.day, top.copies) == (7, 500)
    assert peak(course((3, "49"), (7, "0"))) is None


def test_the_last_positive_day_may_be_late() -> None:
    assert last_positive_day(course((3, "200"), (90, "50"), (180, "49"))) == 90
    assert last_positive_day(course((3, "0"))) is None


samples = st.lists(
    st.builds(
        Sample,
        day=st.integers(-3, 40),
        copies=st.decimals(0, 100000, places=1),
        lloq=st.decimals(1, 100, places=1),
    ),
    max_size=12,
)


@given(samples)
def test_the_area_lies_under_the_peak(course: Sequence[Sample]) -> None:
    area, top = exposure(course), peak(course)
    if area is not None:
        highest = max([top.copies if top else Decimal(0), *(sample.lloq for sample in course)])
        assert 0 <= area <= 28 * highest


@given(samples)
def test_the_peak_is_a_positive_sample_of_the_first_28_days(course: Sequence[Sample]) -> None:
    top = peak(course)
    assert top is None or (0 <= top.day <= 28 and top.is_positive)
    assert last_positive_day([]) is exposure([]) is peak([]) is None
