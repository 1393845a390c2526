"""The graft donor's cells by day after the graft."""

from collections.abc import Iterator, Sequence
from math import floor
from typing import Any

from django.utils.translation import gettext as _

from analytics.reports.drawing import BELOW, DAY_STEPS, Axis, Drawing, Group, Link, Readout, bar, words
from analytics.reports.figure_card import TITLES, FigureCard, how_many, notes_of
from analytics.reports.line_plot import HEIGHT, LEFT, RIGHT, Plot, by_day
from patients.casebook.form import form_model
from trial.protocol.configuration import SETTINGS

TOP = 30.0
HIGHEST_START_PCT = 80  # an axis that began higher would make a fall of what is none
FIRST_MONTH = (27, 35)
LEAST_DAYS = 100


def chimerism_figure(found: dict[str, Any], link: Link) -> FigureCard | None:
    """None without a sample after a graft."""
    lanes = found["lanes"]
    if not lanes:
        return None
    start = min(HIGHEST_START_PCT, floor(min(min(lane["values"]) for lane in lanes) / 20) * 20)
    longest = max(LEAST_DAYS, *(lane["days"][-1] for lane in lanes))
    plot = Plot(
        Axis(float(longest), left=LEFT, right=RIGHT, steps=DAY_STEPS), TOP, lambda value: _y(value, start)
    )
    full = found["full_from"]
    window = _window(plot)
    said = _("%(of)s subjects with samples; the last sample is full in %(full)s of those drawn.")
    last_full = sum(lane["values"][-1] >= full for lane in lanes)
    return FigureCard(
        Drawing(
            "chimerism",
            str(TITLES["chimerism"]),
            said % {"of": found["of"], "full": last_full},
            int(plot.bottom + BELOW),
            (
                window,
                *plot.frame(
                    _("Days since transplantation"),
                    _("Donor cells, per cent"),
                    range(start, 101, _step(start)),
                ),
                *(plot.course(lane, _title(lane), link(lane["subject"])) for lane in lanes),
                *_named(plot, lanes, full),
                plot.limit(full, _("full from %(limit)s %%") % {"limit": f"{full:g}"}),
            ),
            Readout(LEFT, RIGHT, plot.top, plot.bottom, plot.texts(lambda day: _told(lanes, day, full))),
        ),
        notes_of(
            _("The axis begins at %(start)s per cent.") % {"start": start} if start else "",
            _("Of a day: whole blood, else the lower of CD3 and CD33, marrow without blood."),
            _("Shaded: the window of one month, transplant day 27 to 35."),
            str(SETTINGS["full_donor"].why),
            _("This limit awaits confirmation.") if SETTINGS["full_donor"].awaiting_confirmation else "",
            how_many(len(lanes), found["of"], _("by their codes")),
        ),
        by_day(lanes, link, _shown),
    )


def _y(value: float, start: float) -> float:
    return TOP + HEIGHT * (100 - value) / (100 - start)


def _step(start: int) -> int:
    return 5 if start >= HIGHEST_START_PCT else 20


def _window(plot: Plot) -> Group:
    first, last = map(plot.axis.x, FIRST_MONTH)
    shown = bar("window", first, plot.top, last - first, HEIGHT)
    return Group((shown, words(_("1 month"), last + 4, plot.bottom - 6)))


def _named(plot: Plot, lanes: Sequence[dict[str, Any]], full: float) -> Iterator[Group]:
    """Who was below the limit at some time, at the last sample."""
    for lane in lanes:
        if min(lane["values"]) < full:
            x, y = plot.axis.x(lane["days"][-1]), plot.y(lane["values"][-1])
            yield Group((words(lane["subject"], x + 6, y + 4),))


def _title(lane: dict[str, Any]) -> str:
    said = _("%(subject)s: last %(value)s %% on day %(day)s")
    return said % {
        "subject": lane["subject"],
        "value": f"{lane['values'][-1]:g}",
        "day": lane["days"][-1],
    }


def _told(lanes: Sequence[dict[str, Any]], day: float, full: float) -> str:
    """What is known of each by a day: the last value until then."""
    values = [value for lane in lanes if (value := _until(lane, day)) is not None]
    said = _("day %(day)s: %(n)s of those drawn had a sample by then, %(full)s full, the lowest %(low)s %%")
    return said % {
        "day": round(day),
        "n": len(values),
        "full": sum(value >= full for value in values),
        "low": f"{min(values):g}" if values else "–",
    }


def _until(lane: dict[str, Any], day: float) -> float | None:
    known: list[float] = [value for on, value in zip(lane["days"], lane["values"], strict=True) if on <= day]
    return known[-1] if known else None


def _shown(value: float, code: str) -> str:
    sample, _bar, lineage = code.partition("|")
    form = form_model("CHIM")
    of = f"{form.item('chim_sample').shown(sample)}, {form.item('chim_lineage').shown(lineage)}"
    return f"{value:g} % ({of})"
