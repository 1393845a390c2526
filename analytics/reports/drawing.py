"""A drawing as paths and words: the same numbers give the same picture, on the page and as a file.

A group of shapes may have a title, which a pointer shows, and an address, which it leads to. Looks are the
names of classes; their colours stand in the stylesheet and, for files, in `figure_files`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from patients.web.timeline_layout import text_width

WIDTH = 760
LEFT, RIGHT = 84, 724
"""Of what is drawn between the names of the lanes and the edge."""
ROW = 20
GAP = 14
KEY_SIZE = 10
MOST_TICKS = 10
DAY_STEPS = (1, 7, 10, 30, 60, 90, 180, 360, 720)
MONTH_STEPS = (1, 3, 6, 12, 24, 60)

Link: TypeAlias = Callable[[str], str]
"""From a part of a figure to the page of its subjects."""


@dataclass(frozen=True, slots=True)
class Path:
    look: str
    d: str


@dataclass(frozen=True, slots=True)
class Words:
    """Words at a point; the look says whether they begin, end or are centred there."""

    look: str
    x: str
    y: str
    text: str


Shape: TypeAlias = Path | Words


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs together: a lane, a mark, a box."""

    shapes: tuple[Shape, ...]
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Readout:
    """What is said at points in equal steps from the left to the right edge of a plot."""

    left: float
    right: float
    top: float
    bottom: float
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure ready to be drawn, `WIDTH` wide."""

    name: str
    title: str
    described: str
    height: int
    groups: tuple[Group, ...]
    readout: Readout | None = None
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers from `least` to `most` along the width of a picture."""

    most: float
    least: float = 0.0
    left: float = LEFT
    right: float = RIGHT
    steps: Sequence[int] = MONTH_STEPS

    def x(self, value: float) -> float:
        span = (self.most - self.least) or 1.0
        share = (min(max(value, self.least), self.most) - self.least) / span
        return self.left + (self.right - self.left) * share

    def ticks(self) -> list[int]:
        """Whole numbers in the smallest step that leaves them apart."""
        few = (step for step in self.steps if self.most / step <= MOST_TICKS)
        step = next(few, self.steps[-1])
        return list(range(0, int(self.most) + 1, step))

    def below(self, top: float, bottom: float, label: str) -> Group:
        """Its lines across the picture, its numbers and its name under it."""
        shapes: list[Shape] = []
        for tick in self.ticks():
            x = self.x(tick)
            shapes += [
                Path("grid", f"M{n(x)} {n(top)}V{n(bottom)}"),
                words(str(tick), x, bottom + 16, "mid"),
            ]
        shapes.append(Path("axis", f"M{n(self.left)} {n(bottom)}H{n(self.right)}"))
        shapes.append(words(label, (self.left + self.right) / 2, bottom + 34, "mid"))
        return Group(tuple(shapes))


BELOW = 44
"""The height of an axis with its numbers and its name."""


def n(value: float) -> str:
    """One decimal: no picture needs more, and no machine writes it otherwise."""
    return f"{value:.1f}"


def words(text: str, x: float, y: float, look: str = "") -> Words:
    return Words(look, n(x), n(y), text)


# --- shapes ------------------------------------------------------------------------------------------------
def bar(look: str, x: float, y: float, width: float, height: float) -> Path:
    return Path(look, f"M{n(x)} {n(y)}h{n(width)}v{n(height)}h{n(-width)}z")


def disc(look: str, x: float, y: float, r: float = 5) -> Path:
    return Path(
        look, f"M{n(x - r)} {n(y)}a{n(r)} {n(r)} 0 1 0 {n(2 * r)} 0a{n(r)} {n(r)} 0 1 0 {n(-2 * r)} 0z"
    )


def diamond(look: str, x: float, y: float, r: float = 6) -> Path:
    return Path(look, f"M{n(x)} {n(y - r)}l{n(r)} {n(r)}l{n(-r)} {n(r)}l{n(-r)} {n(-r)}z")


def square(look: str, x: float, y: float, r: float = 4.5) -> Path:
    return bar(look, x - r, y - r, 2 * r, 2 * r)


def triangle(look: str, x: float, y: float, r: float = 5.5) -> Path:
    return Path(look, f"M{n(x)} {n(y - r)}l{n(r)} {n(2 * r)}h{n(-2 * r)}z")


def cross(look: str, x: float, y: float, r: float = 4.5) -> Path:
    return Path(look, f"M{n(x - r)} {n(y - r)}l{n(2 * r)} {n(2 * r)}m0 {n(-2 * r)}l{n(-2 * r)} {n(2 * r)}")


def arrow(look: str, x: float, y: float, length: float = 14) -> Path:
    """To the right, from x on."""
    return Path(look, f"M{n(x)} {n(y)}h{n(length)}m-5 -4l5 4l-5 4")


def line(look: str, points: Iterable[tuple[float, float]]) -> Path:
    return Path(look, "M" + "L".join(f"{n(x)} {n(y)}" for x, y in points))


# --- legend ------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Key:
    """An entry of a legend: how it is drawn around a point, and what it means."""

    drawn: Callable[[float, float], Sequence[Shape]]
    text: str


def legend(keys: Iterable[Key], y: float, left: float = 2) -> tuple[Group, float]:
    """The entries in lines from y on, and where they end."""
    shapes: list[Shape] = []
    x = left
    for key in keys:
        width = KEY_SIZE + 8 + text_width(key.text) + GAP
        if x > left and x + width > WIDTH:
            x, y = left, y + ROW
        shapes += [*key.drawn(x + KEY_SIZE / 2, y), words(key.text, x + KEY_SIZE + 6, y + 4)]
        x += width
    return Group(tuple(shapes)), y + ROW
