"""Treatment: the infusion of the cells."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from patients.builder.members import INVESTIGATOR, NURSE
from patients.builder.story import PageRow, Story
from patients.builder.timeline import Sex
from trial.protocol.visits import ANCHOR_FORMS

CELLS_PER_10E6 = 1_000_000
_WEIGHT_KG = {Sex.M: ("54.0", "86.0"), Sex.F: ("46.0", "70.0")}
_TOTAL, _PER_KG = Decimal("0.01"), Decimal("0.001")  # as the infusion form keeps and derives them
_WEIGHT_STEPS = 200  # of 0.1 kg, tried upwards


def infusion(story: Story) -> Iterator[PageRow]:
    """INF: the whole product, checked by two people; the dose is given as a total."""
    day = story.facts.cart_infusion_date
    if day is None:
        return
    start = story.moment("INF inf_start_dt", day, from_hour=10, to_hour=15)
    yield PageRow(
        form="INF",
        day=day,
        visit=ANCHOR_FORMS["INF"],
        values={
            "inf_go": True,
            "inf_batch": batch_number(story),
            "inf_coi_check1": INVESTIGATOR,
            "inf_coi_check2": NURSE,
            "inf_start_dt": start,
            "inf_end_dt": start + timedelta(minutes=story.number("INF inf_end_dt", 12, 35)),
            "inf_weight": weight_at_infusion(story),
            "inf_dose_total": dose_total(story),
            "inf_volume": volume(story),
            "inf_complete": True,
            "inf_premed": ["antihistamine", "paracetamol"],
            "inf_reaction": "none",
        },
    )


def batch_number(story: Story) -> str:
    return f"B-{story.subject}"


def dose_total(story: Story) -> Decimal:
    """CAR+ cells in 10^6: all that is in the bag."""
    return _total(story, weight_at_infusion(story))


def volume(story: Story) -> Decimal:
    return story.decimal("INF inf_volume", "20.0", "60.0")


def weight_at_infusion(story: Story) -> Decimal:
    """In kg: the first, from a drawn one upwards, with which the total gives back the dose per kg."""
    drawn = story.decimal("INF inf_weight", *_WEIGHT_KG[story.facts.sex])
    wanted = _dose_10e6_per_kg(story).quantize(_PER_KG, ROUND_HALF_UP)
    weights = (drawn + Decimal(step) / 10 for step in range(_WEIGHT_STEPS))
    exact = (kg for kg in weights if (_total(story, kg) / kg).quantize(_PER_KG, ROUND_HALF_UP) == wanted)
    return next(exact, drawn)


def _dose_10e6_per_kg(story: Story) -> Decimal:
    return (story.facts.cart_dose_cells_per_kg or Decimal(0)) / CELLS_PER_10E6


def _total(story: Story, weight_kg: Decimal) -> Decimal:
    """CAR+ cells in 10^6."""
    return (_dose_10e6_per_kg(story) * weight_kg).quantize(_TOTAL, ROUND_HALF_UP)
