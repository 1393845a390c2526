"""GVHD: organ values of the acute form and organ scores of the chronic one, from which the engines must
arrive at the timeline's grade and severity."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from patients.builder.story import PageRow, Story
from patients.builder.timeline import Severity
from patients.forms.acute_gvhd import BEFORE_GRAFT

_NO_SIGN: dict[str, Any] = {
    "ag_skin_bsa": Decimal("0.0"),
    "ag_skin_bullae": False,
    "ag_ugi": "none_or_intermittent",
    "ag_stool_mode": "no_diarrhoea",
    "ag_lgi_severe": False,
}
NORMAL_BILIRUBIN = ("6.0", "20.0")


@dataclass(frozen=True, slots=True)
class Steroid:
    """What GVHD is treated with, from its onset to its resolution, if there is one."""

    name: str
    dose_mg: str
    dexamethasone_mg: Decimal
    route: str
    start: date
    end: date | None

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


def steroids(story: Story) -> Iterator[Steroid]:
    """Acute GVHD from grade II, chronic from moderate."""
    facts = story.facts
    if (facts.agvhd_max_grade or 0) >= 2 and facts.agvhd_onset_date:
        name, since, until = "methylprednisolone", facts.agvhd_onset_date, facts.agvhd_resolved_date
        yield Steroid(name, "60", Decimal("11.3"), "INTRAVENOUS", since, until)
    if facts.cgvhd_onset_date and facts.cgvhd_severity is not Severity.MILD:
        yield Steroid("prednisolone", "40", Decimal("6.0"), "ORAL", facts.cgvhd_onset_date, None)


def acute_gvhd(story: Story) -> Iterator[PageRow]:
    """AGVHD: at the visits that ask for it, on the day of onset and on that of resolution."""
    for day, visit in _days(story, "AGVHD", _acute_days(story)):
        yield PageRow(form="AGVHD", day=day, visit=visit, values=_acute_page(story, day))


def _acute_days(story: Story) -> list[date]:
    facts = story.facts
    return [day for day in (facts.agvhd_onset_date, facts.agvhd_resolved_date) if day is not None]


def _days(story: Story, form: str, needed: list[date]) -> list[tuple[date, str | None]]:
    """The days that must be there first, each at its visit or unscheduled; then the visits that are left."""
    taken: set[str] = set()
    found: dict[date, str | None] = {}
    for day in sorted(set(needed)):
        found[day] = story.visit_on(form, day, taken)
        taken |= {visit for visit in (found[day],) if visit}
    for visit in story.visits_after_infusion(form):
        day = story.day_of_visit(visit)
        if visit.code not in taken and day not in found and day <= story.facts.last_contact_date:
            found[day] = visit.code
    return sorted(found.items(), key=lambda pair: pair[0])


def acute_grade_on(story: Story, day: date) -> int:
    """The peak on the day of onset, grade I from then to the day before the resolution."""
    facts = story.facts
    if not facts.agvhd_max_grade or facts.agvhd_onset_date is None or day < facts.agvhd_onset_date:
        return 0
    if day == facts.agvhd_onset_date:
        return facts.agvhd_max_grade
    return 1 if facts.agvhd_resolved_date is None or day < facts.agvhd_resolved_date else 0


def _acute_page(story: Story, day: date) -> dict[str, Any]:
    grade, grafted = acute_grade_on(story, day), story.facts.hsct_date
    after_graft = grafted is not None and day >= grafted
    values = {
        "ag_dt": day,
        "ag_phase": "hsct" if after_graft else BEFORE_GRAFT,
        "ag_bili": story.decimal(f"AGVHD bili {day}", *NORMAL_BILIRUBIN),
    }
    values |= _NO_SIGN | _organs(story, day, grade)
    if grade:
        values |= _episode(story, grade)
    if day == story.facts.agvhd_resolved_date:
        values["ag_resolved_dt"] = day
    return values


def _organs(story: Story, day: date, grade: int) -> dict[str, Any]:
    """I: rash of less than half the skin. II: more of it. III: diarrhoea of 1 to 1.5 L. IV: severe pain."""
    rash = story.decimal(f"AGVHD skin {day}", "10.0", "45.0")
    signs: dict[int, dict[str, Any]] = {
        0: {},
        1: {"ag_skin_bsa": rash},
        2: {"ag_skin_bsa": story.decimal(f"AGVHD skin {day}", "55.0", "80.0")},
        3: {
            "ag_skin_bsa": rash,
            "ag_stool_mode": "volume",
            "ag_stool_ml": story.number(f"AGVHD stool {day}", 1050, 1450),
        },
        4: {
            "ag_skin_bsa": rash,
            "ag_stool_mode": "volume",
            "ag_stool_ml": story.number(f"AGVHD stool {day}", 1600, 2600),
            "ag_lgi_severe": True,
        },
    }
    return signs[grade]


def _episode(story: Story, grade: int) -> dict[str, Any]:
    peak = story.facts.agvhd_max_grade or 0
    treated = peak >= 2
    values: dict[str, Any] = {
        "ag_confidence": "probable",
        "ag_biopsy": ["none"],
        "ag_tx": ["steroid"] if treated else ["topical"],
        "ag_onset_dt": story.facts.agvhd_onset_date,
    }
    return values | ({"ag_steroid_ref": "response"} if treated else {})


def chronic_gvhd(story: Story) -> Iterator[PageRow]:
    """CGVHD: at the visits that ask for it, and on the day of onset."""
    onset = story.facts.cgvhd_onset_date
    for day, visit in _days(story, "CGVHD", [onset] if onset else []):
        yield PageRow(form="CGVHD", day=day, visit=visit, values=_chronic_page(story, day))


def _chronic_page(story: Story, day: date) -> dict[str, Any]:
    onset = story.facts.cgvhd_onset_date
    present = onset is not None and onset <= day
    values: dict[str, Any] = {"cg_dt": day, "cg_present": present}
    if not present:
        return values
    if day == onset:
        values["cg_onset_type"] = "quiescent" if story.facts.agvhd_max_grade else "de_novo"
    overlap = {"cg_overlap": acute_grade_on(story, day) >= 1}
    return values | _scores(story) | overlap | _chronic_treatment(story, day)


def _scores(story: Story) -> dict[str, Any]:
    """Mild: mouth alone. Moderate: three organs. Severe: an organ at 3."""
    severity = story.facts.cgvhd_severity
    scores = dict.fromkeys(
        (
            "cg_skin_bsa",
            "cg_skin_feat",
            "cg_eyes",
            "cg_gi",
            "cg_liver",
            "cg_lung_sx",
            "cg_joint",
            "cg_genital",
        ),
        "0",
    ) | {"cg_mouth": "1"}
    if severity is Severity.MODERATE:
        scores |= {"cg_eyes": "1", "cg_skin_bsa": "1"}
    if severity is Severity.SEVERE:
        scores |= {"cg_skin_bsa": "3"}
    return scores | {
        "cg_diag_signs": "lichen-like changes of the mouth",
        "cg_nonGVHD": ["none"],
    }


def _chronic_treatment(story: Story, day: date) -> dict[str, Any]:
    treated = story.facts.cgvhd_severity is not Severity.MILD
    values: dict[str, Any] = {"cg_systemic_tx": treated}
    return values | ({"cg_tx_start": story.facts.cgvhd_onset_date} if treated else {})
