"""The swimmer plot: a lane for each treated subject from the infusion on."""

from collections.abc import Callable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.endpoints.catalogue import printed
from analytics.endpoints.sets import DAYS_PER_MONTH
from analytics.reports.drawing import (
    BELOW,
    GAP,
    LEFT,
    RIGHT,
    ROW,
    Axis,
    Drawing,
    Group,
    Key,
    Link,
    Path,
    Shape,
    arrow,
    bar,
    cross,
    diamond,
    disc,
    legend,
    square,
    triangle,
    words,
)
from analytics.reports.figure_card import NONE, TITLES, Entry, FigureCard, Numbers, how_many, notes_of

DRAWN: dict[str, Callable[[float, float], Path]] = {
    "remission": lambda x, y: square("m-good", x, y - LIFT, 3.5),
    "graft": lambda x, y: disc("m-graft", x, y),
    "acute_gvhd": lambda x, y: triangle("m-warn", x, y),
    "relapse": lambda x, y: diamond("m-bad", x, y),
    "death": lambda x, y: cross("m-death", x, y),
}
MARKS: dict[str, Promise] = {
    "remission": gettext_lazy("CR, CRh or CRi"),
    "graft": gettext_lazy("Transplantation"),
    "acute_gvhd": gettext_lazy("Onset of acute GVHD"),
    "relapse": gettext_lazy("Relapse or progression"),
    "death": gettext_lazy("Death"),
}
BAR = 10
LIFT = 5
"""So much higher stands the remission: the graft follows it within days, and would hide it."""


def swimmer_figure(found: dict[str, Any], link: Link) -> FigureCard | None:
    """None without anybody treated."""
    lanes = found["lanes"]
    if not lanes:
        return None
    keys, top = legend(_keys(), 14)
    axis = Axis(max(lane["days"] for lane in lanes) / DAYS_PER_MONTH, right=RIGHT - 20)
    bottom = top + ROW * len(lanes)
    drawn = [_lane(lane, axis, top + ROW * row + ROW / 2, link) for row, lane in enumerate(lanes)]
    said = _("%(of)s subjects, %(died)s of those drawn died; the longest was observed for %(months)s months.")
    return FigureCard(
        Drawing(
            "swimmer",
            str(TITLES["swimmer"]),
            said
            % {
                "of": found["of"],
                "died": sum(lane["died"] for lane in lanes),
                "months": _months(lanes[0]["days"]),
            },
            int(bottom + BELOW),
            (keys, axis.below(top, bottom, _("Months since CAR-T infusion")), *drawn),
        ),
        notes_of(
            _(
                "A lane ends with death, the last day known alive or the cut-off, as overall survival does; "
                "an arrow: alive."
            ),
            how_many(len(lanes), found["of"], _("the longest observed first")),
        ),
        _numbers(lanes, link),
    )


def _keys() -> list[Key]:
    def drawn(code: str) -> Callable[[float, float], list[Shape]]:
        return lambda x, y: [DRAWN[code](x, y + LIFT if code == "remission" else y)]

    return [
        Key(lambda x, y: [bar("lane-car", x - 5, y - 5, 10, BAR)], _("after the infusion")),
        Key(lambda x, y: [bar("lane-hsct", x - 5, y - 5, 10, BAR)], _("after the graft")),
        *(Key(drawn(code), str(label)) for code, label in MARKS.items()),
        Key(lambda x, y: [arrow("m-alive", x - 6, y, 12)], _("alive")),
    ]


def _lane(lane: dict[str, Any], axis: Axis, y: float, link: Link) -> Group:
    end, graft = lane["days"], lane["marks"].get("graft", lane["days"])
    x0, x1, x2 = (axis.x(day / DAYS_PER_MONTH) for day in (0, graft, end))
    shapes: list[Shape] = [words(lane["subject"], LEFT - 8, y + 4, "end")]
    shapes.append(bar("lane-car", x0, y - BAR / 2, x1 - x0, BAR))
    if x2 > x1:
        shapes.append(bar("lane-hsct", x1, y - BAR / 2, x2 - x1, BAR))
    shapes += [DRAWN[code](axis.x(day / DAYS_PER_MONTH), y) for code, day in lane["marks"].items()]
    if not lane["died"]:
        shapes.append(arrow("m-alive", x2 + GAP / 4, y))
    return Group(tuple(shapes), _told(lane), link(lane["subject"]))


def _told(lane: dict[str, Any]) -> str:
    marks = (f"{MARKS[code]} {day}" for code, day in lane["marks"].items())
    said = _("%(subject)s, %(months)s months. Days after the infusion: %(marks)s")
    told = said % {
        "subject": lane["subject"],
        "months": _months(lane["days"]),
        "marks": "; ".join(marks) or NONE,
    }
    return told if lane["died"] else f"{told}; {_('alive')} {lane['days']}"


def _numbers(lanes: list[dict[str, Any]], link: Link) -> Numbers:
    heads = (_("Subject"), _("Observed, days"), *map(str, MARKS.values()))
    rows = (
        (
            Entry(lane["subject"], link(lane["subject"])),
            Entry(str(lane["days"])),
            *(Entry(str(lane["marks"].get(code, NONE))) for code in MARKS),
        )
        for lane in lanes
    )
    return Numbers(heads, tuple(rows))


def _months(days: int) -> str:
    return printed(days / DAYS_PER_MONTH, 1)
