"""Neutrophils by day after the infusion on a scale of powers of ten."""

from itertools import pairwise
from math import log10
from typing import Any

from django.utils.translation import gettext as _

from analytics.reports.drawing import BELOW, DAY_STEPS, Axis, Drawing, Group, Link, Path, Readout, line, n
from analytics.reports.figure_card import TITLES, FigureCard, how_many, notes_of
from analytics.reports.line_plot import HEIGHT, LEFT, RIGHT, Plot, by_day
from patients.grading.haematotoxicity import LATE_LAST_DAY

LEAST, MOST = 0.01, 10.0  # 10^9/L; what is beyond stands at the edge
TICKS = (0.01, 0.1, 1.0, 10.0)
TOP = 30.0


def neutrophil_figure(found: dict[str, Any], link: Link) -> FigureCard | None:
    """None without a count after an infusion."""
    lanes, days = found["lanes"], found["by_day"]
    if not lanes:
        return None
    plot = Plot(Axis(float(LATE_LAST_DAY), left=LEFT, right=RIGHT, steps=DAY_STEPS), TOP, _y)
    severe, profound = found["limits"]
    courses = [plot.course(lane, lane["subject"], link(lane["subject"])) for lane in lanes]
    middle = [_middle(plot, days)] if len(lanes) < found["of"] else []
    said = _("%(of)s subjects with counts; median %(median)s on the day with most of them, day %(day)s.")
    fullest = max(range(len(days["days"])), key=lambda place: days["n"][place])
    return FigureCard(
        Drawing(
            "neutrophils",
            str(TITLES["neutrophils"]),
            said
            % {
                "of": found["of"],
                "median": f"{days['median'][fullest]:.2f}",
                "day": days["days"][fullest],
            },
            int(plot.bottom + BELOW),
            (
                *plot.frame(_("Days since CAR-T infusion"), _("Neutrophils, 10^9/L"), TICKS),
                *courses,
                *middle,
                plot.limit(severe, _("%(limit)s: severe") % {"limit": f"{severe:g}"}),
                plot.limit(profound, _("%(limit)s: profound") % {"limit": f"{profound:g}"}),
            ),
            Readout(LEFT, RIGHT, plot.top, plot.bottom, plot.texts(lambda day: _told(days, day))),
        ),
        notes_of(
            _(
                "The lowest count of each day, on a logarithmic scale; below 0.01 drawn at 0.01. Lines: the "
                "limits of ICAHT (EHA/EBMT, Rejeski et al., Blood 2023;142:865)."
            ),
            _("Dashed and shaded: median and quartiles of all.") if middle else "",
            how_many(len(lanes), found["of"], _("by their codes")),
        ),
        by_day(lanes, link, lambda value, _code: f"{value:g}"),
    )


def _y(value: float) -> float:
    inside = min(max(value, LEAST), MOST)
    return TOP + HEIGHT * (1 - (log10(inside) - log10(LEAST)) / (log10(MOST) - log10(LEAST)))


def _middle(plot: Plot, days: dict[str, Any]) -> Group:
    """Median and quartiles of everybody by day."""
    xs = [plot.axis.x(day) for day in days["days"]]
    upper = list(zip(xs, map(_y, days["upper"]), strict=True))
    lower = list(zip(xs, map(_y, days["lower"]), strict=True))
    around = Path("b2", "M" + "L".join(f"{n(x)} {n(y)}" for x, y in (*upper, *reversed(lower))) + "Z")
    return Group((around, line("c2", zip(xs, map(_y, days["median"]), strict=True))))


def _told(days: dict[str, Any], day: float) -> str:
    """The counts of the nearest day that has any."""
    place = _nearest(days["days"], day)
    said = _("day %(day)s: %(n)s with a count, median %(median)s (quartiles %(lower)s–%(upper)s)")
    return said % {
        "day": days["days"][place],
        "n": days["n"][place],
        **{name: f"{days[name][place]:.2f}" for name in ("median", "lower", "upper")},
    }


def _nearest(days: list[int], day: float) -> int:
    halves = [(before + after) / 2 for before, after in pairwise(days)]
    return sum(half <= day for half in halves)
