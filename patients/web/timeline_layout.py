"""Where things stand in the picture of a timeline: days to points, events to rows. Pure functions.

The picture is 1104 points wide (the design's), three lanes or more high. All coordinates are whole points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH = 1104
LEFT, RIGHT = 96, 1088
TOP = 25  # of the upper axis
ROW = 26
MOST_TICKS = 12
STEPS_IN_DAYS = (7, 14, 28, 56, 91, 182, 364, 728)
LATIN_WIDTH, WIDE_WIDTH = 6.6, 12.5  # of a character at 12 px
GAP = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """Days on the width of the picture."""

    first: date
    last: date

    def x(self, day: date) -> int:
        """The point of a day; one outside the picture is drawn at its edge."""
        days = max(1, (self.last - self.first).days)
        inside = min(max(day, self.first), self.last)
        return LEFT + round((inside - self.first).days * (RIGHT - LEFT) / days)


@dataclass(frozen=True, slots=True)
class Tick:
    """A day of a clock on its axis."""

    x: int
    label: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What shall be drawn: a bar from `start` to `end`, or a mark on `start` in a shape of its own."""

    start: date
    end: date
    label: str
    kind: str = "bar"
    shape: str = "bar"

    @property
    def is_mark(self) -> bool:
        return self.shape != "bar"


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where it is drawn: x and width of the bar (a mark has none and stands on x), its row, its label."""

    shown: Shown
    x: int
    width: int
    row: int
    label_x: int
    label_anchor: str

    @property
    def middle(self) -> int:
        return middle_of(self.row)

    @property
    def top(self) -> int:
        return self.middle - 8

    @property
    def baseline(self) -> int:
        """Of its label."""
        return self.middle + 4

    @property
    def is_strong(self) -> bool:
        return self.shown.kind not in ("bar", "contact")


def middle_of(row: int) -> int:
    """The middle of a row, from the top of the picture."""
    return TOP + ROW * row + ROW - 1


def ticks(scale: Scale, origin: date) -> list[Tick]:
    """The days of a clock that are written on its axis: every week, or so many weeks that twelve suffice."""
    span = (scale.last - scale.first).days
    step = next((each for each in STEPS_IN_DAYS if span / each <= MOST_TICKS), STEPS_IN_DAYS[-1])
    number = -((origin - scale.first).days // step)
    found = []
    while (day := origin + timedelta(days=number * step)) <= scale.last:
        found.append(Tick(scale.x(day), _signed(number * step)))
        number += 1
    return found


def _signed(days: int) -> str:
    return f"+{days}" if days > 0 else f"−{-days}" if days < 0 else "0"


def text_width(text: str) -> int:
    """About how wide a text is; East Asian characters take twice the room."""
    return round(sum(WIDE_WIDTH if ord(letter) > 0x2E80 else LATIN_WIDTH for letter in text))


Taken = tuple[int, int]


def rows_of(
    events: Iterable[Shown], scale: Scale, *, taken: Sequence[Taken] = (), lines: Sequence[int] = ()
) -> list[Drawn]:
    """Each event with its label in the first row where it hides no other; `taken` of the first row is not
    free. A label stands behind its event, or before it where it would leave the picture or be crossed by one
    of the upright `lines`."""
    rows: list[list[Taken]] = [list(taken)]
    found = []
    for event in sorted(events, key=lambda each: (each.start, each.end)):
        x, end = scale.x(event.start), scale.x(event.end)
        width = 0 if event.is_mark else max(4, end - x)
        left, right = (x - GAP, x + GAP) if event.is_mark else (x, x + width)
        label_x, anchor, label = _label(event.label, left, right, lines)
        room = (min(left, label[0]), max(right, label[1]))
        row = next((number for number, used in enumerate(rows) if _is_free(room, used)), len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(room)
        found.append(Drawn(event, x, width, row, label_x, anchor))
    return found


def _label(label: str, left: int, right: int, lines: Sequence[int]) -> tuple[int, str, Taken]:
    """Where a label begins (or ends), and the room that it takes."""
    width = text_width(label)
    behind, before = (right + GAP, right + GAP + width), (left - GAP - width, left - GAP)
    is_crossed = any(behind[0] <= line <= behind[1] for line in lines)
    goes_before = before[0] >= LEFT and not any(before[0] <= line <= before[1] for line in lines)
    if behind[1] > WIDTH or (is_crossed and goes_before):
        return before[1], "end", before
    return behind[0], "start", behind


def _is_free(room: Taken, used: Iterable[Taken]) -> bool:
    return all(room[1] + GAP <= left or room[0] >= right + GAP for left, right in used)


def spans(days: Iterable[date], *, apart: int) -> list[tuple[date, date]]:
    """The stretches that days make, where those at most so many days apart belong together."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and (day - found[-1][1]).days <= apart:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
