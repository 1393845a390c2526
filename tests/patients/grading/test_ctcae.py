"""Laboratory grades of CTCAE 5.0 and 6.0: worked cases, boundaries, and monotony of the counts."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.ctcae import lab_grade

# case: test, value, limits and baseline, version, grade
CASES: dict[str, tuple[str, str, dict[str, str], str, int]] = {
    "CTC-01": ("NEUT", "1.7", {"lln": "1.8"}, "5.0", 1),
    "CTC-02": ("NEUT", "1.5", {"lln": "1.8"}, "5.0", 1),
    "CTC-04": ("NEUT", "1.0", {}, "5.0", 2),
    "CTC-06": ("NEUT", "0.50", {}, "5.0", 3),
    "CTC-07": ("NEUT", "0.49", {}, "5.0", 4),
    "CTC-09": ("NEUT", "0.09", {}, "6.0", 4),
    "CTC-11": ("PLAT", "25", {"lln": "125"}, "5.0", 3),
    "CTC-12": ("PLAT", "24", {}, "5.0", 4),
    "CTC-14": ("PLAT", "75", {"lln": "125"}, "5.0", 1),
    "CTC-16": ("HGB", "79", {}, "5.0", 3),
    "CTC-17": ("WBC", "0.9", {}, "5.0", 4),
    "CTC-19": ("ALT", "120", {"uln": "40", "baseline": "30"}, "5.0", 1),
    "CTC-21": ("ALT", "801", {"uln": "40"}, "5.0", 4),
    "CTC-22": ("ALT", "150", {"uln": "40", "baseline": "100"}, "5.0", 1),
    "CTC-24": ("ALT", "160", {"uln": "40", "baseline": "100"}, "6.0", 2),
    "CTC-26": ("BILI", "64", {"uln": "21"}, "5.0", 3),
    "CTC-27": ("BILI", "211", {"uln": "21"}, "5.0", 4),
    "CTC-29": ("CREAT", "170", {"uln": "104", "baseline": "55"}, "5.0", 3),
    "CTC-31": ("FIBRINO", "1.4", {"lln": "2.0"}, "5.0", 2),
    "CTC-32": ("FIBRINO", "0.49", {}, "5.0", 4),
    "CTC-34": ("K", "2.9", {"lln": "3.5"}, "5.0", 3),
    "CTC-36": ("K", "6.1", {"uln": "5.3"}, "5.0", 3),
    "CTC-37": ("SODIUM", "127", {"lln": "137"}, "5.0", 2),
    "CTC-39": ("TRIG", "6.0", {}, "5.0", 3),
}
MORE: list[tuple[str, str, dict[str, str], str, int]] = [
    ("NEUT", "1.8", {"lln": "1.8"}, "5.0", 0),
    ("NEUT", "0.10", {}, "6.0", 3),
    ("PLAT", "10", {}, "6.0", 3),
    ("PLAT", "9", {}, "6.0", 4),
    ("LYM", "0.2", {}, "5.0", 3),
    ("LYM", "0.19", {}, "5.0", 4),
    ("HGB", "80", {}, "5.0", 2),
    ("HGB", "100", {"lln": "130"}, "5.0", 1),
    ("BILI", "31.5", {"uln": "21"}, "5.0", 1),
    ("BILI", "63", {"uln": "21"}, "5.0", 2),
    ("SODIUM", "124", {}, "5.0", 3),
    ("SODIUM", "119", {}, "5.0", 4),
    ("SODIUM", "156", {}, "5.0", 3),
    ("K", "7.1", {}, "5.0", 4),
    ("ALB", "19", {}, "5.0", 3),
    ("INR", "2.6", {}, "5.0", 3),
    ("TRIG", "1.70", {}, "5.0", 0),
]


def graded(test: str, value: str, limits: dict[str, str], version: str) -> int | None:
    numbers: dict[str, Any] = {name: Decimal(limit) for name, limit in limits.items()}
    return lab_grade(test, Decimal(value), **numbers, version=version).number


@pytest.mark.parametrize(("test", "value", "limits", "version", "expected"), CASES.values(), ids=CASES.keys())
def test_worked_case(test: str, value: str, limits: dict[str, str], version: str, expected: int) -> None:
    assert graded(test, value, limits, version) == expected


@pytest.mark.parametrize(("test", "value", "limits", "version", "expected"), MORE)
def test_boundary(test: str, value: str, limits: dict[str, str], version: str, expected: int) -> None:
    assert graded(test, value, limits, version) == expected


@pytest.mark.parametrize("test", ["NEUT", "PLAT", "HGB", "LYM", "WBC"])
def test_without_a_lower_limit_a_normal_count_is_unknown_and_not_0(test: str) -> None:
    assert graded(test, "200", {}, "5.0") is None


def test_tests_that_ctcae_does_not_grade_have_no_grade() -> None:
    assert graded("CRP", "100", {}, "5.0") is None
    assert graded("LYM", "0.1", {}, "6.0") is None


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(ValueError, match=r"7\.0"):
        lab_grade("NEUT", Decimal(1), version="7.0")


@given(
    st.sampled_from(["NEUT", "PLAT", "HGB", "LYM", "WBC"]),
    st.sampled_from(["5.0", "6.0"]),
    st.decimals("0", "300", places=2),
    st.decimals("0", "300", places=2),
)
def test_a_lower_count_never_has_a_lower_grade(test: str, version: str, one: Decimal, other: Decimal) -> None:
    lower, higher = sorted((one, other))
    grades = [lab_grade(test, value, lln=Decimal(5), version=version).number for value in (lower, higher)]
    if None not in grades:
        assert grades[0] >= grades[1]  # type: ignore[operator]
