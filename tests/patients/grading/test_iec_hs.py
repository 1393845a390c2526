"""The suggestion of IEC-HS: the required criterion with two other signs."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.iec_hs import Signs, suggests_iec_hs

OTHERS = [sign.name for sign in fields(Signs) if sign.name != "ferritin"]


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        (Signs(), None),
        (Signs(fibrinogen=True, cytopenia=True), None),
        (Signs(ferritin=True), "N"),
        (Signs(ferritin=True, fibrinogen=True), "N"),
        (Signs(ferritin=True, fibrinogen=True, cytopenia=False), "N"),
        (Signs(ferritin=True, fibrinogen=True, cytopenia=True), "Y"),
        (Signs(ferritin=True, after_crs_improved=True, haemophagocytosis=True), "Y"),
        (Signs(ferritin=False, fibrinogen=True, cytopenia=True, transaminases=True), "N"),
    ],
)
def test_a_suggestion(signs: Signs, expected: str | None) -> None:
    assert suggests_iec_hs(signs).value == expected


def test_the_signs_that_decided_are_named() -> None:
    signs = Signs(ferritin=True, transaminases=True, fibrinogen=True, cytopenia=False)
    assert suggests_iec_hs(signs).inputs == ("ferritin", "transaminases", "fibrinogen")


found = st.builds(Signs, **{sign.name: st.none() | st.booleans() for sign in fields(Signs)})


@given(found, st.sampled_from(OTHERS))
def test_another_sign_never_takes_a_suggestion_away(signs: Signs, sign: str) -> None:
    before, after = (suggests_iec_hs(replace(signs, **{sign: there})).value for there in (False, True))
    assert before != "Y" or after == "Y"


@given(found)
def test_nothing_is_suggested_without_the_ferritin_criterion(signs: Signs) -> None:
    assert suggests_iec_hs(signs).value in (None, "Y", "N")
    assert suggests_iec_hs(replace(signs, ferritin=False)).value == "N"
    assert suggests_iec_hs(replace(signs, ferritin=None)).value is None
