"""Laboratory grades of CTCAE 5.0 and 6.0: worked cases, boundaries, and what holds of every result."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.ctcae import lab_grade
from patients.grading.result import Flag

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
    ("TRIG", "3.42", {}, "5.0", 1),
    ("TRIG", "11.4", {}, "5.0", 3),
    ("TRIG", "11.41", {}, "5.0", 4),
    ("WBC", "1.0", {}, "5.0", 3),
    ("HGB", "99", {}, "5.0", 2),
    ("ALT", "40", {"uln": "40"}, "5.0", 0),
    ("ALT", "121", {"uln": "40"}, "5.0", 2),
    ("ALT", "200", {"uln": "40"}, "5.0", 2),
    ("ALT", "800", {"uln": "40"}, "5.0", 3),
    ("ALT", "149", {"uln": "40", "baseline": "100"}, "5.0", 0),
    ("ALT", "301", {"uln": "40", "baseline": "100"}, "5.0", 2),
    ("ALT", "150", {"uln": "40", "baseline": "100"}, "6.0", 1),
    ("ALT", "401", {"uln": "40", "baseline": "100"}, "6.0", 4),
    ("BILI", "210", {"uln": "21"}, "5.0", 3),
    ("ALP", "300", {"uln": "120"}, "5.0", 1),
    ("ALP", "301", {"uln": "120"}, "5.0", 2),
    ("CREAT", "105", {"uln": "104"}, "5.0", 1),
    ("CREAT", "156", {"uln": "104"}, "5.0", 1),
    ("CREAT", "157", {"uln": "104"}, "5.0", 2),
    ("CREAT", "625", {"uln": "104"}, "5.0", 4),
    ("FIBRINO", "1.5", {"lln": "2.0"}, "5.0", 1),
    ("FIBRINO", "1.0", {"lln": "2.0"}, "5.0", 2),
    ("INR", "1.2", {}, "5.0", 0),
    ("INR", "1.5", {}, "5.0", 1),
    ("INR", "2.5", {}, "5.0", 2),
    ("K", "3.0", {"lln": "3.5", "uln": "5.3"}, "5.0", 1),
    ("K", "2.5", {}, "5.0", 3),
    ("K", "2.4", {}, "5.0", 4),
    ("K", "5.5", {"lln": "3.5", "uln": "5.3"}, "5.0", 1),
    ("K", "6.0", {}, "5.0", 2),
    ("K", "7.0", {}, "5.0", 3),
    ("SODIUM", "130", {"lln": "137", "uln": "147"}, "5.0", 1),
    ("SODIUM", "120", {}, "5.0", 3),
    ("SODIUM", "150", {"lln": "137", "uln": "147"}, "5.0", 1),
    ("SODIUM", "151", {}, "5.0", 2),
    ("SODIUM", "161", {}, "5.0", 4),
    ("ALB", "20", {}, "5.0", 2),
    ("ALB", "30", {"lln": "35"}, "5.0", 1),
    ("APTT", "60", {"uln": "40"}, "5.0", 1),
    ("APTT", "101", {"uln": "40"}, "5.0", 3),
    ("LDH", "250", {"uln": "250"}, "5.0", 0),
    ("LDH", "5000", {"uln": "250"}, "5.0", 1),
    ("CA", "2.0", {"lln": "2.1", "uln": "2.6"}, "5.0", 1),
    ("CA", "1.99", {}, "5.0", 2),
    ("CA", "1.75", {}, "5.0", 2),
    ("CA", "1.5", {}, "5.0", 3),
    ("CA", "1.49", {}, "5.0", 4),
    ("CA", "2.9", {"lln": "2.1", "uln": "2.6"}, "5.0", 1),
    ("CA", "3.1", {}, "5.0", 2),
    ("CA", "3.4", {}, "5.0", 3),
    ("CA", "3.41", {}, "5.0", 4),
    ("MG", "0.5", {"lln": "0.7", "uln": "1.0"}, "5.0", 1),
    ("MG", "0.4", {}, "5.0", 2),
    ("MG", "0.3", {}, "5.0", 3),
    ("MG", "0.29", {}, "5.0", 4),
    ("MG", "1.23", {"lln": "0.7", "uln": "1.0"}, "5.0", 1),
    ("MG", "1.24", {}, "5.0", 3),
    ("MG", "3.31", {}, "5.0", 4),
    ("GGT", "200", {"uln": "60", "baseline": "100"}, "5.0", 1),
    ("GGT", "199", {"uln": "60", "baseline": "100"}, "5.0", 0),
    ("GGT", "251", {"uln": "60", "baseline": "100"}, "5.0", 2),
    ("GGT", "100", {"uln": "60", "baseline": "100"}, "6.0", 1),
    ("GGT", "151", {"uln": "60", "baseline": "100"}, "6.0", 2),
    ("GGT", "1001", {"uln": "60", "baseline": "100"}, "6.0", 4),
    ("ALP", "200", {"uln": "120", "baseline": "100"}, "6.0", 1),
    ("ALP", "9000", {"uln": "120", "baseline": "100"}, "6.0", 1),
    ("ALP", "150", {"uln": "120", "baseline": "160"}, "6.0", 0),
    ("BILI", "30", {"uln": "21", "baseline": "30"}, "5.0", 0),
    ("BILI", "31", {"uln": "21", "baseline": "30"}, "5.0", 1),
    ("BILI", "46", {"uln": "21", "baseline": "30"}, "5.0", 2),
    ("BILI", "91", {"uln": "21", "baseline": "30"}, "5.0", 3),
    ("BILI", "301", {"uln": "21", "baseline": "30"}, "5.0", 4),
    ("BILI", "30", {"uln": "21", "baseline": "30"}, "6.0", 1),
    ("BILI", "46", {"uln": "21", "baseline": "30"}, "6.0", 2),
    ("BILI", "76", {"uln": "21", "baseline": "30"}, "6.0", 3),
    ("BILI", "301", {"uln": "21", "baseline": "30"}, "6.0", 4),
    ("CREAT", "170", {"lln": "50", "uln": "104", "baseline": "55"}, "6.0", 2),
    ("CREAT", "170", {"lln": "60", "uln": "104", "baseline": "55"}, "6.0", 3),
    ("CREAT", "84", {"uln": "104", "baseline": "55"}, "5.0", 2),
    ("CREAT", "166", {"baseline": "55"}, "5.0", 3),
    ("CREATCLR", "50", {}, "6.0", 0),
    ("CREATCLR", "49", {}, "6.0", 2),
    ("CREATCLR", "26", {}, "6.0", 2),
    ("CREATCLR", "25", {}, "6.0", 3),
    ("CREATCLR", "10", {}, "6.0", 3),
    ("FIBRINO", "0.99", {"lln": "2.0"}, "5.0", 3),
    ("FIBRINO", "0.5", {"lln": "2.0"}, "5.0", 3),
    ("FIBRINO", "1.2", {"lln": "2.0", "baseline": "1.6"}, "5.0", 2),
    ("FIBRINO", "1.21", {"lln": "2.0", "baseline": "1.6"}, "5.0", 1),
    ("FIBRINO", "0.8", {"lln": "2.0", "baseline": "1.6"}, "5.0", 3),
    ("K", "5.4", {"uln": "5.3"}, "5.0", 1),
    ("K", "3.4", {"lln": "3.5"}, "5.0", 1),
    ("SODIUM", "136", {"lln": "137"}, "5.0", 1),
    ("CA", "2.7", {"uln": "2.6"}, "5.0", 1),
    ("MG", "1.1", {"uln": "1.0"}, "5.0", 1),
    ("NEUT", "1.49", {}, "6.0", 1),
    ("NEUT", "1.5", {}, "6.0", 0),
    ("PLAT", "24", {}, "6.0", 3),
]
# What cannot be told from 0 without a normal limit or a baseline.
UNKNOWN: list[tuple[str, str, dict[str, str], str]] = [
    ("K", "4.0", {}, "5.0"),
    ("K", "4.0", {"lln": "3.5"}, "5.0"),
    ("K", "4.0", {"uln": "5.3"}, "5.0"),
    ("SODIUM", "140", {"uln": "147"}, "5.0"),
    ("CA", "2.3", {"lln": "2.1"}, "5.0"),
    ("MG", "0.8", {"lln": "0.7"}, "5.0"),
    ("ALB", "40", {}, "5.0"),
    ("ALT", "120", {}, "5.0"),
    ("ALT", "120", {"baseline": "100"}, "5.0"),
    ("CREAT", "82", {"baseline": "55"}, "5.0"),
    ("CREAT", "300", {}, "5.0"),
    ("CREAT", "300", {"baseline": "55"}, "6.0"),
    ("CREATCLR", "9.9", {}, "6.0"),
    ("CREATCLR", "40", {}, "5.0"),
    ("ALP", "300", {"uln": "120"}, "6.0"),
    ("FIBRINO", "0.6", {}, "5.0"),
    ("LDH", "900", {}, "5.0"),
    ("APTT", "60", {}, "5.0"),
]
# Whether words of the term could make it worse: bleeding, symptoms, a transfusion, danger to life.
CLINICAL: list[tuple[str, str, dict[str, str], str, bool]] = [
    ("HGB", "95", {}, "5.0", True),
    ("HGB", "79", {}, "5.0", True),
    ("HGB", "140", {"lln": "130"}, "5.0", False),
    ("ALB", "19", {}, "5.0", True),
    ("ALB", "25", {}, "5.0", False),
    ("APTT", "60", {"uln": "40"}, "5.0", True),
    ("APTT", "101", {"uln": "40"}, "5.0", False),
    ("K", "3.2", {"lln": "3.5", "uln": "5.3"}, "5.0", True),
    ("K", "5.4", {"lln": "3.5", "uln": "5.3"}, "5.0", False),
    ("SODIUM", "127", {}, "5.0", True),
    ("SODIUM", "151", {}, "5.0", False),
    ("PLAT", "60", {}, "5.0", False),
    ("PLAT", "60", {}, "6.0", True),
    ("INR", "1.6", {}, "5.0", False),
    ("INR", "1.6", {}, "6.0", True),
    ("URATE", "500", {}, "5.0", True),
    ("GLUC", "12", {}, "6.0", True),
    ("NEUT", "0.2", {}, "5.0", False),
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


@pytest.mark.parametrize(("test", "value", "limits", "version"), UNKNOWN)
def test_what_cannot_be_told_from_grade_0_is_unknown(
    test: str, value: str, limits: dict[str, str], version: str
) -> None:
    assert graded(test, value, limits, version) is None


@pytest.mark.parametrize(("test", "value", "limits", "version", "flagged"), CLINICAL)
def test_what_words_could_make_worse_is_flagged(
    test: str, value: str, limits: dict[str, str], version: str, flagged: bool
) -> None:
    numbers: dict[str, Any] = {name: Decimal(limit) for name, limit in limits.items()}
    found = lab_grade(test, Decimal(value), **numbers, version=version)
    assert (Flag.NEEDS_CLINICAL in found.flags) == flagged


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
    st.sampled_from(["NEUT", "PLAT", "HGB", "LYM", "WBC", "ALB"]),
    st.sampled_from(["5.0", "6.0"]),
    st.decimals("0", "300", places=2),
    st.decimals("0", "300", places=2),
)
def test_a_lower_count_never_has_a_lower_grade(test: str, version: str, one: Decimal, other: Decimal) -> None:
    lower, higher = sorted((one, other))
    grades = [lab_grade(test, value, lln=Decimal(5), version=version).number for value in (lower, higher)]
    if None not in grades:
        assert grades[0] >= grades[1]  # type: ignore[operator]


LIMITS = {"lln": Decimal(5), "uln": Decimal(40)}
RISING = ["ALT", "AST", "BILI", "ALP", "GGT", "CREAT", "INR", "TRIG", "APTT", "LDH"]
BOTH_WAYS = {"K": ("3.5", "5.3"), "SODIUM": ("137", "147"), "CA": ("2.1", "2.6"), "MG": ("0.7", "1.0")}


@given(
    st.sampled_from(RISING),
    st.sampled_from(["5.0", "6.0"]),
    st.none() | st.decimals("1", "200", places=1),
    st.decimals("0", "3000", places=2),
    st.decimals("0", "3000", places=2),
)
def test_a_higher_value_never_has_a_lower_grade(
    test: str, version: str, baseline: Decimal | None, one: Decimal, other: Decimal
) -> None:
    lower, higher = (
        lab_grade(test, value, baseline=baseline, version=version, **LIMITS).number
        for value in sorted((one, other))
    )
    assert (lower or 0) <= (higher or 0)
    assert None not in (lower, higher) or (test, version, baseline) == ("ALP", "6.0", None)


@given(st.sampled_from(sorted(BOTH_WAYS)), st.decimals("0", "1", places=3), st.decimals("0", "1", places=3))
def test_further_from_normal_is_never_a_lower_grade(test: str, one: Decimal, other: Decimal) -> None:
    lln, uln = (Decimal(limit) for limit in BOTH_WAYS[test])

    def at(share: Decimal, limit: Decimal, sign: int) -> int:
        value = limit * (1 + sign * share)
        grade = lab_grade(test, value, lln=lln, uln=uln).number
        assert grade is not None
        return grade

    nearer, further = sorted((one, other))
    assert at(nearer, lln, -1) <= at(further, lln, -1)
    assert at(nearer, uln, 1) <= at(further, uln, 1)
    assert at(Decimal(0), lln, -1) == at(Decimal(0), uln, 1) == 0


@given(
    st.none() | st.decimals("0.5", "6", places=2),
    st.decimals("0", "6", places=2),
    st.decimals("0", "6", places=2),
)
def test_less_fibrinogen_never_has_a_lower_grade(
    baseline: Decimal | None, one: Decimal, other: Decimal
) -> None:
    deeper, higher = (
        lab_grade("FIBRINO", value, lln=Decimal(2), baseline=baseline).number or 0
        for value in sorted((one, other))
    )
    assert deeper >= higher


EVERY = [
    *RISING,
    *sorted(BOTH_WAYS),
    "NEUT",
    "PLAT",
    "HGB",
    "LYM",
    "WBC",
    "ALB",
    "FIBRINO",
    "CREATCLR",
    "GLUC",
]
amounts = st.none() | st.decimals("0", "3000", places=2)


@given(st.sampled_from([*EVERY, "CRP"]), amounts, amounts, amounts, amounts, st.sampled_from(["5.0", "6.0"]))
def test_any_value_has_a_grade_from_0_to_4_or_none(
    test: str,
    value: Decimal | None,
    lln: Decimal | None,
    uln: Decimal | None,
    baseline: Decimal | None,
    version: str,
) -> None:
    found = lab_grade(test, value, lln=lln, uln=uln, baseline=baseline, version=version)
    assert found.number in (None, 0, 1, 2, 3, 4)
    assert found.rule_id
    assert value is not None or found.number is None


@given(st.decimals("10", "150", places=1), st.decimals("10", "150", places=1))
def test_less_clearance_never_has_a_lower_grade(one: Decimal, other: Decimal) -> None:
    lower, higher = (lab_grade("CREATCLR", value, version="6.0").number for value in sorted((one, other)))
    assert (lower or 0) >= (higher or 0)


@given(st.sampled_from(EVERY), st.decimals("0", "3000", places=2), st.sampled_from(["5.0", "6.0"]))
def test_a_known_normal_range_never_takes_a_grade_away(test: str, value: Decimal, version: str) -> None:
    """What is graded without the limits is graded the same with them."""
    without = lab_grade(test, value, version=version).number
    limits = BOTH_WAYS.get(test, ("1", "40"))
    known = lab_grade(test, value, lln=Decimal(limits[0]), uln=Decimal(limits[1]), version=version).number
    assert without is None or without == known
