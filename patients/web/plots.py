"""Figures as coordinates of a drawing, made on the server: bars of sites, and a count that grows by month.

Colours and words are those of the stylesheet and of gettext; here are numbers alone. Each figure stands above
a table that says the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH = 520
LEFT, RIGHT, TOP = 64.0, 440.0, 8.0
BAR, STEP = 16.0, 26.0
MONTHS_TOP, MONTHS_BOTTOM, MONTHS_RIGHT = 24.0, 200.0, 500.0
MOST_MONTHS_NAMED = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar; `kind` 1 to 4 picks its look."""

    x: str
    width: str
    kind: int


@dataclass(frozen=True, slots=True)
class BarRow:
    """One bar with its name before it and its number behind."""

    label: str
    y: str
    text_y: str
    bars: tuple[Bar, ...]
    text: str
    text_x: str


@dataclass(frozen=True, slots=True)
class Key:
    """What a look stands for."""

    x: str
    text_x: str
    kind: int
    label: str


@dataclass(frozen=True, slots=True)
class BarPlot:
    """Bars ready to be drawn. `described` says in a sentence what the picture shows."""

    name: str
    title: str
    described: str
    rows: tuple[BarRow, ...]
    keys: tuple[Key, ...]
    height: int

    @property
    def keys_y(self) -> int:
        return self.height - 18


@dataclass(frozen=True, slots=True)
class Given:
    """One bar as it is asked for: its parts add up to its length."""

    label: str
    parts: Sequence[float]
    text: str


def bar_plot(
    name: str,
    title: str,
    described: str,
    given: Sequence[Given],
    *,
    keys: Sequence[str] = (),
    longest: float | None = None,
) -> BarPlot:
    """Bars from the left, as long as their parts; the longest, or `longest`, takes the whole width."""
    widest = longest or max((sum(each.parts) for each in given), default=0) or 1
    rows = tuple(_row(number, each, widest, solid=not keys) for number, each in enumerate(given))
    shown = tuple(_key(number, label) for number, label in enumerate(keys))
    height = TOP + STEP * len(rows) + (28 if keys else 4)
    return BarPlot(name, title, described, rows, shown, round(height))


def _row(number: int, given: Given, widest: float, *, solid: bool) -> BarRow:
    y, x, bars = TOP + STEP * number, LEFT, []
    for kind, part in enumerate(given.parts, 1):
        width = (RIGHT - LEFT) * min(max(part, 0) / widest, 1)
        if width:
            bars.append(Bar(_number(x), _number(width), 4 if solid else kind))
        x += width
    text = (_number(y + BAR - 4), tuple(bars), given.text, _number(x + 6))
    return BarRow(given.label, _number(y), *text)


def _key(number: int, label: str) -> Key:
    x = LEFT + 92 * number
    return Key(_number(x), _number(x + 18), number + 1, label)


# --- by month ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Mark:
    """A point of an axis with its word."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class MonthPlot:
    """A count that grows by month, with the line of what is planned where a number is."""

    name: str
    title: str
    described: str
    path: str
    months: tuple[Mark, ...]
    counts: tuple[Mark, ...]
    planned: Mark | None
    height: int = 226


def month_plot(
    name: str, title: str, described: str, sums: Sequence[tuple[date, int]], planned: int | None
) -> MonthPlot:
    """The step line of these sums, each of the end of its month."""
    top = max([planned or 0, *(total for _month, total in sums), 1])
    width = (MONTHS_RIGHT - LEFT) / max(len(sums), 1)

    def y(count: float) -> float:
        return MONTHS_BOTTOM - (MONTHS_BOTTOM - MONTHS_TOP) * count / top

    parts = [f"M{_number(LEFT)} {_number(y(0))}"]
    for number, (_month, total) in enumerate(sums):
        parts.append(f"V{_number(y(total))}H{_number(LEFT + width * (number + 1))}")
    every = -(-len(sums) // MOST_MONTHS_NAMED) or 1
    named = [
        Mark(_number(LEFT + width * (number + 0.5)), f"{month:%Y-%m}")
        for number, (month, _total) in enumerate(sums)
        if number % every == 0
    ]
    counts = [Mark(_number(y(count)), str(count)) for count in sorted({0, top // 2, top})]
    plan = Mark(_number(y(planned)), str(planned)) if planned else None
    return MonthPlot(name, title, described, "".join(parts), tuple(named), tuple(counts), plan)


def _number(value: float) -> str:
    """One decimal: no picture needs more, and no machine writes it otherwise."""
    return f"{value:.1f}"
