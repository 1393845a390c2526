"""Neurotoxicity (ICANS) of adults, ASTCT consensus (Lee et al., Biol Blood Marrow Transplant 2019;25:625).

The grade is the worst axis. Tremor, myoclonus and intracranial bleeding do not count. An ICE score of 0 is
grade 3 in somebody who is awake (global aphasia) and grade 4 in somebody who cannot be roused.
"""

from collections.abc import Collection
from dataclasses import dataclass

from patients.grading.result import Flag, Graded, worst

VERSION = "ASTCT 2019 ICANS/1"
TESTED, UNAROUSABLE = "yes", "no_unarousable"
ICE_FROM_POINTS = (10, 7, 3)  # grades 0, 1 and 2 from here up; below the last grade 3

_CONSCIOUSNESS = {
    "alert": 0,
    "awakens_spontaneously": 1,
    "awakens_to_voice": 2,
    "awakens_only_to_touch": 3,
    "vigorous_stimulus_unarousable_stupor_coma": 4,
}
_SEIZURE = {
    "none": 0,
    "clinical_resolves_rapidly": 3,
    "eeg_only_resolves_with_treatment": 3,
    "prolonged_gt5_min": 4,
    "repetitive_without_return_to_baseline": 4,
}
_PRESSURE = {
    "none": 0,
    "focal_oedema_on_imaging": 3,
    "diffuse_oedema": 4,
    "decerebrate_decorticate_posture": 4,
    "vi_nerve_palsy": 4,
    "papilloedema": 4,
    "cushing_triad": 4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One assessment; None is not recorded.

    `testable` is yes, no_unarousable, or any other word for somebody not tested for another reason (sedation,
    language). `consciousness_other_cause`: something else explains the reduced consciousness.
    """

    testable: str | None = None
    ice: int | None = None
    consciousness: str | None = None
    consciousness_other_cause: bool | None = None
    seizure: str | None = None
    deep_weakness: bool | None = None
    pressure: str | None = None
    fatal: bool = False


def ice_score(testable: str | None, points: Collection[int | None]) -> int | None:
    """The ICE score, 0 to 10: the sum of its items, and 0 in somebody who cannot be roused.

    None for somebody not tested for another reason, and where an item is missing.
    """
    if testable == UNAROUSABLE:
        return 0
    known = [point for point in points if point is not None]
    return sum(known) if testable == TESTED and len(known) == len(points) else None


def icans_grade(given: Assessment) -> Graded:
    """Grade 0 to 5; without an ICE score the other axes grade, and the flag says that it is missing."""
    if given.fatal:
        return Graded("5", "ICA-5", VERSION, ("fatal",))
    axes = {
        "ice": _ice(given),
        "consciousness": _consciousness(given),
        "seizure": _SEIZURE.get(given.seizure or ""),
        "deep_weakness": None if given.deep_weakness is None else 4 * given.deep_weakness,
        "pressure": _PRESSURE.get(given.pressure or ""),
    }
    return worst(axes, "ICA", VERSION, (Flag.ICE_MISSING,) if axes["ice"] is None else ())


def _ice(given: Assessment) -> int | None:
    """7 to 9 points 1, 3 to 6 points 2, 0 to 2 points 3; not to be roused 4."""
    if given.testable == UNAROUSABLE:
        return 4
    if given.testable not in (None, TESTED) or given.ice is None:
        return None
    return sum(given.ice < points for points in ICE_FROM_POINTS)


def _consciousness(given: Assessment) -> int | None:
    """Left out where something else explains it."""
    return None if given.consciousness_other_cause else _CONSCIOUSNESS.get(given.consciousness or "")
