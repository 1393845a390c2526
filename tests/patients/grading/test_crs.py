"""CRS by the ASTCT consensus: worked cases, boundaries, and what must hold of any day."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.crs import CrsDay, crs_grade

FEVER = {"fever": True, "fever_masked": False}
QUIET = {"hypotension": False, "hypoxia": False}


def litres(flow: str) -> dict[str, object]:
    return {"hypoxia": True, "oxygen_l_per_min": Decimal(flow)}


CASES = {
    "CRS-01": ({"fever": False, "fever_masked": False, **QUIET}, 0),
    "CRS-02": ({**FEVER, **QUIET}, 1),
    "CRS-04": ({**FEVER, "hypotension": False, "oxygen": "nasal_cannula", **litres("4")}, 2),
    "CRS-06": ({**FEVER, "hypotension": False, "oxygen": "nasal_cannula", **litres("8")}, 3),
    "CRS-07": ({**FEVER, "hypotension": True, "vasopressors": 1, "vasopressin": False, "hypoxia": False}, 3),
    "CRS-09": ({**FEVER, "hypotension": True, "vasopressors": 0, "vasopressin": True, "hypoxia": False}, 3),
    "CRS-11": ({**FEVER, "hypotension": False, "oxygen": "high_flow", **litres("40")}, 3),
    "CRS-12": ({**FEVER, "hypotension": False, "hypoxia": True, "oxygen": "positive_pressure"}, 4),
    "CRS-14": (
        {"fever": False, "fever_masked": True, "hypotension": True, "vasopressors": 1, "hypoxia": False},
        3,
    ),
    "CRS-16": (
        {**FEVER, "hypotension": True, "vasopressors": 0, "oxygen": "nasal_cannula", **litres("3")},
        2,
    ),
    "CRS-17": ({"fatal": True}, 5),
}
BOUNDARIES = {
    "six litres are low flow": ({**FEVER, "oxygen": "nasal_cannula", **litres("6.0")}, 2),
    "more than six are not": ({**FEVER, "oxygen": "nasal_cannula", **litres("6.1")}, 3),
    "two pressors": ({**FEVER, "hypotension": True, "vasopressors": 2}, 4),
    "one pressor with vasopressin": (
        {**FEVER, "hypotension": True, "vasopressors": 1, "vasopressin": True},
        3,
    ),
    "pressure that only protects the airway": (
        {**FEVER, "hypoxia": True, "oxygen": "positive_pressure", "airway_protection_only": True},
        1,
    ),
    "a mask": ({**FEVER, "hypoxia": True, "oxygen": "mask"}, 3),
    "blow-by": ({**FEVER, "hypoxia": True, "oxygen": "blow_by"}, 2),
    "hypotension without fever": ({"fever": False, "fever_masked": False, "hypotension": True}, 0),
}


@pytest.mark.parametrize(("given_", "expected"), CASES.values(), ids=CASES.keys())
def test_worked_case(given_: dict[str, object], expected: int) -> None:
    assert crs_grade(CrsDay(**given_)).number == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(("given_", "expected"), BOUNDARIES.values(), ids=BOUNDARIES.keys())
def test_boundary(given_: dict[str, object], expected: int) -> None:
    assert crs_grade(CrsDay(**given_)).number == expected  # type: ignore[arg-type]


def test_without_anything_recorded_there_is_no_grade() -> None:
    assert crs_grade(CrsDay()).number is None


def test_the_axis_that_decided_is_named() -> None:
    graded = crs_grade(CrsDay(**FEVER, hypotension=True, vasopressors=1, hypoxia=False))
    assert (graded.rule_id, graded.inputs) == ("CRS-3", ("hypotension",))


maybe = st.none() | st.booleans()
days = st.builds(
    CrsDay,
    fever=maybe,
    fever_masked=maybe,
    hypotension=maybe,
    vasopressors=st.none() | st.integers(0, 5),
    vasopressin=maybe,
    hypoxia=maybe,
    oxygen=st.none()
    | st.sampled_from(
        [
            "none",
            "nasal_cannula",
            "blow_by",
            "high_flow",
            "mask",
            "venturi",
            "non_rebreather",
            "positive_pressure",
        ]
    ),
    oxygen_l_per_min=st.none() | st.decimals("0.5", "80", places=1),
    airway_protection_only=maybe,
    fatal=st.booleans(),
)


@given(days)
def test_any_day_has_a_grade_from_0_to_5_or_none(day: CrsDay) -> None:
    assert crs_grade(day).number in (None, 0, 1, 2, 3, 4, 5)


@given(days, st.integers(0, 4))
def test_another_pressor_never_lowers_the_grade(day: CrsDay, pressors: int) -> None:
    def with_pressors(number: int) -> int:
        worse = CrsDay(fever=True, hypotension=True, vasopressors=number, vasopressin=day.vasopressin)
        return crs_grade(worse).number or 0

    assert with_pressors(pressors + 1) >= with_pressors(pressors)


@given(st.decimals("0.5", "79", places=1), st.sampled_from(["nasal_cannula", "high_flow"]))
def test_more_oxygen_never_lowers_the_grade(flow: Decimal, support: str) -> None:
    def at(litres_per_minute: Decimal) -> int:
        day = CrsDay(fever=True, hypoxia=True, oxygen=support, oxygen_l_per_min=litres_per_minute)
        return crs_grade(day).number or 0

    assert at(flow + 1) >= at(flow)


ORDER_OF_SUPPORT = [["none", "blow_by"], ["mask", "venturi", "non_rebreather"], ["positive_pressure"]]


@given(days, st.sampled_from(ORDER_OF_SUPPORT[0]), st.sampled_from(ORDER_OF_SUPPORT[1]))
def test_more_support_never_lowers_the_grade(day: CrsDay, less: str, more: str) -> None:
    def with_support(oxygen: str) -> int:
        supported = replace(day, fever=True, hypoxia=True, oxygen=oxygen, airway_protection_only=False)
        return crs_grade(supported).number or 0

    assert with_support(less) <= with_support(more) <= with_support("positive_pressure")


SIGNS = ["fever", "fever_masked", "hypotension", "vasopressin", "hypoxia", "fatal"]


@given(days, st.sampled_from(SIGNS))
def test_a_sign_never_lowers_the_grade(day: CrsDay, sign: str) -> None:
    """Nor does what is not said about fever: a day without it has no grade at all."""
    without, with_it = (crs_grade(replace(day, **{sign: there})).number for there in (False, True))
    assert (without or 0) <= (with_it or 0)


@given(days)
def test_death_is_grade_5_and_nothing_else_is(day: CrsDay) -> None:
    assert (crs_grade(day).number == 5) == day.fatal


@given(days)
def test_without_fever_now_or_masked_there_is_no_crs(day: CrsDay) -> None:
    cool = replace(day, fever=False, fever_masked=False, fatal=False)
    assert crs_grade(cool).number == 0
