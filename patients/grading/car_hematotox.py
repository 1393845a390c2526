"""CAR-HEMATOTOX: the risk of long cytopenia after CAR T cells, from the counts before lymphodepletion.

The weighting of platelets and ferritin and the limit of 2 points were read at european-mcl.net; the other
cut-offs are from memory and await confirmation. Validated in B-cell lymphoma, and exploratory here.
"""

from dataclasses import dataclass
from decimal import Decimal

from patients.grading.result import Flag, Graded

VERSION = "CAR-HEMATOTOX/1"
HIGH_FROM_POINTS = 2
NEUTROPHILS_BELOW_10E9_PER_L = Decimal("1.2")
HAEMOGLOBIN_BELOW_G_PER_L = Decimal(90)
PLATELETS_ONE_UP_TO, PLATELETS_TWO_BELOW = Decimal(175), Decimal(75)  # 10^9/L
CRP_ABOVE_MG_PER_L = Decimal(30)
FERRITIN_ONE_FROM, FERRITIN_TWO_ABOVE = Decimal(650), Decimal(2000)  # ug/L


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeLymphodepletion:
    """The last results before the first dose, in SI units; None where there is none."""

    neutrophils: Decimal | None
    haemoglobin: Decimal | None
    platelets: Decimal | None
    crp: Decimal | None
    ferritin: Decimal | None


def car_hematotox(results: BeforeLymphodepletion) -> Graded:
    """0 to 7 points, `high` or `low` risk by rule and flag; no score where a result is missing."""
    points = _points(results)
    known = {name: value for name, value in points.items() if value is not None}
    if len(known) < len(points):
        return Graded(None, "CHT-EMPTY" if not known else "CHT-INCOMPLETE", VERSION, tuple(known))
    score = sum(known.values())
    risk = Flag.HIGH_RISK if score >= HIGH_FROM_POINTS else Flag.LOW_RISK
    scored = tuple(name for name, value in known.items() if value)
    return Graded(str(score), f"CHT-{risk.upper()}", VERSION, scored or tuple(known), (risk,))


def _points(results: BeforeLymphodepletion) -> dict[str, int | None]:
    def one_if(value: Decimal | None, is_so: bool) -> int | None:
        return None if value is None else int(is_so)

    neutrophils, haemoglobin, crp = results.neutrophils, results.haemoglobin, results.crp
    return {
        "neutrophils": one_if(
            neutrophils, neutrophils is not None and neutrophils < NEUTROPHILS_BELOW_10E9_PER_L
        ),
        "haemoglobin": one_if(
            haemoglobin, haemoglobin is not None and haemoglobin < HAEMOGLOBIN_BELOW_G_PER_L
        ),
        "platelets": _of_platelets(results.platelets),
        "crp": one_if(crp, crp is not None and crp > CRP_ABOVE_MG_PER_L),
        "ferritin": _of_ferritin(results.ferritin),
    }


def _of_platelets(count: Decimal | None) -> int | None:
    if count is None:
        return None
    return 2 if count < PLATELETS_TWO_BELOW else int(count <= PLATELETS_ONE_UP_TO)


def _of_ferritin(level: Decimal | None) -> int | None:
    if level is None:
        return None
    return 2 if level > FERRITIN_TWO_ABOVE else int(level >= FERRITIN_ONE_FROM)
