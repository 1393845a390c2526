"""Lines of subjects over days: the frame that the counts and the donor's cells share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.reports.drawing import Axis, Group, Link, Path, Shape, disc, line, n, words
from analytics.reports.figure_card import NONE, Entry, Numbers

LEFT, RIGHT = 56.0, 740.0
HEIGHT = 280
READ_EVERY = 6  # points of the picture


@dataclass(frozen=True, slots=True)
class Plot:
    """Days along the width; `y` gives the height of a value from the top of the plot on."""

    axis: Axis
    top: float
    y: Callable[[float], float]

    @property
    def bottom(self) -> float:
        return self.top + HEIGHT

    def frame(self, label: str, unit: str, ticks: Iterable[float]) -> list[Group]:
        """Both axes."""
        shapes: list[Shape] = [words(unit, 0, self.top - 12)]
        for tick in ticks:
            y = self.y(tick)
            shapes.append(Path("grid", f"M{n(self.axis.left)} {n(y)}H{n(self.axis.right)}"))
            shapes.append(words(f"{tick:g}", self.axis.left - 8, y + 4, "end"))
        return [self.axis.below(self.top, self.bottom, label), Group(tuple(shapes))]

    def limit(self, value: float, text: str) -> Group:
        """A line of reference with its words over its right end."""
        y = self.y(value)
        drawn = Path("ref", f"M{n(self.axis.left)} {n(y)}H{n(self.axis.right)}")
        return Group((drawn, words(text, self.axis.right, y - 5, "end")))

    def course(self, lane: dict[str, Any], title: str, url: str) -> Group:
        """The line of a subject, with a wider one under it that a pointer finds."""
        points = [
            (self.axis.x(day), self.y(value))
            for day, value in zip(lane["days"], lane["values"], strict=True)
            if value is not None
        ]
        drawn = [line("hit", points), line("course", points)] if len(points) > 1 else []
        dots = [disc("dot", x, y, 2) for x, y in points]
        return Group((*drawn, *dots), title, url)

    def texts(self, told: Callable[[float], str]) -> tuple[str, ...]:
        """What is said every few points."""
        steps = int((self.axis.right - self.axis.left) / READ_EVERY)
        span = self.axis.most - self.axis.least
        return tuple(told(self.axis.least + span * step / steps) for step in range(steps + 1))


def by_day(lanes: Sequence[dict[str, Any]], link: Link, shown: Callable[[Any, str], str]) -> Numbers:
    """A row for each subject: each day with its value."""
    rows = []
    for lane in lanes:
        codes = lane.get("codes") or [""] * len(lane["days"])
        told = (
            f"{day}: {NONE if value is None else shown(value, code)}"
            for day, value, code in zip(lane["days"], lane["values"], codes, strict=True)
        )
        rows.append((Entry(lane["subject"], link(lane["subject"])), Entry("; ".join(told))))
    return Numbers((_("Subject"), _("Day: value")), tuple(rows))
