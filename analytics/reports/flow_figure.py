"""The way of the subjects through the trial as boxes, after the diagram of CONSORT (2010)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.datasets.analysis_sets import REASONS
from analytics.reports.drawing import Drawing, Group, Link, Path, Shape, bar, n, words
from analytics.reports.figure_card import TITLES, Entry, FigureCard, Numbers, notes_of
from patients.web.timeline_layout import text_width

BOXES: dict[str, Promise] = {
    "screened": gettext_lazy("Screened, with consent"),
    "enrolled": gettext_lazy("Enrolled"),
    "infused": gettext_lazy("Infused"),
    "remission": gettext_lazy("CR, CRh or CRi"),
    "transplanted": gettext_lazy("Transplanted"),
    "followed": gettext_lazy("Followed for 3 months or more"),
}
WITHOUT_REMISSION: dict[str, Promise] = {
    "transplanted_without_remission": gettext_lazy("transplanted without remission before"),
    "relapse_or_progression": gettext_lazy("relapse or progression without remission before"),
    "died_without_remission": gettext_lazy("died without remission"),
    "no_remission_so_far": gettext_lazy("no remission by the cut-off"),
}
BOX_X, BOX_WIDTH, BOX_HEIGHT = 4.0, 230.0, 46.0
MIDDLE = BOX_X + BOX_WIDTH / 2
SIDE_X, SIDE_WIDTH = 290.0, 466.0
LINE, LEAST_GAP = 20, 34.0
LETTERS_FIT = SIDE_WIDTH - 24


@dataclass(frozen=True, slots=True)
class Side:
    """Some who stand beside the way."""

    part: str
    label: str
    n: int


def flow_figure(found: list[dict[str, Any]], link: Link) -> FigureCard:
    """Boxes under each other, those who left beside the arrow between two."""
    groups: list[Group] = []
    y = 10.0
    for place, box in enumerate(found):
        groups += _box(box, y, link)
        sides = _sides(box, found[place + 1] if place + 1 < len(found) else None)
        gap = max(LEAST_GAP, LINE * len(sides) + 28.0) if sides else LEAST_GAP
        if place + 1 < len(found):
            groups.append(Group((_down(y + BOX_HEIGHT, gap),)))
            groups += _beside(sides, y + BOX_HEIGHT, gap, link)
            y += gap
        y += BOX_HEIGHT
    steps = "; ".join(f"{BOXES[box['code']]} {box['n']}" for box in found)
    return FigureCard(
        Drawing("flow", str(TITLES["flow"]), steps, int(y + 12), tuple(groups)),
        notes_of(
            _(
                "After the diagram of CONSORT 2010. Remission: by the policy of the protocol, and not after "
                "the graft."
            ),
            _("Three months are 91.3 days from the infusion, to death or the last day known alive."),
        ),
        _numbers(found, link),
    )


def reason_label(reason: str) -> str:
    return str(WITHOUT_REMISSION[reason] if reason in WITHOUT_REMISSION else REASONS.labels[reason])


def _sides(box: dict[str, Any], after: dict[str, Any] | None) -> list[Side]:
    """Who stands beside the way after a box: those who left it, and those who come back to it."""
    code = box["code"]
    sides = [
        Side(f"{code}.{each['reason']}", reason_label(each["reason"]), each["n"]) for each in box["left"]
    ]
    if after is not None and after["joined"]["n"]:
        sides.append(Side(f"{after['code']}.joined", joined_label(), after["joined"]["n"]))
    return sides


def joined_label() -> str:
    return _("back: %(who)s") % {"who": WITHOUT_REMISSION["transplanted_without_remission"]}


def _box(box: dict[str, Any], y: float, link: Link) -> Iterator[Group]:
    label, number = str(BOXES[box["code"]]), f"n = {box['n']}"
    yield Group(
        (
            bar("node", BOX_X, y, BOX_WIDTH, BOX_HEIGHT),
            words(label, MIDDLE, y + 19, "mid strong"),
            words(number, MIDDLE, y + 37, "mid"),
        ),
        f"{label}: {number}",
        link(box["code"]),
    )


def _down(y: float, gap: float) -> Path:
    return Path("way", f"M{n(MIDDLE)} {n(y)}v{n(gap - 1)}m-4 -6l4 6l4 -6")


def _beside(sides: list[Side], y: float, gap: float, link: Link) -> Iterator[Group]:
    if not sides:
        return
    height = LINE * len(sides) + 12.0
    top = y + (gap - height) / 2
    yield Group(
        (
            Path("way", f"M{n(MIDDLE)} {n(y + gap / 2)}H{n(SIDE_X - 1)}m-6 -4l6 4l-6 4"),
            bar("node-side", SIDE_X, top, SIDE_WIDTH, height),
        )
    )
    for row, side in enumerate(sides):
        counted = f"n = {side.n}"
        baseline = top + 6 + LINE * row + 14
        shapes: tuple[Shape, ...] = (
            words(_fitted(side.label), SIDE_X + 10, baseline),
            words(counted, SIDE_X + SIDE_WIDTH - 10, baseline, "end"),
        )
        yield Group(shapes, f"{side.label}: {counted}", link(side.part))


def _fitted(label: str) -> str:
    """As much of it as has room beside its number; the title says all of it."""
    room = LETTERS_FIT - 50
    while text_width(label) > room:
        label = label[:-2].rstrip() + "…"
    return label


def _numbers(found: list[dict[str, Any]], link: Link) -> Numbers:
    rows: list[tuple[Entry, ...]] = []
    for place, box in enumerate(found):
        rows.append((Entry(str(BOXES[box["code"]])), Entry(str(box["n"]), link(box["code"]))))
        after = found[place + 1] if place + 1 < len(found) else None
        rows += [
            (Entry(f"– {side.label}"), Entry(str(side.n), link(side.part))) for side in _sides(box, after)
        ]
    return Numbers((_("Step"), "n"), tuple(rows))
