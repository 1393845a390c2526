"""ICANS of ASTCT 2019: worked cases, boundaries, and what holds of every assessment."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.icans import Assessment, icans_grade, ice_score
from patients.grading.result import Flag

WELL: dict[str, Any] = {
    "testable": "yes",
    "ice": 10,
    "consciousness": "alert",
    "seizure": "none",
    "deep_weakness": False,
    "pressure": "none",
}
SEDATED: dict[str, Any] = {
    "testable": "no_language_sedation_other",
    "ice": None,
    "consciousness": "vigorous_stimulus_unarousable_stupor_coma",
    "consciousness_other_cause": True,
}
CASES: dict[str, tuple[dict[str, Any], int]] = {
    "ICA-01": ({}, 0),
    "ICA-02": ({"ice": 9}, 1),
    "ICA-04": ({"ice": 6}, 2),
    "ICA-06": ({"ice": 2}, 3),
    "ICA-07": ({"ice": 0}, 3),  # awake, so it is the aphasia
    "ICA-09": ({"ice": 8, "consciousness": "awakens_to_voice"}, 2),
    "ICA-11": ({"ice": 5, "seizure": "eeg_only_resolves_with_treatment"}, 3),
    "ICA-12": ({"ice": 3, "seizure": "prolonged_gt5_min"}, 4),
    "ICA-14": ({"ice": 9, "pressure": "focal_oedema_on_imaging"}, 3),
    "ICA-16": (SEDATED, 0),
    "ICA-17": ({"fatal": True}, 5),
}
BOUNDARIES: dict[str, tuple[dict[str, Any], int]] = {
    "ICE 7": ({"ice": 7}, 1),
    "ICE 3": ({"ice": 3}, 2),
    "cannot be roused": ({"testable": "no_unarousable", "ice": 0}, 4),
    "awakens by itself": ({"consciousness": "awakens_spontaneously"}, 1),
    "awakens to touch": ({"consciousness": "awakens_only_to_touch"}, 3),
    "coma": ({"consciousness": "vigorous_stimulus_unarousable_stupor_coma"}, 4),
    "reduced, but explained": ({"consciousness": "awakens_to_voice", "consciousness_other_cause": True}, 0),
    "a short seizure": ({"seizure": "clinical_resolves_rapidly"}, 3),
    "seizure after seizure": ({"seizure": "repetitive_without_return_to_baseline"}, 4),
    "hemiparesis": ({"deep_weakness": True}, 4),
    "diffuse oedema": ({"pressure": "diffuse_oedema"}, 4),
    "posturing": ({"pressure": "decerebrate_decorticate_posture"}, 4),
    "sixth nerve": ({"pressure": "vi_nerve_palsy"}, 4),
    "papilloedema": ({"pressure": "papilloedema"}, 4),
    "Cushing": ({"pressure": "cushing_triad"}, 4),
}


@pytest.mark.parametrize(
    ("found", "expected"), (CASES | BOUNDARIES).values(), ids=(CASES | BOUNDARIES).keys()
)
def test_a_case(found: dict[str, Any], expected: int) -> None:
    assert icans_grade(Assessment(**(WELL | found))).number == expected


@pytest.mark.parametrize(
    ("testable", "points", "expected"),
    [
        ("yes", (4, 3, 1, 1, 1), 10),
        ("yes", (0, 0, 0, 0, 0), 0),
        ("yes", (4, 3, 1, 1, None), None),
        ("no_unarousable", (None,) * 5, 0),
        ("no_language_sedation_other", (None,) * 5, None),
        (None, (4, 3, 1, 1, 1), None),
    ],
)
def test_the_ice_score_is_the_sum_of_its_items(
    testable: str | None, points: tuple[int | None, ...], expected: int | None
) -> None:
    assert ice_score(testable, points) == expected


def test_a_grade_without_ice_says_so() -> None:
    assert icans_grade(Assessment(**(WELL | SEDATED))).flags == (Flag.ICE_MISSING,)
    assert icans_grade(Assessment(**WELL)).flags == ()


def test_nothing_recorded_is_not_gradable() -> None:
    assert icans_grade(Assessment()).number is None


def test_the_axis_that_decided_is_named() -> None:
    graded = icans_grade(Assessment(**(WELL | {"ice": 5, "deep_weakness": True})))
    assert (graded.rule_id, graded.inputs) == ("ICA-4", ("deep_weakness",))


# Each axis from harmless to worst.
ORDERS: dict[str, list[Any]] = {
    "ice": list(range(10, -1, -1)),
    "consciousness": [
        "alert",
        "awakens_spontaneously",
        "awakens_to_voice",
        "awakens_only_to_touch",
        "vigorous_stimulus_unarousable_stupor_coma",
    ],
    "seizure": ["none", "clinical_resolves_rapidly", "prolonged_gt5_min"],
    "deep_weakness": [False, True],
    "pressure": ["none", "focal_oedema_on_imaging", "diffuse_oedema"],
    "fatal": [False, True],
}
assessments = st.builds(
    Assessment,
    testable=st.sampled_from([None, "yes", "no_unarousable", "no_language_sedation_other"]),
    consciousness_other_cause=st.none() | st.booleans(),
    fatal=st.booleans(),
    **{axis: st.none() | st.sampled_from(order) for axis, order in ORDERS.items() if axis != "fatal"},
)


@given(assessments)
def test_any_assessment_has_a_grade_from_0_to_5_or_none(found: Assessment) -> None:
    assert icans_grade(found).number in (None, 0, 1, 2, 3, 4, 5)


@given(assessments, st.data())
def test_a_worse_axis_never_lowers_the_grade(found: Assessment, data: st.DataObject) -> None:
    axis = data.draw(st.sampled_from(sorted(ORDERS)))
    order = ORDERS[axis]
    better = data.draw(st.integers(0, len(order) - 1))
    worse = data.draw(st.integers(better, len(order) - 1))
    grades = [icans_grade(replace(found, **{axis: order[at]})).number for at in (better, worse)]
    assert (grades[0] or 0) <= (grades[1] or 0)


@given(assessments)
def test_only_death_is_grade_5(found: Assessment) -> None:
    assert (icans_grade(found).number == 5) == found.fatal
