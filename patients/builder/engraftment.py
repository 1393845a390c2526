"""Engraftment: a summary at the visits that ask for it, confirming the date that the engine proposes."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from patients.builder.encounters import encounters, engrafted_on
from patients.builder.story import PageRow, Story


def engraftment(story: Story) -> Iterator[PageRow]:
    """ENG: from one month after the graft on."""
    for day, visit in sorted(encounters(story, "ENG").items()):
        yield PageRow(form="ENG", day=day, visit=visit, values=_summary(story, day))


def _summary(story: Story, day: date) -> dict[str, Any]:
    engrafted = engrafted_on(story)
    values: dict[str, Any] = {"eng_pgf": False, "eng_auto": False}
    if engrafted is not None and engrafted <= day:
        values |= {"eng_anc_conf": engrafted, "eng_secondary_gf": False}
    return values
