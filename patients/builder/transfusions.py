"""Transfusions while counts are lowest: platelets and red cells, until a week before platelets engraft."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from patients.builder.counts import grade_on
from patients.builder.story import PageRow, Story

PLATELETS_EVERY_DAYS, RED_CELLS_EVERY_DAYS = 4, 7
TRANSFUSED_TO_CAR_DAY = 40


def transfusions(story: Story) -> Iterator[PageRow]:
    """TRF: in the order of their days."""
    given = sorted({*_given(story, "PLAT", 4, "platelets", PLATELETS_EVERY_DAYS),
                    *_given(story, "HGB", 3, "red_cells", RED_CELLS_EVERY_DAYS)})  # fmt: skip
    for number, (day, product) in enumerate(given, 1):
        values = {
            "trf_dt": day,
            "trf_type": product,
            "trf_units": Decimal("1.0") if product == "platelets" else Decimal("2.0"),
            "trf_irradiated": True,
        }
        yield PageRow(form="TRF", day=story.screened_on, visit="", row_key=str(number), values=values)


def _given(story: Story, lineage: str, at_grade: int, product: str, every: int) -> Iterator[tuple[date, str]]:
    """On every n-th day from the infusion on which the lineage is, and stays for a week, at this grade."""
    infused, last = story.facts.cart_infusion_date, story.facts.last_contact_date
    if infused is None:
        return
    for step in range(every, TRANSFUSED_TO_CAR_DAY, every):
        day = infused + timedelta(step)
        week = (day, day + timedelta(7))
        if day <= last and all(grade_on(story, lineage, each) >= at_grade for each in week):
            yield day, product
