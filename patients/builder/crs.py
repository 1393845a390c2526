"""Cytokine release: daily components from which the engine must arrive at the timeline's grade."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.builder import gvhd
from patients.builder.story import PageRow, Story

DAILY_TO_CAR_DAY = 14
AFTER_RESOLUTION_DAYS = 2  # days without it that close the episode
FEVER = {1: ("38.2", "39.2"), 2: ("38.5", "39.8"), 3: ("38.8", "40.2"), 4: ("39.0", "40.5")}
_ON_FLUIDS = {"crs_hypot": True, "crs_pressor_n": 0, "crs_vasopressin": False}
_ONE_PRESSOR = {"crs_hypot": True, "crs_pressor_n": 1, "crs_vasopressin": False}
_TWO_PRESSORS = {"crs_hypot": True, "crs_pressor_n": 2, "crs_vasopressin": False}


def grade_on(story: Story, day: date) -> int:
    """The peak on the day of onset, grade 1 from then to the day before the resolution."""
    facts = story.facts
    if not facts.crs_max_grade or facts.crs_onset_date is None or day < facts.crs_onset_date:
        return 0
    if day == facts.crs_onset_date:
        return facts.crs_max_grade
    return 1 if facts.crs_resolved_date is None or day < facts.crs_resolved_date else 0


def cytokine_release(story: Story) -> Iterator[PageRow]:
    """CRS: each day from the infusion to day 14, to its onset, or until it has been gone for two days."""
    days = _days(story)
    taken: set[str] = set()
    for day in days:
        visit = "C0" if day == story.facts.cart_infusion_date else story.visit_on("CRS", day, taken)
        taken |= {visit} if visit else set()
        values = components_on(story, day)
        if day == days[-1]:
            values |= _outcome(story, days)
        yield PageRow(form="CRS", day=day, visit=visit, values=values)


def _days(story: Story) -> list[date]:
    infused = story.facts.cart_infusion_date
    if infused is None:
        return []
    last = infused + timedelta(DAILY_TO_CAR_DAY)
    if story.facts.crs_onset_date:
        last = max(last, story.facts.crs_onset_date)
    if story.facts.crs_resolved_date:
        last = max(last, story.facts.crs_resolved_date + timedelta(AFTER_RESOLUTION_DAYS - 1))
    last = min(last, story.facts.last_contact_date)
    return [infused + timedelta(step) for step in range((last - infused).days + 1)]


def _outcome(story: Story, days: list[date]) -> dict[str, Any]:
    """Of an episode that has ended, and of one that lasted until death."""
    if _closed(story, days):
        return {"crs_outcome": "RECOVERED/RESOLVED"}
    died = story.facts.death_date
    lasted = died is not None and grade_on(story, days[-1]) >= 1 and (died - days[-1]).days <= 1
    return {"crs_outcome": "NOT RECOVERED/NOT RESOLVED"} if lasted else {}


def _closed(story: Story, days: list[date]) -> bool:
    """Whether two days in a row without it follow the onset."""
    onset = story.facts.crs_onset_date
    if not story.facts.crs_max_grade or onset is None:
        return False
    gone = [day for day in days if day > onset and grade_on(story, day) == 0]
    return len(gone) >= AFTER_RESOLUTION_DAYS


def components_on(story: Story, day: date) -> dict[str, Any]:
    """What the daily form says of a day."""
    grade = grade_on(story, day)
    values: dict[str, Any] = {
        "crs_episode": 1,
        "crs_date": day,
        "crs_fever": grade >= 1,
        "crs_tmax": _temperature(story, day, grade),
        "crs_fever_masked": False,
        "crs_hypot": False,
        "crs_hypox": False,
        "crs_toci": 1 if is_treated(story, day) else 0,
        "crs_other_tx": ["none"],
        "crs_icu": grade >= 4,
    }
    return values | _steroid(story, day) | _support(story, day, grade)


def is_treated(story: Story, day: date) -> bool:
    """With tocilizumab, from grade 2 up."""
    return grade_on(story, day) >= 2


def has_steroid(story: Story, day: date) -> bool:
    return grade_on(story, day) >= 3


def _steroid(story: Story, day: date) -> dict[str, Any]:
    """For CRS, else what is given for GVHD."""
    if has_steroid(story, day):
        return {"crs_steroid": "dexamethasone", "crs_steroid_mg": Decimal("10.0")}
    given = next((steroid for steroid in gvhd.steroids(story) if steroid.covers(day)), None)
    if given is None:
        return {"crs_steroid": "none"}
    named = given.name if given.name == "methylprednisolone" else "other"
    return {"crs_steroid": named, "crs_steroid_mg": given.dexamethasone_mg}


def _temperature(story: Story, day: date, grade: int) -> Decimal:
    low, high = FEVER.get(grade, ("36.3", "37.4"))
    return story.decimal(f"CRS tmax {day}", low, high)


def _support(story: Story, day: date, grade: int) -> dict[str, Any]:
    """What makes the grade: fluids or low-flow oxygen 2, one pressor or a mask 3, two or pressure 4."""
    by_pressure = story.one_of(f"CRS axis {day}", (True, False))
    if grade == 2:
        return (
            _ON_FLUIDS if by_pressure else _oxygen("nasal_cannula", story.decimal("CRS flow", "2.0", "4.0"))
        )
    if grade == 3:
        return _ONE_PRESSOR if by_pressure else _oxygen("mask")
    if grade == 4:
        return _TWO_PRESSORS if by_pressure else _oxygen("positive_pressure") | {"crs_ppv_airway": False}
    return {}


def _oxygen(support: str, flow: Decimal | None = None) -> dict[str, Any]:
    values: dict[str, Any] = {"crs_hypox": True, "crs_o2": support}
    return values | ({"crs_o2_flow": flow} if flow is not None else {})
