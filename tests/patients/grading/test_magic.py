"""Acute GVHD by MAGIC: worked cases, boundaries of the stages, and monotony."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.magic import OrganValues, magic_grade

NO_SIGN = OrganValues(
    skin_bsa_pct=Decimal(0),
    skin_bullae=False,
    bilirubin_umol_per_l=Decimal(10),
    upper_gi_persistent=False,
    stool_ml_per_day=0,
    lower_gi_severe=False,
)
# case: what differs from no sign, then skin, liver, upper GI, lower GI, overall
CASES: dict[str, tuple[dict[str, object], tuple[int, int, int, int, int]]] = {
    "MAG-01": ({}, (0, 0, 0, 0, 0)),
    "MAG-02": ({"skin_bsa_pct": Decimal(10)}, (1, 0, 0, 0, 1)),
    "MAG-04": ({"skin_bsa_pct": Decimal(50)}, (2, 0, 0, 0, 1)),
    "MAG-06": ({"skin_bsa_pct": Decimal(80), "skin_bullae": True}, (4, 0, 0, 0, 4)),
    "MAG-07": ({"skin_bsa_pct": Decimal(20), "upper_gi_persistent": True}, (1, 0, 1, 0, 2)),
    "MAG-09": ({"bilirubin_umol_per_l": Decimal("34.0")}, (0, 0, 0, 0, 0)),
    "MAG-11": ({"bilirubin_umol_per_l": Decimal(110)}, (0, 3, 0, 0, 3)),
    "MAG-12": ({"bilirubin_umol_per_l": Decimal(260)}, (0, 4, 0, 0, 4)),
    "MAG-14": ({"stool_ml_per_day": 500}, (0, 0, 0, 1, 2)),
    "MAG-16": ({"stool_ml_per_day": 1500}, (0, 0, 0, 2, 3)),
    "MAG-17": ({"stool_ml_per_day": 1501}, (0, 0, 0, 3, 3)),
    "MAG-19": ({"stool_episodes_per_day": 8, "skin_bsa_pct": Decimal(60)}, (3, 0, 0, 3, 3)),
}
BOUNDARIES: dict[str, tuple[dict[str, object], tuple[int, int, int, int, int]]] = {
    "24.9 % of skin": ({"skin_bsa_pct": Decimal("24.9")}, (1, 0, 0, 0, 1)),
    "25 % of skin": ({"skin_bsa_pct": Decimal(25)}, (2, 0, 0, 0, 1)),
    "50.1 % of skin": ({"skin_bsa_pct": Decimal("50.1")}, (3, 0, 0, 0, 2)),
    "bilirubin 34.2": ({"bilirubin_umol_per_l": Decimal("34.2")}, (0, 1, 0, 0, 2)),
    "bilirubin 51.3": ({"bilirubin_umol_per_l": Decimal("51.3")}, (0, 1, 0, 0, 2)),
    "bilirubin 51.4": ({"bilirubin_umol_per_l": Decimal("51.4")}, (0, 2, 0, 0, 3)),
    "bilirubin 102.6": ({"bilirubin_umol_per_l": Decimal("102.6")}, (0, 2, 0, 0, 3)),
    "bilirubin 256.5": ({"bilirubin_umol_per_l": Decimal("256.5")}, (0, 3, 0, 0, 3)),
    "499 mL": ({"stool_ml_per_day": 499}, (0, 0, 0, 0, 0)),
    "999 mL": ({"stool_ml_per_day": 999}, (0, 0, 0, 1, 2)),
    "1000 mL": ({"stool_ml_per_day": 1000}, (0, 0, 0, 2, 3)),
    "2 episodes": ({"stool_episodes_per_day": 2}, (0, 0, 0, 0, 0)),
    "3 episodes": ({"stool_episodes_per_day": 3}, (0, 0, 0, 1, 2)),
    "5 episodes": ({"stool_episodes_per_day": 5}, (0, 0, 0, 2, 3)),
    "7 episodes": ({"stool_episodes_per_day": 7}, (0, 0, 0, 2, 3)),
    "severe pain": ({"lower_gi_severe": True}, (0, 0, 0, 4, 4)),
}


@pytest.mark.parametrize(
    ("sign", "expected"), [*CASES.values(), *BOUNDARIES.values()], ids=[*CASES, *BOUNDARIES]
)
def test_stages_and_grade(sign: dict[str, object], expected: tuple[int, ...]) -> None:
    grade = magic_grade(replace(NO_SIGN, **sign))  # type: ignore[arg-type]
    assert (grade.skin, grade.liver, grade.upper_gi, grade.lower_gi, grade.overall.number) == expected


def test_nothing_recorded_is_not_gradable() -> None:
    assert magic_grade(OrganValues()).overall.value is None


def test_one_known_organ_grades() -> None:
    assert magic_grade(OrganValues(bilirubin_umol_per_l=Decimal(60))).overall.number == 3


values = st.builds(
    OrganValues,
    skin_bsa_pct=st.none() | st.decimals(0, 100, places=1),
    skin_bullae=st.none() | st.booleans(),
    bilirubin_umol_per_l=st.none() | st.decimals(0, 1500, places=1),
    upper_gi_persistent=st.none() | st.booleans(),
    stool_ml_per_day=st.none() | st.integers(0, 15000),
    stool_episodes_per_day=st.none() | st.integers(0, 50),
    lower_gi_severe=st.none() | st.booleans(),
)


@given(values)
def test_any_values_have_a_grade_from_0_to_4_or_none(organs: OrganValues) -> None:
    assert magic_grade(organs).overall.number in (None, 0, 1, 2, 3, 4)


@given(values, st.decimals(0, 100, places=1), st.decimals(0, 500, places=1), st.integers(0, 3000))
def test_worse_organs_never_lower_the_grade(
    organs: OrganValues, skin: Decimal, bilirubin: Decimal, stool: int
) -> None:
    base = replace(
        organs,
        skin_bsa_pct=min(organs.skin_bsa_pct or Decimal(0), Decimal(100)),
        bilirubin_umol_per_l=organs.bilirubin_umol_per_l or Decimal(0),
        stool_ml_per_day=organs.stool_ml_per_day or 0,
    )
    assert base.skin_bsa_pct is not None
    assert base.bilirubin_umol_per_l is not None
    worse = replace(
        base,
        skin_bsa_pct=base.skin_bsa_pct + skin,
        bilirubin_umol_per_l=base.bilirubin_umol_per_l + bilirubin,
        stool_ml_per_day=(base.stool_ml_per_day or 0) + stool,
    )
    before, after = magic_grade(base).overall.number, magic_grade(worse).overall.number
    assert before is not None
    assert after is not None
    assert after >= before
