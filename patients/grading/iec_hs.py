"""Hyperinflammation after immune effector cells (IEC-HS, Hines et al. 2023), from memory: to be confirmed.

The engine suggests; the diagnosis and its grade stay with the investigator. Grades: 1 mild, observed; 2 needs
treatment; 3 severe, in hospital, or bleeding with transfusion; 4 life-threatening; 5 death.
"""

from dataclasses import dataclass, fields

from patients.grading.result import Graded

VERSION = "IEC-HS 2023/1"
SIGNS_NEEDED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """Y, N or None for not recorded. `ferritin` is the required criterion: above twice the upper limit or the
    baseline, or rising fast. `transaminases`: above 5 times; `fibrinogen`: below 1.5 g/L or the lower limit.
    """

    ferritin: bool | None = None
    after_crs_improved: bool | None = None
    transaminases: bool | None = None
    fibrinogen: bool | None = None
    haemophagocytosis: bool | None = None
    cytopenia: bool | None = None


def suggests_iec_hs(signs: Signs) -> Graded:
    """Y with the ferritin criterion and two other signs, else N; None while the criterion is not known.

    A sign that is not recorded does not count.
    """
    if signs.ferritin is None:
        return Graded(None, "IEC-EMPTY", VERSION)
    if not signs.ferritin:
        return Graded("N", "IEC-FERRITIN", VERSION, ("ferritin",))
    found = tuple(
        sign.name for sign in fields(signs) if sign.name != "ferritin" and getattr(signs, sign.name)
    )
    suggested = len(found) >= SIGNS_NEEDED
    return Graded(
        "Y" if suggested else "N",
        "IEC-SUGGESTED" if suggested else "IEC-FEW-SIGNS",
        VERSION,
        ("ferritin", *found),
    )
