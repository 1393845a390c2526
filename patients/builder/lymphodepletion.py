"""Lymphodepletion: fludarabine, cyclophosphamide and etoposide on three days."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from patients.builder.story import PageRow, Story
from patients.builder.timeline import Sex
from patients.builder.treatment import weight_at_infusion
from patients.forms.lymphodepletion import CONFIGURED, body_surface
from trial.protocol.configuration import SETTINGS

_HEIGHT_CM = {Sex.M: ("165.0", "184.0"), Sex.F: ("152.0", "172.0")}


def lymphodepletion(story: Story) -> Iterator[PageRow]:
    """LD: a page a day with a row for each drug, at the configured dose."""
    for number, day in enumerate(story.lymphodepletion_days, 1):
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
