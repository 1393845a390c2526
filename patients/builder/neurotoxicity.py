"""Neurotoxicity: the daily ICE test, full marks throughout: no timeline tells of ICANS."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from patients.builder.encounters import encounters
from patients.builder.story import PageRow, Story

TESTED_TO_CAR_DAY = 21
_FULL_MARKS = {"ice_orient": 4, "ice_name": 3, "ice_command": 1, "ice_write": 1, "ice_attn": 1}


def neurotoxicity(story: Story) -> Iterator[PageRow]:
    """ICANS: the baseline before the infusion, then each day that asks for it."""
    infused = story.facts.cart_infusion_date
    if infused is None:
        return
    tests = _tests(story, infused)
    for number, (day, visit) in enumerate(tests):
        values = _test(story, day, is_baseline=number == 0 and day < infused, is_last=day == tests[-1][0])
        yield PageRow(form="ICANS", day=day, visit=visit, row_key="1", values=values)


def _tests(story: Story, infused: date) -> list[tuple[date, str]]:
    """The days of a test and their visits, in order."""
    last = infused + timedelta(TESTED_TO_CAR_DAY + 2)
    return sorted((day, visit) for day, visit in encounters(story, "ICANS").items() if day <= last)


def _test(story: Story, day: date, *, is_baseline: bool, is_last: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        "ice_dt": story.moment(f"ICANS {day}", day, from_hour=8, to_hour=10),
        "ice_baseline": is_baseline,
        "ice_testable": "yes",
        "icans_loc": "alert",
        "icans_loc_other": False,
        "icans_seizure": "none",
        "icans_motor": False,
        "icans_icp": "none",
    }
    if story.died and is_last:
        values["icans_death"] = False
    return values | _FULL_MARKS
