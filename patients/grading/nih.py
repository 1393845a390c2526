"""Chronic GVHD, global severity of the NIH consensus 2014 (Jagasia et al., Biol Blood Marrow Transplant
2015;21:389). Organ cut-offs are from memory and await confirmation."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from decimal import Decimal

from patients.grading.result import Graded

VERSION = "NIH 2014/1"
FEV1_FROM_PCT = (80, 60, 40)  # lung 0, 1, 2 from here up; below 3
BILIRUBIN_SEVERE_ABOVE_UMOL_PER_L = Decimal("51.3")  # 3 mg/dL
INVOLVED_ORGANS_MODERATE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganScores:
    """Scores 0 to 3 of the eight organs; None is not examined. `other_cause` names the organs that something
    else explains fully: they are left out. A mixed cause counts in full."""

    skin: int | None = None
    mouth: int | None = None
    eyes: int | None = None
    gi: int | None = None
    liver: int | None = None
    lung: int | None = None
    joints: int | None = None
    genital: int | None = None
    other_cause: Collection[str] = ()


def lung_score(*, fev1_pct: int | None, symptoms: int | None) -> int | None:
    """By FEV1 in percent predicted where it is known, else by symptoms."""
    if fev1_pct is None:
        return symptoms
    return sum(fev1_pct < limit for limit in FEV1_FROM_PCT)


def liver_score(
    *,
    bilirubin_umol_per_l: Decimal,
    bilirubin_uln: Decimal,
    alt_times_uln: Decimal,
    alp_times_uln: Decimal,
) -> int:
    """Bilirubin above 3 mg/dL 3; raised, or ALT above 5 ULN, 2; ALT from 3 or ALP from 3 times ULN 1."""
    if bilirubin_umol_per_l > BILIRUBIN_SEVERE_ABOVE_UMOL_PER_L:
        return 3
    if bilirubin_umol_per_l > bilirubin_uln or alt_times_uln > 5:
        return 2
    return 1 if alt_times_uln >= 3 or alp_times_uln >= 3 else 0


def nih_global(scores: OrganScores) -> Graded:
    """none, mild, moderate or severe; None if no organ was examined."""
    counted = {
        field.name: score
        for field in fields(scores)
        if field.name != "other_cause"
        and field.name not in scores.other_cause
        and (score := getattr(scores, field.name)) is not None
    }
    if not counted:
        return Graded(None, "NIH-EMPTY", VERSION)
    involved = {organ: score for organ, score in counted.items() if score > 0}
    code = _severity(involved)
    return Graded(code, f"NIH-{code.upper()}", VERSION, tuple(involved or counted))


def _severity(involved: dict[str, int]) -> str:
    """Severe: any organ 3, or lung 2. Moderate: any other organ 2, lung 1, or three organs. Else mild."""
    lung = involved.get("lung", 0)
    if lung >= 2 or 3 in involved.values():
        return "severe"
    if lung == 1 or 2 in involved.values() or len(involved) >= INVOLVED_ORGANS_MODERATE:
        return "moderate"
    return "mild" if involved else "none"
