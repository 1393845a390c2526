"""Lymphodepletion: fludarabine, cyclophosphamide and etoposide on three days."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from patients.builder.story import PageRow, Story
from patients.builder.timeline import Sex
from patients.builder.treatment import weight_at_infusion
from patients.forms.lymphodepletion import CONFIGURED, body_surface
from trial.protocol.configuration import SETTINGS

DAYS = 3
_HEIGHT_CM = {Sex.M: ("165.0", "184.0"), Sex.F: ("152.0", "172.0")}


def days_given(story: Story) -> list[date]:
    """Three days in a row from the start, all before the infusion and in the time of follow-up."""
    start, infused = story.facts.ld_start_date, story.facts.cart_infusion_date
    if start is None:
        return []
    given = [start + timedelta(step) for step in range(DAYS)]
    return [
        day for day in given if day <= story.facts.last_contact_date and (infused is None or day < infused)
    ]


def lymphodepletion(story: Story) -> Iterator[PageRow]:
    """LD: a page a day with a row for each drug, at the configured dose."""
    for number, day in enumerate(days_given(story), 1):
        for drug in CONFIGURED:
            yield PageRow(
                form="LD", day=day, visit=f"LD{number}", row_key=drug, values=_dose(story, drug, day)
            )


def _dose(story: Story, drug: str, day: date) -> dict[str, Any]:
    planned = SETTINGS[CONFIGURED[drug]].default
    assert isinstance(planned, Decimal)
    weight, height = weight_at_infusion(story), story.decimal("LD height", *_HEIGHT_CM[story.facts.sex])
    surface = body_surface(height, weight)
    assert surface is not None
    values: dict[str, Any] = {
        "ld_drug": drug,
        "ld_date": day,
        "ld_dose_planned": planned,
        "ld_dose_given": (planned * surface).quantize(Decimal("0.1"), ROUND_HALF_UP),
        "ld_route": "INTRAVENOUS",
        "ld_modified": "no",
    }
    if drug == "fludarabine":  # the first row of the day
        values |= {"ld_weight": weight, "ld_height": height, "bridging": False, "ld_renal_adj": False}
    if drug == "cyclophosphamide":
        values["mesna"] = True
    return values
