"""CAR-HEMATOTOX, ICAHT and T-ICAHT of one subject, from the laboratory rows of a cut; nothing is stored.

The graft comes at a median of day 16, so that what recovers after it is the graft: the early grade is given
up to the graft and over all of its 30 days, side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from patients.casebook.answers import Casebook, local_day
from patients.forms.relapse import COUNTING
from patients.grading.car_hematotox import BeforeLymphodepletion, car_hematotox
from patients.grading.counts import Count
from patients.grading.haematotoxicity import (
    LATE_LAST_DAY,
    icaht_early_all,
    icaht_early_pre,
    icaht_late,
    t_icaht_early,
    t_icaht_late,
)
from patients.grading.result import Graded


@dataclass(frozen=True, slots=True)
class Haematotoxicity:
    """Grades 0 to 4, each with its rule; without a value where no count says anything."""

    icaht_early_pre: Graded
    icaht_early_all: Graded
    icaht_late: Graded
    t_icaht_early: Graded
    t_icaht_late: Graded


def haematotoxicity_of(
    casebook: Casebook, infused: date | None, grafted: date | None = None
) -> Haematotoxicity | None:
    """None for a subject who was not infused. Late grades end with progression or new therapy."""
    if infused is None:
        return None
    neutrophils, platelets = (list(_counts(casebook, test, infused)) for test in ("NEUT", "PLAT"))
    last_day = min(_ended(casebook, infused), default=LATE_LAST_DAY)
    return Haematotoxicity(
        icaht_early_pre(neutrophils, (grafted - infused).days if grafted else None),
        icaht_early_all(neutrophils),
        icaht_late(neutrophils, last_day),
        t_icaht_early(platelets),
        t_icaht_late(platelets, last_day),
    )


def _counts(casebook: Casebook, test: str, infused: date) -> Iterator[Count]:
    for record in casebook.records("LAB"):
        day, value = local_day(record.values["lab_dt"]), record.values["lab_si"]
        if record.values["lab_test"] == test and day is not None and value is not None:
            yield Count((day - infused).days, value)


def _ended(casebook: Casebook, infused: date) -> Iterator[int]:
    """The CAR-T days of relapse or progression and of new therapy."""
    relapses = (
        record.values["rlp_dt"] for record in casebook.records("RLP") if record.values["rlp_type"] in COUNTING
    )
    therapies: Iterator[Any] = (record.values["stx_start"] for record in casebook.records("SUBTX"))
    for ended in (*relapses, *therapies):
        if (day := local_day(ended)) is not None and day >= infused:
            yield (day - infused).days


def car_hematotox_of(casebook: Casebook) -> Graded | None:
    """The score of the last results before lymphodepletion; None for a subject without any."""
    doses = [day for record in casebook.records("LD") if (day := record.values["ld_date"])]
    if not doses:
        return None
    last = partial(_last_before, casebook, min(doses))
    return car_hematotox(
        BeforeLymphodepletion(
            neutrophils=last("NEUT"),
            haemoglobin=last("HGB"),
            platelets=last("PLAT"),
            crp=last("CRP"),
            ferritin=last("FERRITIN"),
        )
    )


def _last_before(casebook: Casebook, first_dose: date, test: str) -> Decimal | None:
    found = [
        (record.values["lab_dt"], record.values["lab_si"])
        for record in casebook.records("LAB")
        if record.values["lab_test"] == test
        and record.values["lab_si"] is not None
        and (day := local_day(record.values["lab_dt"])) is not None
        and day < first_dose
    ]
    return max(found)[1] if found else None
