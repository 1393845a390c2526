"""Every figure that a lock prints: its kind, set and definition, and what the interim analysis published.

`figures.json` beside this file is the catalogue; 79 of its figures carry a published value.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One figure of the catalogue. `digits` are those behind the point when printed."""

    id: str
    kind: str
    set: str
    definition: str
    digits: int
    published: str = ""
    published_value: float | None = None

    @property
    def published_text(self) -> str:
        return "" if self.published_value is None else printed(self.published_value, self.digits)


@cache
def catalogue() -> dict[str, Entry]:
    """All figures in their order."""
    text = Path(__file__).with_name("figures.json").read_text(encoding="utf-8")
    return {entry["id"]: Entry(**entry) for entry in json.loads(text)}


def printed(value: float | Fraction, digits: int) -> str:
    """A number as it is printed: rounded half away from zero, of an exact ratio on the exact ratio.

    A float is taken for the number that its first ten decimals say: the product that gave 93.75 may end in
    93.74999999999999.
    """
    exact = value if isinstance(value, Fraction) else Fraction(f"{value:.10f}")
    rounded = int(abs(exact) * 10**digits + Fraction(1, 2))
    sign = "-" if exact < 0 and rounded else ""
    return f"{sign}{Decimal(rounded).scaleb(-digits):f}"
