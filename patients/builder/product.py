"""The product: leukapheresis, manufacture and release, in the days between enrolment and infusion."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from patients.builder.donors import donor_id
from patients.builder.members import CELL_LABORATORY
from patients.builder.story import PageRow, Story
from patients.builder.treatment import batch_number, dose_total, volume
from trial.protocol.study import SITE_ZONE

BATCH = "1"
CULTURE_DAYS = (7, 10)
AFTER_HARVEST_DAYS = 2  # tests before release, where there is time
SHELF_LIFE_DAYS = 30  # or to the day of infusion
COLLECTION, RELEASE = "APH", "REL"


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a batch: collected, culture begun and ended, released."""

    collected: date
    harvested: date
    released: date


def days_of_batch(story: Story) -> Days | None:
    """Between enrolment and infusion; squeezed together where that is short. None without an infusion."""
    infused, enrolled = story.facts.cart_infusion_date, story.facts.enrolment_date
    if infused is None:
        return None
    available = (infused - enrolled).days
    culture = max(1, min(story.number("MFG culture", *CULTURE_DAYS), available - AFTER_HARVEST_DAYS))
    harvested = min(infused, enrolled + timedelta(culture))
    return Days(enrolled, harvested, min(infused, harvested + timedelta(AFTER_HARVEST_DAYS)))


def chain_of_identity(story: Story) -> str:
    return f"COI-{story.subject}"


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SITE_ZONE)


def manufacturing(story: Story) -> Iterator[PageRow]:
    """MFG: one batch, made in house, successful."""
    days = days_of_batch(story)
    if days is None:
        return
    values: dict[str, Any] = {
        "coi_id": chain_of_identity(story),
        "aph_donor_id": donor_id(story),
        "aph_date": _at(days.collected, 11),
        "aph_tnc": story.decimal("MFG tnc", "8.00", "18.00"),
        "aph_cd3": story.decimal("MFG cd3", "2.00", "6.00"),
        "aph_viab": story.decimal("MFG viab", "95.0", "99.5"),
        "aph_ae": story.one_of("MFG ae", ("none", "none", "citrate_reaction")),
        "coc_recv_dt": _at(days.collected, 13),
        "coc_temp_ok": True,
        "mfg_site": "in_house",
        "mfg_start": days.collected,
        "construct": "cd7_scfv_4_1bb_cd3z",
        "cd7_block": "protein_expression_blocker",
        "gene_edit": ["none"],
        "vector": "lentiviral",
        "moi": story.decimal("MFG moi", "2.00", "6.00"),
        "mfg_end": days.harvested,
        "mfg_success": True,
        "form_state": "fresh",
    }
    yield PageRow(form="MFG", day=days.collected, visit=COLLECTION, row_key=BATCH, values=values)


def release(story: Story) -> Iterator[PageRow]:
    """REL: a full release, with at least what is infused in the bag."""
    days, infused = days_of_batch(story), story.facts.cart_infusion_date
    if days is None or infused is None:
        return
    values: dict[str, Any] = {
        "batch_no": batch_number(story),
        "rel_coi_match": True,
        "rel_viab": story.decimal("REL viab", "88.0", "97.0"),
        "rel_cd3": story.decimal("REL cd3", "94.0", "99.0"),
        "rel_car": story.decimal("REL car", "35.0", "80.0"),
        "rel_cd7pos": story.decimal("REL cd7", "0.10", "2.00"),
        "rel_vcn": story.decimal("REL vcn", "1.00", "2.90"),
        "rel_sterility": "no_growth",
        "rel_myco": "negative",
        "rel_endotoxin": Decimal("0.100"),
        "rel_rcl": "negative",
        "rel_potency": "pass",
        "rel_dose_total": dose_total(story),
        "rel_volume": volume(story),
        "rel_expiry": _at(max(days.released + timedelta(SHELF_LIFE_DAYS), infused), 18),
        "rel_conditional": "full",
        "rel_decision_dt": _at(days.released, 8),
        "rel_by": CELL_LABORATORY,
    }
    yield PageRow(form="REL", day=days.released, visit=RELEASE, row_key=BATCH, values=values)
