"""The grades of CRS as a strip for each subject, a cell for each day, the grade written in it."""

from typing import Any

from django.utils.translation import gettext as _

from analytics.reports.drawing import (
    LEFT,
    RIGHT,
    ROW,
    Drawing,
    Group,
    Key,
    Link,
    Shape,
    bar,
    legend,
    words,
)
from analytics.reports.figure_card import NONE, TITLES, Entry, FigureCard, Numbers, how_many, notes_of

GRADES = range(1, 6)
DARK = (4, 5)  # cells on which words are light
LEAST_DAYS = 14
INNER = 1  # between two cells


def crs_figure(found: dict[str, Any], link: Link) -> FigureCard | None:
    """None where CRS was assessed of nobody. The strips end with the last day that has a grade above 0."""
    lanes = found["lanes"]
    if not lanes:
        return None
    last = max([LEAST_DAYS, *found["by_day"]["days"]])
    keys, top = legend(_keys(), 14)
    strips = _Strips(last, top + ROW)
    bottom = strips.top + ROW * len(lanes)
    drawn = [group for row, lane in enumerate(lanes) for group in strips.lane(row, lane, link)]
    said = _("%(ill)s of %(of)s subjects had CRS; the highest grade that is drawn is %(worst)s.")
    worst = max(max(lane["values"]) for lane in lanes)
    return FigureCard(
        Drawing(
            "crs",
            str(TITLES["crs"]),
            said % {"ill": found["ill"], "of": found["of"], "worst": int(worst)},
            int(bottom + ROW + 26),
            (keys, strips.days(), *drawn, strips.counts(bottom, found["by_day"])),
        ),
        notes_of(
            _("ASTCT grade of each day from the infusion (day 0); empty: not assessed."),
            _later(found),
            how_many(len(lanes), found["of"], _("the highest grades first")),
        ),
        _numbers(lanes, last, link),
    )


def _later(found: dict[str, Any]) -> str:
    said = _("%(n)s subjects had CRS after day %(day)s, which is not drawn.")
    return said % {"n": found["later"], "day": found["last_day"]} if found["later"] else ""


def _keys() -> list[Key]:
    def cell(grade: int) -> Key:
        return Key(lambda x, y: _cell(grade, x - 7, y - 8, 15), _("grade %(grade)s") % {"grade": grade})

    return [cell(grade) for grade in (0, *GRADES)]


def _cell(grade: int, x: float, y: float, width: float) -> list[Shape]:
    look = "mid on" if grade in DARK else "mid g-text"
    return [bar(f"g{grade}", x, y, width, ROW - 4), words(str(grade), x + width / 2, y + 12, look)]


class _Strips:
    """Days side by side, subjects under each other."""

    def __init__(self, last: int, top: float) -> None:
        self.last, self.top = last, top
        self.width = (RIGHT - LEFT) / (last + 1)

    def x(self, day: int) -> float:
        return LEFT + self.width * day

    def days(self) -> Group:
        y = self.top - 6
        numbers = (words(str(day), self.x(day) + self.width / 2, y, "mid") for day in range(self.last + 1))
        return Group((words(_("CAR-T day"), LEFT - 8, y, "end"), *numbers))

    def lane(self, row: int, lane: dict[str, Any], link: Link) -> list[Group]:
        """The name with what was assessed and found absent, and a mark for each day with CRS."""
        y, url = self.top + ROW * row, link(lane["subject"])
        graded = list(zip(lane["days"], map(int, lane["values"]), strict=True))
        shown = [(day, grade, self._cell(day, grade, y)) for day, grade in graded if day <= self.last]
        without = [shape for _day, grade, cell in shown if not grade for shape in cell]
        worst = max(grade for _day, grade in graded)
        said = _("%(subject)s: highest grade %(grade)s") % {"subject": lane["subject"], "grade": worst}
        name = words(lane["subject"], LEFT - 8, y + 14, "end")
        return [
            Group((name, *without), said, url),
            *(
                Group(tuple(cell), _on_day(lane["subject"], day, grade), url)
                for day, grade, cell in shown
                if grade
            ),
        ]

    def _cell(self, day: int, grade: int, y: float) -> list[Shape]:
        return _cell(grade, self.x(day) + INNER, y + 2, self.width - 2 * INNER)

    def counts(self, bottom: float, by_day: dict[str, Any]) -> Group:
        """How many of all had CRS on each day."""
        y = bottom + ROW
        return Group(
            (
                words(_("With CRS"), LEFT - 8, y, "end"),
                *(
                    words(str(number), self.x(day) + self.width / 2, y, "mid")
                    for day, number in zip(by_day["days"], by_day["n"], strict=True)
                ),
            )
        )


def _on_day(subject: str, day: int, grade: int) -> str:
    said = _("%(subject)s, day %(day)s: grade %(grade)s")
    return said % {"subject": subject, "day": day, "grade": grade}


def _numbers(lanes: list[dict[str, Any]], last: int, link: Link) -> Numbers:
    heads = (_("Subject"), *(str(day) for day in range(last + 1)))
    rows = []
    for lane in lanes:
        grades = dict(zip(lane["days"], lane["values"], strict=True))
        cells = (f"{grades[day]:.0f}" if day in grades else NONE for day in range(last + 1))
        rows.append((Entry(lane["subject"], link(lane["subject"])), *map(Entry, cells)))
    return Numbers(heads, tuple(rows))
