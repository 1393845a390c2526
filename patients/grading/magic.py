"""Acute GVHD, MAGIC criteria for adults (Harris et al., Biol Blood Marrow Transplant 2016;22:4).

Adult values apply above 50 kg. The liver is not downstaged for other causes. An episode of diarrhoea that was
not measured counts as 200 mL. The table of the overall grade is from memory and awaits confirmation.
"""

from dataclasses import dataclass
from decimal import Decimal

from patients.grading.result import Graded, worst

VERSION = "MAGIC 2016/1"
SKIN_STAGE_2_FROM_PCT = Decimal("25")
SKIN_STAGE_2_UP_TO_PCT = Decimal("50")
# Bilirubin 2, 3, 6 and 15 mg/dL in µmol/L (17.1 each).
LIVER_STAGE_1_FROM_UMOL_PER_L = Decimal("34.2")
LIVER_STAGE_UP_TO_UMOL_PER_L = (Decimal("51.3"), Decimal("102.6"), Decimal("256.5"))
STOOL_FROM_ML_PER_DAY = (500, 1000, 1501)  # stages 1, 2, 3
EPISODES_FROM_PER_DAY = (3, 5, 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganValues:
    """Organ values of one day; None is not recorded."""

    skin_bsa_pct: Decimal | None = None
    skin_bullae: bool | None = None
    bilirubin_umol_per_l: Decimal | None = None
    upper_gi_persistent: bool | None = None
    stool_ml_per_day: int | None = None
    stool_episodes_per_day: int | None = None
    lower_gi_severe: bool | None = None


@dataclass(frozen=True, slots=True)
class MagicGrade:
    """The stage of each organ (None: not recorded) and the overall grade 0 to 4."""

    skin: int | None
    liver: int | None
    upper_gi: int | None
    lower_gi: int | None
    overall: Graded


def magic_grade(values: OrganValues) -> MagicGrade:
    """Stages and overall grade. Unknown organs do not count; not gradable only if none is known."""
    skin, liver = skin_stage(values), liver_stage(values)
    upper, lower = upper_gi_stage(values), lower_gi_stage(values)
    return MagicGrade(skin, liver, upper, lower, overall(skin, liver, upper, lower))


def skin_stage(values: OrganValues) -> int | None:
    """Below 25 % of the body surface 1, 25 to 50 % 2, above 3; erythroderma with bullae 4."""
    if values.skin_bullae:
        return 4
    extent = values.skin_bsa_pct
    if extent is None:
        return None
    if extent == 0:
        return 0
    if extent < SKIN_STAGE_2_FROM_PCT:
        return 1
    return 2 if extent <= SKIN_STAGE_2_UP_TO_PCT else 3


def liver_stage(values: OrganValues) -> int | None:
    bilirubin = values.bilirubin_umol_per_l
    if bilirubin is None:
        return None
    if bilirubin < LIVER_STAGE_1_FROM_UMOL_PER_L:
        return 0
    return 1 + sum(bilirubin > limit for limit in LIVER_STAGE_UP_TO_UMOL_PER_L)


def upper_gi_stage(values: OrganValues) -> int | None:
    return None if values.upper_gi_persistent is None else int(values.upper_gi_persistent)


def lower_gi_stage(values: OrganValues) -> int | None:
    """By volume or by episodes, whichever is recorded (the higher of both); severe pain or bloody stool 4."""
    if values.lower_gi_severe:
        return 4
    measured = (
        (values.stool_ml_per_day, STOOL_FROM_ML_PER_DAY),
        (values.stool_episodes_per_day, EPISODES_FROM_PER_DAY),
    )
    stages = [sum(value >= limit for limit in limits) for value, limits in measured if value is not None]
    return max(stages, default=None)


def overall(skin: int | None, liver: int | None, upper_gi: int | None, lower_gi: int | None) -> Graded:
    """0 none; I skin 1-2 only; II skin 3, liver 1, upper GI 1 or lower GI 1; III liver or lower GI 2-3; IV a
    stage 4."""
    grades = {
        "skin": _of_skin(skin),
        "liver": _of_viscera(liver),
        "upper_gi": None if upper_gi is None else 2 * upper_gi,
        "lower_gi": _of_viscera(lower_gi),
    }
    return worst(grades, "MAGIC", VERSION)


def _of_skin(stage: int | None) -> int | None:
    return None if stage is None else {0: 0, 1: 1, 2: 1, 3: 2, 4: 4}[stage]


def _of_viscera(stage: int | None) -> int | None:
    return None if stage is None else {0: 0, 1: 2, 2: 3, 3: 3, 4: 4}[stage]
