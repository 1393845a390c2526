"""Step curves as coordinates of a drawing: the same numbers give the same picture, byte for byte."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from analytics.reports.drawing import Readout
from analytics.reports.figure_card import Numbers

LEFT, RIGHT, TOP, BOTTOM = 58.0, 506.0, 40.0, 276.0
RISK_TOP, RISK_STEP = 354, 18

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of an axis with its word."""

    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside a point of a curve; one that `ends` there stands left of it."""

    x: str
    y: str
    text: str
    ends: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: `kind` 1 or 2 picks its look; `path` the curve, `band` its limits, `ticks` the censored.
    `value` is the share at the line of reference."""

    kind: int
    label: str
    path: str
    band: str
    ticks: str
    label_x: str
    label_y: str
    value: Label | None = None


@dataclass(frozen=True, slots=True)
class RiskRow:
    """Numbers at risk under the axis."""

    kind: int
    label: str
    y: int
    counts: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Where a curve steps, what happened there, and the page of its subjects."""

    d: str
    title: str
    url: str


@dataclass(frozen=True)
class StepFigure:
    """A figure ready to be drawn. `numbers` are its steps as a table, `readout` what it says at a pointer."""

    title: str
    described: str
    x_label: str
    x_ticks: tuple[Mark, ...]
    y_ticks: tuple[Mark, ...]
    reference: Mark
    curves: tuple[Curve, ...]
    risks: tuple[RiskRow, ...] = field(default=())
    name: str = ""
    steps: tuple[Step, ...] = ()
    numbers: Numbers | None = None
    readout: Readout | None = None

    @property
    def height(self) -> int:
        return RISK_TOP + RISK_STEP * max(len(self.risks), 1)


@dataclass(frozen=True, slots=True)
class Scale:
    """Time to x, share to y."""

    longest: float

    def x(self, time: float) -> float:
        return LEFT + (RIGHT - LEFT) * min(time, self.longest) / self.longest

    def y(self, share: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * share

    def x_marks(self, ticks: Sequence[float]) -> tuple[Mark, ...]:
        return tuple(Mark(_number(self.x(tick)), f"{tick:g}") for tick in ticks)

    def y_marks(self) -> tuple[Mark, ...]:
        return tuple(Mark(_number(self.y(percent / 100)), str(percent)) for percent in (0, 25, 50, 75, 100))

    def steps(self, times: Sequence[float], shares: Sequence[float], start: float) -> str:
        """The step function from time 0 on, drawn to the end of the axis."""
        parts = [f"M{_number(LEFT)} {_number(self.y(start))}"]
        for time, share in self._shown(times, shares):
            parts.append(f"H{_number(self.x(time))}V{_number(self.y(share))}")
        end = min(max(times, default=0.0), self.longest)
        return "".join([*parts, f"H{_number(self.x(end))}"])

    def band(self, times: Sequence[float], lower: Values, upper: Values) -> str:
        """The area between two step functions, closed."""
        top, bottom = self._corners(times, upper), self._corners(times, lower)
        if not top or not bottom:
            return ""
        points = [*top, *reversed(bottom)]
        return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points) + "Z"

    def censored(
        self, at: Sequence[float], times: Sequence[float], shares: Sequence[float], start: float
    ) -> str:
        """A tick on the curve at each censored time."""
        marks = []
        for time in at:
            if time <= self.longest:
                y = self.y(share_at(time, times, shares, start))
                marks.append(f"M{_number(self.x(time))} {_number(y - 4)}v8")
        return "".join(marks)

    def _shown(self, times: Sequence[float], shares: Sequence[float]) -> list[tuple[float, float]]:
        return [(time, share) for time, share in zip(times, shares, strict=True) if time <= self.longest]

    def _corners(self, times: Sequence[float], shares: Values) -> list[tuple[float, float]]:
        """The corners of a step function that starts at 1, up to where it is defined."""
        corners, share_now = [(LEFT, self.y(1.0))], 1.0
        for time, share in zip(times, shares, strict=True):
            corners.append((self.x(time), self.y(share_now)))
            if time > self.longest or share is None:
                break
            corners.append((self.x(time), self.y(share)))
            share_now = share
        return corners


def share_at(time: float, times: Sequence[float], shares: Sequence[float], start: float) -> float:
    """The step function at a time; `start` before its first step."""
    value = start
    for step, share in zip(times, shares, strict=True):
        if step > time:
            break
        value = share
    return value


def _number(value: float) -> str:
    """One decimal: no picture needs more, and no machine writes it otherwise."""
    return f"{value:.1f}"


def risk_row(kind: int, label: str, row: int, ticks: Sequence[Mark], counts: Sequence[int]) -> RiskRow:
    marks = tuple(Mark(tick.at, str(count)) for tick, count in zip(ticks, counts, strict=True))
    return RiskRow(kind, label, RISK_TOP + RISK_STEP * row, marks)
