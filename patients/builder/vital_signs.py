"""Vital signs: at each visit that asks for them, with the fever and the oxygen of the day's CRS."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from patients.builder import crs
from patients.builder.encounters import encounters
from patients.builder.screening import SCREENING
from patients.builder.story import PageRow, Story
from patients.builder.treatment import weight_at_infusion
from patients.forms.vital_signs import performance_is_asked_at


def vital_signs(story: Story) -> Iterator[PageRow]:
    """VS: from screening to the last contact."""
    pages = encounters(story, "VS") | {story.screened_on: SCREENING}
    for day, visit in sorted(pages.items()):
        yield PageRow(form="VS", day=day, visit=visit, values=_measured(story, day, visit))


def _measured(story: Story, day: date, visit: str) -> dict[str, Any]:
    values: dict[str, Any] = {
        "vs_dt": story.moment(f"VS {day}", day, from_hour=8, to_hour=10),
        "vs_temp": story.decimal(f"VS temp {day}", "36.2", "37.3"),
        "vs_sbp": story.number(f"VS sbp {day}", 98, 132),
        "vs_dbp": story.number(f"VS dbp {day}", 56, 84),
        "vs_hr": story.number(f"VS hr {day}", 64, 104),
        "vs_rr": story.number(f"VS rr {day}", 14, 22),
        "vs_spo2": story.number(f"VS spo2 {day}", 95, 99),
        "vs_o2": "none",
        "vs_weight": weight_at_infusion(story) - story.decimal(f"VS weight {day}", "0.0", "1.5"),
    }
    if performance_is_asked_at(visit):
        values["ecog"] = "1"
    return values | _of_cytokine_release(story, day)


def _of_cytokine_release(story: Story, day: date) -> dict[str, Any]:
    """The same fever and support as the daily form of CRS."""
    if not crs.grade_on(story, day):
        return {}
    components = crs.components_on(story, day)
    values: dict[str, Any] = {"vs_temp": components["crs_tmax"], "vs_o2": components.get("crs_o2", "none")}
    if components["crs_hypot"]:
        values |= {"vs_sbp": 84, "vs_dbp": 48}
    if components["crs_hypox"]:
        values["vs_spo2"] = 89
    return values | {"vs_hr": story.number(f"VS hr fever {day}", 108, 128)}
