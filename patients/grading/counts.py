"""Blood counts on the days of a clock, as the engines of cytopenia and engraftment look at them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Count:
    """A count in 10^9/L and the day on which it was taken: day 0 is the infusion, or the graft."""

    day: int
    value: Decimal


def lowest_by_day(counts: Iterable[Count]) -> dict[int, Decimal]:
    """The lowest count of each day, in order."""
    lowest: dict[int, Decimal] = {}
    for count in sorted(counts, key=lambda count: count.day):
        lowest[count.day] = min(count.value, lowest.get(count.day, count.value))
    return lowest
