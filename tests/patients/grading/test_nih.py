"""Chronic GVHD by NIH 2014: worked cases and monotony."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.grading.nih import OrganScores, liver_score, lung_score, nih_global

ORGANS = ("skin", "mouth", "eyes", "gi", "liver", "lung", "joints", "genital")
NONE = OrganScores(**dict.fromkeys(ORGANS, 0))
SEVERITY = ("none", "mild", "moderate", "severe")
CASES: dict[str, tuple[dict[str, object], str]] = {
    "NIH-01": ({}, "none"),
    "NIH-02": ({"mouth": 1}, "mild"),
    "NIH-04": ({"mouth": 1, "eyes": 1, "skin": 1}, "moderate"),
    "NIH-06": ({"lung": 1}, "moderate"),
    "NIH-07": ({"lung": 2}, "severe"),
    "NIH-09": ({"liver": 2, "mouth": 1}, "moderate"),
    "NIH-11": ({"skin": 3, "mouth": 1, "other_cause": ("skin",)}, "mild"),
    "NIH-12": ({"joints": 3, "lung": 0}, "severe"),
}


@pytest.mark.parametrize(("scores", "expected"), CASES.values(), ids=CASES.keys())
def test_worked_case(scores: dict[str, object], expected: str) -> None:
    assert nih_global(replace(NONE, **scores)).value == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fev1", "symptoms", "expected"),
    [
        pytest.param(59, None, 2, id="NIH-14"),
        pytest.param(82, 2, 0, id="NIH-16"),
        pytest.param(None, 2, 2, id="NIH-17"),
        (80, None, 0),
        (79, None, 1),
        (60, None, 1),
        (40, None, 2),
        (39, None, 3),
        (None, None, None),
    ],
)
def test_lung(fev1: int | None, symptoms: int | None, expected: int | None) -> None:
    assert lung_score(fev1_pct=fev1, symptoms=symptoms) == expected


@pytest.mark.parametrize(
    ("bilirubin", "alt", "alp", "expected"),
    [
        pytest.param(Decimal("42.75"), 1, 1, 2, id="NIH-19"),
        pytest.param(Decimal("58.14"), 1, 1, 3, id="NIH-21"),
        (Decimal(21), 1, 1, 0),
        (Decimal(21), 3, 1, 1),
        (Decimal(21), 1, 3, 1),
        (Decimal(21), 6, 1, 2),
        (Decimal("51.3"), 1, 1, 2),
    ],
)
def test_liver(bilirubin: Decimal, alt: int, alp: int, expected: int) -> None:
    score = liver_score(
        bilirubin_umol_per_l=bilirubin,
        bilirubin_uln=Decimal(21),
        alt_times_uln=Decimal(alt),
        alp_times_uln=Decimal(alp),
    )
    assert score == expected


def test_nothing_examined_is_not_gradable() -> None:
    assert nih_global(OrganScores()).value is None


score = st.none() | st.integers(0, 3)


@given(st.builds(OrganScores, **dict.fromkeys(ORGANS, score)), st.sampled_from(ORGANS))
def test_a_worse_organ_never_lowers_the_severity(scores: OrganScores, organ: str) -> None:
    known = replace(scores, **{organ: getattr(scores, organ) or 0})
    worse = replace(known, **{organ: min(3, getattr(known, organ) + 1)})
    before, after = nih_global(known).value, nih_global(worse).value
    assert before is not None
    assert after is not None
    assert SEVERITY.index(after) >= SEVERITY.index(before)


@given(st.integers(5, 150), st.integers(5, 150), score)
def test_less_breath_never_lowers_the_lung_score(one: int, other: int, symptoms: int | None) -> None:
    worse, better = (lung_score(fev1_pct=fev1, symptoms=symptoms) for fev1 in sorted((one, other)))
    assert worse is not None
    assert better is not None
    assert 3 >= worse >= better >= 0


times = st.decimals("0", "10", places=1)


@given(
    st.decimals("1", "300", places=1),
    st.decimals("0", "300", places=1),
    times,
    times,
    times,
    times,
)
def test_worse_tests_never_lower_the_liver_score(
    bilirubin: Decimal, more: Decimal, alt: Decimal, more_alt: Decimal, alp: Decimal, more_alp: Decimal
) -> None:
    def scored(bilirubin: Decimal, alt: Decimal, alp: Decimal) -> int:
        return liver_score(
            bilirubin_umol_per_l=bilirubin,
            bilirubin_uln=Decimal(21),
            alt_times_uln=alt,
            alp_times_uln=alp,
        )

    assert scored(bilirubin + more, alt + more_alt, alp + more_alp) >= scored(bilirubin, alt, alp)


@given(st.builds(OrganScores, **dict.fromkeys(ORGANS, score)), st.sampled_from(ORGANS))
def test_an_organ_that_something_else_explains_never_raises_the_severity(
    scores: OrganScores, organ: str
) -> None:
    before = nih_global(scores).value
    after = nih_global(replace(scores, other_cause=(organ,))).value
    if before is not None and after is not None:
        assert SEVERITY.index(after) <= SEVERITY.index(before)
