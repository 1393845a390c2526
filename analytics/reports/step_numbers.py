"""The steps of a curve as numbers: each with its subjects, and what is said at a pointer's time."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from analytics.endpoints.catalogue import printed
from analytics.endpoints.sets import DAYS_PER_MONTH
from analytics.reports.drawing import Link, Readout, n
from analytics.reports.figure_card import NONE, Entry, Numbers
from analytics.reports.step_figure import BOTTOM, LEFT, RIGHT, TOP, Scale, Step, share_at

STEPS_SHOWN = 200
"""So many steps of a curve are listed and lead to their subjects: of more the table would not be read."""
READ_EVERY = 4  # points of the picture


@dataclass(frozen=True, slots=True)
class Stepped:
    """A curve as its run stored it. Times are months where `days_per_unit` says so; `part` names its events
    in an address (`OS.{day}.1`); `start` is the share before the first step."""

    label: str
    part: str
    times: Sequence[float]
    shares: Sequence[float]
    n_risk: Sequence[int]
    n_event: Sequence[int]
    start: float
    days_per_unit: float = 1.0
    lower: Sequence[float | None] = ()
    upper: Sequence[float | None] = ()

    def steps(self) -> list[int]:
        """The places at which there were events."""
        return [place for place, events in enumerate(self.n_event) if events]

    def day(self, place: int) -> int:
        return round(self.times[place] * self.days_per_unit)

    def at_risk(self, time: float) -> int:
        """Those with their time at or after it; nobody after the last."""
        place = bisect_left(self.times, time)
        return self.n_risk[place] if place < len(self.n_risk) else 0

    def url(self, place: int, link: Link) -> str:
        return link(self.part.format(day=self.day(place)))


def of_survival(curves: Mapping[str, Any]) -> list[Stepped]:
    """Of a run of before, which stored no numbers at risk of each step, none."""
    return [
        Stepped(
            code,
            f"{code}.{{day}}.1",
            curve["time"],
            curve["survival"],
            curve["n_risk"],
            curve["n_event"],
            1.0,
            DAYS_PER_MONTH,
            curve["lower"],
            curve["upper"],
        )
        for code, curve in curves["survival"].items()
        if curve and "n_risk" in curve
    ]


def of_incidence(curves: Mapping[str, Any]) -> list[Stepped]:
    found = curves["incidence"]
    if not found or "n_risk" not in found["event"]:
        return []
    named = (("event", _("aGVHD, any grade"), 1), ("competing", _("death without aGVHD"), 2))
    return [
        Stepped(
            label,
            f"AGV14.{{day}}.{status}",
            found[cause]["time"],
            found[cause]["incidence"],
            found[cause]["n_risk"],
            found[cause]["n_event"],
            0.0,
        )
        for cause, label, status in named
        if found[cause]["time"]
    ]


def drawn_steps(curves: Iterable[Stepped], scale: Scale, link: Link) -> Iterator[Step]:
    """Where a pointer finds the steps that are drawn."""
    for curve in curves:
        before = curve.start
        for place in curve.steps()[:STEPS_SHOWN]:
            time, share = curve.times[place], curve.shares[place]
            if time <= scale.longest:
                d = f"M{n(scale.x(time))} {n(scale.y(before))}V{n(scale.y(share))}"
                yield Step(d, _title(curve, place), curve.url(place, link))
            before = share


def _title(curve: Stepped, place: int) -> str:
    said = _("%(curve)s, day %(day)s: %(share)s %%, events %(events)s of %(risk)s at risk")
    return said % {
        "curve": curve.label,
        "day": curve.day(place),
        "share": _percent(curve.shares[place]),
        "events": curve.n_event[place],
        "risk": curve.n_risk[place],
    }


def readout_of(curves: Sequence[Stepped], scale: Scale, unit: str) -> Readout | None:
    """What every curve says at times in equal steps; `unit` holds the place of the time."""
    if not curves:
        return None
    steps = int((RIGHT - LEFT) / READ_EVERY)
    times = [scale.longest * step / steps for step in range(steps + 1)]
    texts = tuple(f"{unit % {'time': f'{time:.1f}'}}: {'; '.join(_said(curves, time))}" for time in times)
    return Readout(LEFT, RIGHT, TOP, BOTTOM, texts)


def _said(curves: Sequence[Stepped], time: float) -> Iterator[str]:
    for curve in curves:
        if not curve.at_risk(time):
            yield _("%(curve)s: nobody at risk") % {"curve": curve.label}
            continue
        said = _("%(curve)s %(share)s %%, %(risk)s at risk")
        share = share_at(time, curve.times, curve.shares, curve.start)
        yield said % {"curve": curve.label, "share": _percent(share), "risk": curve.at_risk(time)}


def numbers_of(curves: Sequence[Stepped], link: Link) -> Numbers | None:
    """The steps as a table, in which the events lead to their subjects."""
    if not curves:
        return None
    heads = (_("Curve"), _("Days"), _("At risk"), _("Events"), _("Per cent (limits)"))
    rows: list[tuple[Entry, ...]] = [
        (
            Entry(curve.label),
            Entry(str(curve.day(place))),
            Entry(str(curve.n_risk[place])),
            Entry(str(curve.n_event[place]), curve.url(place, link)),
            Entry(_with_limits(curve, place)),
        )
        for curve in curves
        for place in curve.steps()[:STEPS_SHOWN]
    ]
    if any(len(curve.steps()) > STEPS_SHOWN for curve in curves):
        said = _("Only the first %(n)s steps of each curve are listed.") % {"n": STEPS_SHOWN}
        rows.append((Entry(said), *[Entry("")] * (len(heads) - 1)))
    return Numbers(heads, tuple(rows))


def _with_limits(curve: Stepped, place: int) -> str:
    share = _percent(curve.shares[place])
    if not curve.lower:
        return share
    limits = (curve.lower[place], curve.upper[place])
    low, high = (NONE if limit is None else _percent(limit) for limit in limits)
    return f"{share} ({low}–{high})"


def _percent(share: float) -> str:
    return printed(100 * share, 1)
