"""Expansion of CAR-T cells in blood: peak, day of the peak, exposure up to day 28, last positive day.

Specification 2.6: a linear trapezoid over the days with a value. Below the lower limit of quantification a
day counts half of the limit, and nothing from the second of two such days on that follow the peak.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

LAST_DAY = 28
POINTS_NEEDED = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """CAR transgene in copies/µg DNA on a CAR-T day, with the lower limit of quantification."""

    day: int
    copies: Decimal
    lloq: Decimal

    @property
    def is_positive(self) -> bool:
        return self.copies > 0 and self.copies >= self.lloq


def highest_by_day(samples: Iterable[Sample]) -> list[Sample]:
    """One sample for each of day 0 to 28, the highest, in order."""
    highest: dict[int, Sample] = {}
    for sample in samples:
        if 0 <= sample.day <= LAST_DAY:
            there = highest.get(sample.day, sample)
            highest[sample.day] = max(there, sample, key=lambda one: one.copies)
    return [highest[day] for day in sorted(highest)]


def peak(samples: Iterable[Sample]) -> Sample | None:
    """The highest sample of day 0 to 28, the first of several; None where none was positive."""
    positive = [sample for sample in highest_by_day(samples) if sample.is_positive]
    return max(positive, key=lambda sample: sample.copies, default=None)


def exposure(samples: Iterable[Sample]) -> Decimal | None:
    """The area under the curve, day 0 to 28, in copies x d/µg; None with fewer than four days."""
    daily = highest_by_day(samples)
    if len(daily) < POINTS_NEEDED:
        return None
    curve = list(zip((sample.day for sample in daily), _counted(daily), strict=True))
    areas = ((day - before) * (height + low) / 2 for (before, low), (day, height) in pairwise(curve))
    return sum(areas, Decimal(0))


def last_positive_day(samples: Iterable[Sample]) -> int | None:
    """On any day; None where no sample was positive."""
    return max((sample.day for sample in samples if sample.is_positive), default=None)


def _counted(daily: list[Sample]) -> list[Decimal]:
    """What each day counts. Without any positive day there is no curve."""
    highest = peak(daily)
    if highest is None:
        return [Decimal(0)] * len(daily)
    counted, negatives = [], 0
    for sample in daily:
        negatives = negatives + 1 if sample.day > highest.day and not sample.is_positive else 0
        below = sample.lloq / 2 if negatives < 2 else Decimal(0)
        counted.append(sample.copies if sample.is_positive else below)
    return counted
