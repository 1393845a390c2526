"""MRD by day after the infusion: a lane for each subject, the class as a shape, the method as a letter."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from analytics.endpoints.sets import DAYS_PER_MONTH
from analytics.reports.drawing import (
    BELOW,
    LEFT,
    ROW,
    WIDTH,
    Axis,
    Drawing,
    Group,
    Key,
    Link,
    Path,
    Shape,
    diamond,
    disc,
    legend,
    n,
    square,
    words,
)
from analytics.reports.figure_card import NONE, TITLES, FigureCard, how_many, notes_of
from analytics.reports.line_plot import by_day
from patients.casebook.form import form_model
from trial.protocol.configuration import SETTINGS

NEGATIVE, POSITIVE, INDETERMINATE = "negative", "positive", "indeterminate"
LEVEL_WIDTH = 44  # of a level beside its mark
LETTERS = {"multiparameter_flow": "F", "rt_qpcr": "P", "ngs": "N", "dpcr": "D"}


def mrd_figure(found: dict[str, Any], link: Link) -> FigureCard | None:
    """None without an assessment after an infusion."""
    lanes = found["lanes"]
    if not lanes:
        return None
    keys, top = legend(_keys(lanes), 14)
    axis = Axis(max(lane["days"][-1] for lane in lanes) / DAYS_PER_MONTH)
    bottom = top + ROW * len(lanes)
    drawn = [
        group
        for row, lane in enumerate(lanes)
        for group in _lane(lane, axis, top + ROW * row + ROW / 2, link(lane["subject"]))
    ]
    said = _("%(of)s subjects were assessed; MRD was positive at some time in %(positive)s of those drawn.")
    positive = sum(any(_class(code) == POSITIVE for code in lane["codes"]) for lane in lanes)
    return FigureCard(
        Drawing(
            "mrd",
            str(TITLES["mrd"]),
            said % {"of": found["of"], "positive": positive},
            int(bottom + BELOW),
            (keys, axis.below(top, bottom, _("Months since CAR-T infusion")), *drawn),
        ),
        notes_of(
            _("Positive from %(limit)s per cent; the level stands beside a mark where it has room.")
            % {"limit": f"{found['positive_from']:g}"},
            str(SETTINGS["mrd_threshold_pct"].why),
            how_many(len(lanes), found["of"], _("by their codes")),
        ),
        by_day(lanes, link, _shown),
    )


def _class(code: str) -> str:
    return code.partition("|")[0]


def _methods(code: str) -> list[str]:
    return [method for method in code.split("|")[1:] if method]


def _letters(code: str) -> str:
    return "".join(LETTERS.get(method, "?") for method in _methods(code))


def _keys(lanes: list[dict[str, Any]]) -> Iterator[Key]:
    for code in (NEGATIVE, POSITIVE, INDETERMINATE):
        label = _("MRD %(result)s") % {"result": _result(code)}
        yield Key(lambda x, y, code=code: [_mark(code, x, y)], label)  # type: ignore[misc]
    used = {method for lane in lanes for code in lane["codes"] for method in _methods(code)}
    for method in sorted(used):
        letter, label = LETTERS.get(method, "?"), form_model("RESP").item("mrd_method").shown([method])
        yield Key(lambda x, y, letter=letter: [words(letter, x, y + 4, "mid letter")], str(label))  # type: ignore[misc]


def _mark(code: str, x: float, y: float) -> Path:
    shape = {NEGATIVE: disc, POSITIVE: diamond}.get(code, square)
    return shape("m-bad" if code == POSITIVE else "m-open", x, y, 7.5 if code == POSITIVE else 6)


def _lane(lane: dict[str, Any], axis: Axis, y: float, url: str) -> Iterator[Group]:
    rule = Path("grid", f"M{n(axis.left)} {n(y)}H{n(axis.right)}")
    yield Group((words(lane["subject"], LEFT - 8, y + 4, "end"), rule), lane["subject"], url)
    xs = [axis.x(day / DAYS_PER_MONTH) for day in lane["days"]]
    points = zip(lane["days"], xs, [*xs[1:], WIDTH], lane["values"], lane["codes"], strict=True)
    for day, x, following, level, code in points:
        look = "mid letter on" if _class(code) == POSITIVE else "mid letter"
        shapes: list[Shape] = [_mark(_class(code), x, y), words(_letters(code), x, y + 3, look)]
        if _class(code) == POSITIVE and level is not None and following - x > LEVEL_WIDTH:
            shapes.append(words(f"{level:g}", x + 10, y + 4, "t-bad"))
        said = _("%(subject)s, day %(day)s: %(result)s")
        told = said % {"subject": lane["subject"], "day": day, "result": _shown(level, code)}
        yield Group(tuple(shapes), told, url)


def _shown(level: float | None, code: str) -> str:
    methods = form_model("RESP").item("mrd_method").shown(_methods(code))
    value = "" if level is None else f", {level:g} %"
    return f"{_result(_class(code))}{value} ({methods or NONE})"


def _result(code: str) -> str:
    return form_model("RESP").item("mrd_status").shown(code)
