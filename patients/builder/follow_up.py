"""Follow-up: vital and disease status at the visits, and at the last contact."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from patients.builder.story import PageRow, Story
from patients.builder.timeline import Severity

TREATED_FROM_GRADE = 2  # acute GVHD from this grade up is treated systemically


def follow_up(story: Story) -> Iterator[PageRow]:
    """FU: at each visit whose window closed before the last contact, and on its day. A window that holds the
    last contact has it as its visit. Who died was seen that day, alive and with a disease status: so a death
    later than a cut-off proves, like any contact, how the subject was at it. The death itself is DTH's."""
    last, filled = story.facts.last_contact_date, []
    for visit in story.visits_after_infusion("FU"):
        day = story.day_of_visit(visit)
        if visit.closes and visit.closes < last and story.visit_on("FU", day) == visit.code:
            filled.append(visit.code)
            yield _page(story, day, visit.code, "visit")
    visit_code = story.visit_on("FU", last, taken=filled)
    yield _page(story, last, visit_code, "record_review" if story.died else _contact(story, visit_code))


def _contact(story: Story, visit: str | None) -> str:
    return "visit" if visit else story.one_of("FU fu_contact", ("phone", "visit"))


def _page(story: Story, day: date, visit: str | None, contact: str) -> PageRow:
    status: dict[str, Any] = {"fu_contact": contact, "fu_dt": day, "fu_status": "ALIVE"}
    events = {"fu_second_ca": "no", "fu_new_ae": False}
    values = status | _disease(story, day) | _gvhd(story, day) | events
    return PageRow(form="FU", day=day, visit=visit, values=values)


def _disease(story: Story, day: date) -> dict[str, Any]:
    if story.relapsed_by(day):
        return {"fu_disease": "relapse_progression"}
    return {"fu_disease": _free_of_disease(story, day), "fu_dz_dt": day}


def _free_of_disease(story: Story, day: date) -> str:
    if not story.in_cri_by(day):
        return "no_remission_no_progression"
    return "remission_mrd_neg" if story.is_mrd_negative else "remission_mrd_pos"


def _gvhd(story: Story, day: date) -> dict[str, Any]:
    acute, chronic = _acute_active(story, day), _chronic_active(story, day)
    active = "both" if acute and chronic else "acute" if acute else "chronic" if chronic else "none"
    treated = (acute and (story.facts.agvhd_max_grade or 0) >= TREATED_FROM_GRADE) or (
        chronic and story.facts.cgvhd_severity is not Severity.MILD
    )
    return {"fu_gvhd_active": active, "fu_ist": treated}


def _acute_active(story: Story, day: date) -> bool:
    onset, resolved = story.facts.agvhd_onset_date, story.facts.agvhd_resolved_date
    return onset is not None and onset <= day and (resolved is None or day < resolved)


def _chronic_active(story: Story, day: date) -> bool:
    onset = story.facts.cgvhd_onset_date
    return onset is not None and onset <= day
