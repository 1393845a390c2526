"""The counts of one test as the endpoints look at them: each with the sample that it was made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from analytics.datasets.sourced import Sourced
from patients.casebook.answers import Casebook, local_day
from patients.forms.laboratory_ranges import has_result


@dataclass(frozen=True, slots=True)
class Sample:
    """The day of a sample and its count in 10^9/L."""

    taken: Sourced[date]
    value: Decimal


def samples_of(casebook: Casebook, test: str) -> list[Sample]:
    """Every sample with a result of a test, in order."""
    return [
        Sample(Sourced(day, *row.record.place, "lab_dt"), row["lab_si"])
        for row in casebook.sheet("LAB").where("lab_test", test)
        if (day := local_day(row["lab_dt"])) is not None and row["lab_si"] is not None and has_result(row)
    ]


def lowest_on(samples: Iterable[Sample], day: date) -> Sourced[date] | None:
    """The sample of a day with the lowest count."""
    taken = [sample for sample in samples if sample.taken.value == day]
    lowest = min(taken, key=lambda sample: sample.value, default=None)
    return lowest.taken if lowest else None
