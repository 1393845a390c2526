"""Cytokine release syndrome, ASTCT consensus (Lee et al., Biol Blood Marrow Transplant 2019;25:625).

Fever is 38.0 °C or more without another cause. After antipyretics, anti-cytokine treatment or steroids it is
no longer needed. Hypotension and hypoxia are graded by what they need; organ toxicity never raises the grade.
"""

from dataclasses import dataclass
from decimal import Decimal

from patients.grading.result import Graded, worst

VERSION = "ASTCT 2019/1"
LOW_FLOW_UP_TO_L_PER_MIN = Decimal("6")

_OXYGEN = {
    "none": 0,
    "blow_by": 2,
    "mask": 3,
    "venturi": 3,
    "non_rebreather": 3,
    "positive_pressure": 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrsDay:
    """One day; None is not recorded. `vasopressors` does not count vasopressin. `oxygen` is the support for
    hypoxia: none, nasal_cannula, blow_by, high_flow, mask, venturi, non_rebreather, positive_pressure."""

    fever: bool | None = None
    fever_masked: bool | None = None
    hypotension: bool | None = None
    vasopressors: int | None = None
    vasopressin: bool | None = None
    hypoxia: bool | None = None
    oxygen: str | None = None
    oxygen_l_per_min: Decimal | None = None
    airway_protection_only: bool | None = None
    fatal: bool = False


def crs_grade(day: CrsDay) -> Graded:
    """Grade 0 to 5 of a day; None if nothing about fever is recorded.

    CRS cannot start without fever: without it, and without treatment that masks it, the day is grade 0.
    """
    if day.fatal:
        return Graded("5", "CRS-5", VERSION, ("fatal",))
    if day.fever is None and day.fever_masked is None:
        return Graded(None, "CRS-EMPTY", VERSION)
    if not day.fever and not day.fever_masked:
        return Graded("0", "CRS-0", VERSION, ("fever", "fever_masked"))
    axes = {"fever": 1, "hypotension": _hypotension(day), "hypoxia": _hypoxia(day)}
    return worst(axes, "CRS", VERSION)


def _hypotension(day: CrsDay) -> int | None:
    """None 0; without pressor 2; one pressor, or vasopressin alone, 3; two or more 4."""
    if not day.hypotension:
        return None if day.hypotension is None else 0
    pressors = day.vasopressors or 0
    if pressors >= 2:
        return 4
    return 3 if pressors == 1 or day.vasopressin else 2


def _hypoxia(day: CrsDay) -> int | None:
    """Low-flow nasal cannula or blow-by 2; more, or a mask, 3; positive pressure 4, unless it only protects
    the airway. Hypoxia without a recorded support counts as low flow."""
    if not day.hypoxia:
        return None if day.hypoxia is None else 0
    if day.oxygen == "positive_pressure" and day.airway_protection_only:
        return 0
    if day.oxygen in ("nasal_cannula", "high_flow"):
        return _by_flow(day)
    return _OXYGEN.get(day.oxygen or "", 2)


def _by_flow(day: CrsDay) -> int:
    flow = day.oxygen_l_per_min
    if flow is None:
        return 3 if day.oxygen == "high_flow" else 2
    return 2 if flow <= LOW_FLOW_UP_TO_L_PER_MIN else 3
