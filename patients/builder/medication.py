"""Concomitant medication that the timeline implies: prophylaxis, and the treatment of CRS, GVHD and
infections."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from patients.builder import crs, events, gvhd
from patients.builder.story import PageRow, Story
from patients.items.partial_date import PartialDate


@dataclass(frozen=True, slots=True)
class Course:
    """A medicine from its first day to its last; without a last day it goes on."""

    name: str
    drug_class: str
    indication: str
    dose: str
    unit: str
    frequency: str
    route: str
    start: date
    end: date | None


def concomitant_medication(story: Story) -> Iterator[PageRow]:
    """CM: by the first day of each medicine."""
    courses = [*_prophylaxis(story), *_for_crs(story), *_for_gvhd(story), *_for_infection(story)]
    for number, course in enumerate(sorted(courses, key=lambda one: (one.start, one.name)), 1):
        yield PageRow(
            form="CM", day=story.screened_on, visit="", row_key=str(number), values=_row(story, course)
        )


def _row(story: Story, course: Course) -> dict[str, Any]:
    """What lasts until death ends with it."""
    end = course.end or story.facts.death_date
    values: dict[str, Any] = {
        "cm_name": course.name,
        "cm_class": course.drug_class,
        "cm_ind": course.indication,
        "cm_dose": Decimal(course.dose),
        "cm_unit": course.unit,
        "cm_freq": course.frequency,
        "cm_route": course.route,
        "cm_start": PartialDate.of(course.start),
        "cm_ongoing": end is None,
    }
    return values | ({"cm_end": PartialDate.of(end)} if end else {})


def _prophylaxis(story: Story) -> Iterator[Course]:
    depleted = story.facts.ld_start_date
    if depleted and depleted <= story.facts.last_contact_date:
        yield Course("aciclovir", "prophylaxis", "prophylaxis", "400", "mg", "BID", "ORAL", depleted, None)


def _for_crs(story: Story) -> Iterator[Course]:
    """On the day of its peak, as the daily form says."""
    day = story.facts.crs_onset_date
    if day is None or not crs.is_treated(story, day):
        return
    yield _by_vein("tocilizumab", "anti_cytokine", "crs", "8 mg/kg ONCE", day, day)
    if crs.has_steroid(story, day):
        yield _by_vein("dexamethasone", "steroid", "crs", "10 mg QD", day, day)


def _for_gvhd(story: Story) -> Iterator[Course]:
    for given in gvhd.steroids(story):
        yield Course(
            given.name,
            "steroid",
            "gvhd_treatment",
            given.dose_mg,
            "mg",
            "QD",
            given.route,
            given.start,
            given.end,
        )


def _for_infection(story: Story) -> Iterator[Course]:
    for infection in events.infections(story):
        onset, end = infection.values["inf_onset"], infection.values["inf_end"]
        if infection.values["inf_class"] == "viral_reactivation":
            yield _by_vein("ganciclovir", "antiviral", "infection", "5 mg/kg BID", onset, end)
        else:
            yield _by_vein("meropenem", "anti_infective_treatment", "infection", "1 g TID", onset, end)


def _by_vein(name: str, drug_class: str, indication: str, dose: str, start: date, end: date) -> Course:
    amount, unit, frequency = dose.split()
    return Course(name, drug_class, indication, amount, unit, frequency, "INTRAVENOUS", start, end)
