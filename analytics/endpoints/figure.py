"""One computed figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from analytics.endpoints.catalogue import catalogue, printed


@dataclass(frozen=True, slots=True)
class Figure:
    """A value at full precision, or None with the reason; `n` of `size`; the subjects that were counted."""

    id: str
    value: float | None
    text: str
    n: int | None
    size: int | None
    reason: str = ""
    subjects: Sequence[str] = ()


def figure(
    id: str,
    value: float | Fraction | None,
    *,
    n: int | None = None,
    size: int | None = None,
    reason: str = "",
    subjects: Sequence[str] = (),
) -> Figure:
    """A figure of the catalogue with its printed text. Raises KeyError for an id that it does not have."""
    digits = catalogue()[id].digits
    text = "" if value is None else printed(value, digits)
    exact = None if value is None else float(value)
    return Figure(id, exact, text, n, size, "" if value is not None else reason, subjects)


EMPTY_SET = "nobody is in the set"


def share(id: str, n: int, size: int, subjects: Sequence[str] = ()) -> Figure:
    """100 * n / size on the exact ratio; without a denominator there is none."""
    value = Fraction(100 * n, size) if size else None
    return figure(id, value, n=n, size=size, reason=EMPTY_SET, subjects=subjects)
