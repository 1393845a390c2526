"""Expansion: the transgene rises to a peak in the second week and fades over months."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from patients.builder.encounters import encounters
from patients.builder.story import PageRow, Story

LLOQ = Decimal("100.0")
# Copies per microgram of DNA and CAR+ share of T cells (%) at the peak day of 1, by CAR-T day.
_COURSE = (
    (0, "0.00"), (3, "0.01"), (5, "0.10"), (7, "0.45"), (10, "1.00"), (14, "0.60"), (21, "0.15"),
    (28, "0.05"), (60, "0.01"), (180, "0.00"),
)  # fmt: skip
_PEAK_COPIES = ("60000.0", "240000.0")
_PEAK_SHARE = ("8.00", "42.00")
CD4_RECOVERED_FROM_CAR_DAY = 170


def expansion(story: Story) -> Iterator[PageRow]:
    """KIN: a sample of blood at each visit that asks for it."""
    for day, visit in sorted(encounters(story, "KIN").items()):
        yield PageRow(form="KIN", day=day, visit=visit, values=_sample(story, day))


def _sample(story: Story, day: date) -> dict[str, Any]:
    infused = story.facts.cart_infusion_date
    assert infused is not None
    car_day = (day - infused).days
    level = _level(car_day)
    copies = (story.decimal("KIN peak", *_PEAK_COPIES) * level).quantize(Decimal("0.1"))
    values: dict[str, Any] = {
        "kin_dt": day,
        "kin_sample": "blood",
        "kin_qpcr": copies if copies >= LLOQ else Decimal("0.0"),
        "kin_lloq": LLOQ,
        "kin_flow_pct": (story.decimal("KIN share", *_PEAK_SHARE) * level).quantize(Decimal("0.01")),
        "kin_cd3": story.decimal(f"KIN cd3 {day}", "40.0", "900.0"),
        "kin_nk": story.decimal(f"KIN nk {day}", "20.0", "180.0"),
    }
    if car_day >= CD4_RECOVERED_FROM_CAR_DAY:
        values["kin_cd4"] = story.decimal(f"KIN cd4 {day}", "220.0", "460.0")
    return values


def _level(car_day: int) -> Decimal:
    """Between the days of the course on a straight line; nothing before and after it."""
    for (first, low), (last, high) in pairwise(_COURSE):
        if first <= car_day <= last:
            share = Decimal(car_day - first) / (last - first)
            return Decimal(low) + (Decimal(high) - Decimal(low)) * share
    return Decimal(0)
