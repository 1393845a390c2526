"""CAR-HEMATOTOX: every cut-off, the limit of high risk, and what is missing."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.car_hematotox import BeforeLymphodepletion, car_hematotox

GOOD = BeforeLymphodepletion(
    neutrophils=Decimal("1.2"),
    haemoglobin=Decimal(90),
    platelets=Decimal("175.1"),
    crp=Decimal(30),
    ferritin=Decimal("649.9"),
)


@pytest.mark.parametrize(
    ("result", "value", "points"),
    [
        ("neutrophils", "1.2", 0),
        ("neutrophils", "1.19", 1),
        ("haemoglobin", "90", 0),
        ("haemoglobin", "89.9", 1),
        ("platelets", "175.1", 0),
        ("platelets", "175", 1),
        ("platelets", "75", 1),
        ("platelets", "74.9", 2),
        ("crp", "30", 0),
        ("crp", "30.1", 1),
        ("ferritin", "649.9", 0),
        ("ferritin", "650", 1),
        ("ferritin", "2000", 1),
        ("ferritin", "2000.1", 2),
    ],
)
def test_each_result_gives_its_points(result: str, value: str, points: int) -> None:
    graded = car_hematotox(replace(GOOD, **{result: Decimal(value)}))
    assert (graded.number, graded.flags) == (points, ("high" if points >= 2 else "low",))


def test_two_points_are_high_risk() -> None:
    graded = car_hematotox(replace(GOOD, neutrophils=Decimal(1), crp=Decimal(80)))
    assert (graded.value, graded.rule_id, graded.inputs) == ("2", "CHT-HIGH", ("neutrophils", "crp"))


@pytest.mark.parametrize("result", ["neutrophils", "haemoglobin", "platelets", "crp", "ferritin"])
def test_without_a_result_there_is_no_score(result: str) -> None:
    graded = car_hematotox(replace(GOOD, **{result: None}))
    assert (graded.value, graded.rule_id) == (None, "CHT-INCOMPLETE")


def test_without_any_result_it_is_not_gradable() -> None:
    nothing = BeforeLymphodepletion(
        neutrophils=None, haemoglobin=None, platelets=None, crp=None, ferritin=None
    )
    assert car_hematotox(nothing).value is None


amounts = st.decimals(0, 5000, places=1)


@given(st.tuples(amounts, amounts, amounts, amounts, amounts), amounts)
def test_worse_results_never_lower_the_score(values: tuple[Decimal, ...], more: Decimal) -> None:
    neutrophils, haemoglobin, platelets, crp, ferritin = values
    one = BeforeLymphodepletion(
        neutrophils=neutrophils, haemoglobin=haemoglobin, platelets=platelets, crp=crp, ferritin=ferritin
    )
    worse = replace(
        one, platelets=max(Decimal(0), platelets - more), ferritin=ferritin + more, crp=crp + more
    )
    assert (car_hematotox(worse).number or 0) >= (car_hematotox(one).number or 0)
