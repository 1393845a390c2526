"""The forest of the subgroups: estimate and limits of each, beside those of all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.endpoints.catalogue import printed
from analytics.reports.drawing import (
    Axis,
    Drawing,
    Group,
    Link,
    Path,
    Shape,
    diamond,
    n,
    square,
    words,
)
from analytics.reports.figure_card import NONE, TITLES, Entry, FigureCard, Numbers, notes_of
from analytics.reports.section_four import GROUPINGS, group_label

PARTS: dict[str, Promise] = {
    "os": gettext_lazy("Overall survival at 12 months"),
    "pfs": gettext_lazy("Progression-free survival at 12 months"),
    "remission": gettext_lazy("MRD-negative CR, CRh or CRi"),
    "acute_gvhd": gettext_lazy("Acute GVHD, any grade, at 3 months"),
}
TESTS: dict[str, Promise] = {"logrank": gettext_lazy("log-rank"), "gray": gettext_lazy("Gray")}
ALL = "all"
ROW, NUMBER_X, LEFT, RIGHT = 18, 236, 256.0, 590.0
PERCENT = (0, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the forest: of a group, of all (`is_all`), or the name of a grouping with its test."""

    label: str
    part: str = ""
    found: Mapping[str, Any] | None = None
    is_all: bool = False
    test: str = ""


def forest_figure(found: dict[str, Any], link: Link) -> FigureCard | None:
    """None of a run that did not compute all as one group."""
    if "overall" not in found:
        return None
    panels = {code: list(_lines(found, code)) for code in PARTS}
    groups: list[Group] = []
    y = 16.0
    for code, lines in panels.items():
        groups += _panel(str(PARTS[code]), lines, y, link)
        y += ROW * (len(lines) + 4)
    numbers = Numbers(
        (_("Group"), "n", _("Per cent (limits)"), _("Test")),
        tuple(row for code, lines in panels.items() for row in _rows(str(PARTS[code]), lines, link)),
    )
    return FigureCard(
        Drawing(
            "forest",
            str(TITLES["forest"]),
            _("By diagnosis, source of the product and previous transplant; exploratory."),
            int(y - ROW),
            tuple(groups),
        ),
        notes_of(
            _("Exploratory: the trial is not sized for subgroups, and no test is corrected for the others."),
            _(
                "Squares: estimate with 95 per cent limits (survival: Kaplan-Meier, remission: exact, acute "
                "GVHD: Aalen-Johansen). Diamond and dotted line: all."
            ),
        ),
        numbers,
    )


def _lines(found: dict[str, Any], part: str) -> Iterator[Line]:
    overall = found["overall"][part]["groups"]
    yield Line(_("All"), f"{ALL}.{ALL}.{part}", overall[0] if overall else None, is_all=True)
    for grouping in found["groupings"]:
        test = grouping[part]["test"]
        yield Line(str(GROUPINGS[grouping["code"]]), test=_tested(test))
        by_group = {each["group"]: each for each in grouping[part]["groups"]}
        for member in grouping["members"]:
            code = member["group"]
            place = f"{grouping['code']}.{code or NONE}.{part}"
            yield Line(group_label(grouping["code"], code), place, by_group.get(code))


def _tested(test: Mapping[str, Any] | None) -> str:
    if test is None or test["p_value"] is None:
        return _("no test")
    return f"p = {printed(test['p_value'], 3)} ({TESTS[test['name']]})"


def _at(line: Line) -> Mapping[str, Any]:
    """The estimate with its limits: of a rate, or of a curve at its one time."""
    found: Mapping[str, Any] = line.found or {}
    at: Mapping[str, Any] = found["times"][0] if "times" in found else found
    return at


def _said(line: Line) -> str:
    at = _at(line)
    if at.get("estimate") is None:
        return _not_estimable(line)
    share = printed(100 * at["estimate"], 1)
    if at["lower"] is None or at["upper"] is None:
        return _("%(share)s (limits not estimable)") % {"share": share}
    return f"{share} ({printed(100 * at['lower'], 1)}–{printed(100 * at['upper'], 1)})"


def _not_estimable(line: Line) -> str:
    """Why there is no number: nobody is in the group, or all were observed for less."""
    found = line.found or {}
    last = found.get("at_longest")
    if last is None:
        return _("not estimable: nobody")
    told = {"day": round(last["day"]), "share": printed(100 * last["estimate"], 1)}
    if found["events"] + found["competing"] == found["size"]:
        return _("not estimable: all had ended by day %(day)s, then %(share)s") % told
    return _("not estimable: last observed on day %(day)s") % told


def _size(line: Line) -> str:
    return str(line.found["size"]) if line.found else "0"


# --- the picture -------------------------------------------------------------------------------------------
def _panel(title: str, lines: list[Line], top: float, link: Link) -> Iterator[Group]:
    axis = Axis(100, left=LEFT, right=RIGHT)
    first, bottom = top + 28, top + 28 + ROW * len(lines)
    yield Group(
        (
            words(title, 0, top, "strong"),
            words("n", NUMBER_X, first - 6, "end"),
            words(_("Per cent (limits)"), RIGHT + 14, first - 6),
            *(Path("grid", f"M{n(axis.x(share))} {n(first)}V{n(bottom)}") for share in PERCENT),
            Path("axis", f"M{n(LEFT)} {n(bottom)}H{n(RIGHT)}"),
            *(words(str(share), axis.x(share), bottom + 14, "mid") for share in PERCENT),
            *_reference(lines, axis, first, bottom),
        )
    )
    for row, line in enumerate(lines):
        yield _row(line, axis, first + ROW * row + ROW / 2, link)


def _reference(lines: list[Line], axis: Axis, top: float, bottom: float) -> Iterator[Path]:
    """The line of all, through every group."""
    share = _at(lines[0]).get("estimate")
    if share is not None:
        yield Path("ref", f"M{n(axis.x(100 * share))} {n(top)}V{n(bottom)}")


def _row(line: Line, axis: Axis, y: float, link: Link) -> Group:
    if not line.part:
        return Group((words(line.label, 0, y + 4), words(line.test, RIGHT + 14, y + 4)))
    at, indent = _at(line), 0 if line.is_all else 14
    shapes: list[Shape] = [words(line.label, indent, y + 4), words(_size(line), NUMBER_X, y + 4, "end")]
    if at.get("estimate") is None:
        shapes.append(words(_said(line), LEFT + 8, y + 4))
    else:
        shapes += [*_estimate(line, at, axis, y), words(_said(line), RIGHT + 14, y + 4)]
    return Group(tuple(shapes), f"{line.label}: {_said(line)}, n = {_size(line)}", link(line.part))


def _estimate(line: Line, at: Mapping[str, Any], axis: Axis, y: float) -> Iterator[Shape]:
    look = "2" if line.is_all else "1"
    if at["lower"] is not None and at["upper"] is not None:
        low, high = axis.x(100 * at["lower"]), axis.x(100 * at["upper"])
        yield Path(f"k{look}", f"M{n(low)} {n(y)}H{n(high)}M{n(low)} {n(y - 3)}v6M{n(high)} {n(y - 3)}v6")
    mark = diamond if line.is_all else square
    yield mark(f"s{look}", axis.x(100 * at["estimate"]), y)


def _rows(title: str, lines: list[Line], link: Link) -> Iterator[tuple[Entry, ...]]:
    for line in lines:
        if not line.part:
            yield Entry(f"{title}: {line.label}"), Entry(""), Entry(""), Entry(line.test)
            continue
        label = f"{title}: {line.label}" if line.is_all else line.label
        yield Entry(label), Entry(_size(line), link(line.part)), Entry(_said(line)), Entry("")
