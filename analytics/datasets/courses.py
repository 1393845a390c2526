"""The courses of a subject, point by point: CRS, neutrophils, donor cells and MRD by day.

They are drawn and not counted. So that all of them fit into memory beside the datasets, a row holds no more
than the picture needs; which item gave a point is asked of the casebook again (`Point.sources`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import polars as pl

from analytics.datasets.sourced import Sourced, sourced
from analytics.datasets.story import Story
from analytics.datasets.toxicity import share_on
from patients.casebook.answers import Record
from patients.grading.haematotoxicity import LATE_LAST_DAY


class Course(StrEnum):
    """What is followed. Days count from the infusion, those of the donor's cells from the graft."""

    CRS = "crs"
    NEUTROPHILS = "neutrophils"
    CHIMERISM = "chimerism"
    MRD = "mrd"


SCHEMA: dict[str, Any] = {
    "SUBJID": pl.String,
    "COURSE": pl.Enum([one.value for one in Course]),
    "DAY": pl.Int32,
    "VALUE": pl.Float64,
    "CODE": pl.String,
}
"""VALUE: a grade, 10^9/L, per cent of the graft donor, per cent of MRD. CODE: of the donor's cells the
specimen and the fraction, of MRD its class and the methods, each parted by |."""


@dataclass(frozen=True, slots=True)
class Point:
    """The value of a day, one for each course, and the items that gave it."""

    subject: str
    course: Course
    day: int
    value: float | None
    code: str
    sources: tuple[Sourced[Any], ...]


def points_of(story: Story) -> list[Point]:
    """The points of a subject, course by course in order of their days."""
    found = [point for of in _COURSES for point in of(story) if point.day >= 0]
    return sorted(found, key=lambda point: (point.course, point.day))


def courses_table(stories: Iterable[Story]) -> pl.DataFrame:
    """The points of some subjects as a table."""
    points = (point for story in stories for point in points_of(story))
    rows = [(one.subject, one.course.value, one.day, one.value, one.code) for one in points]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _crs(story: Story) -> Iterator[Point]:
    """The grade of each day, the highest of several."""
    for day, records in _by_day(story.casebook.records("CRS"), "crs_date").items():
        graded = [found for record in records if (found := sourced(record, "crs_grade")) is not None]
        if graded and story.infused:
            worst = max(graded, key=lambda found: found.value)
            yield _point(story, Course.CRS, day, story.infused.value, worst)


def _neutrophils(story: Story) -> Iterator[Point]:
    """The lowest count of each day up to day 100, as ICAHT looks at them (Rejeski et al., Blood 2023)."""
    lowest: dict[date, Sourced[Decimal]] = {}
    for sample in story.neutrophils:
        day, taken = sample.taken.value, sample.taken
        found = Sourced(sample.value, taken.form, taken.visit, taken.row_key, "lab_value")
        if day not in lowest or found.value < lowest[day].value:
            lowest[day] = found
    for day, count in lowest.items():
        if story.infused and (day - story.infused.value).days <= LATE_LAST_DAY:
            yield _point(story, Course.NEUTROPHILS, day, story.infused.value, count)


def _chimerism(story: Story) -> Iterator[Point]:
    """The fraction of each sample day that the endpoint of one month would take."""
    by_day = _by_day(story.casebook.records("CHIM"), "chim_dt")
    for day, records in by_day.items():
        share = share_on(story.casebook, day)
        if share is not None and story.grafted:
            of = next(one for one in records if one.place == (share.form, share.visit, share.row_key))
            code = f"{of.values['chim_sample']}|{of.values['chim_lineage']}"
            yield _point(story, Course.CHIMERISM, day, story.grafted.value, share, code)


def _mrd(story: Story) -> Iterator[Point]:
    """Each assessment with a class; on one day the last."""
    for day, records in _by_day(story.casebook.records("RESP"), "resp_dt").items():
        classed = [record for record in records if record.values["mrd_status"]]
        if classed and story.infused:
            last = classed[-1]
            code = "|".join((last.values["mrd_status"], *(last.values["mrd_method"] or ())))
            level = last.values["mrd_value"]
            sources = tuple(filter(None, (sourced(last, "mrd_status"), sourced(last, "mrd_value"))))
            since = (day - story.infused.value).days
            value = None if level is None else float(level)
            yield Point(story.subject, Course.MRD, since, value, code, sources)


_COURSES: tuple[Callable[[Story], Iterator[Point]], ...] = (_crs, _neutrophils, _chimerism, _mrd)


def _by_day(records: Iterable[Record], item: str) -> dict[date, list[Record]]:
    found: dict[date, list[Record]] = {}
    for record in records:
        if record.values[item] is not None:
            found.setdefault(record.values[item], []).append(record)
    return found


def _point(
    story: Story, course: Course, day: date, origin: date, found: Sourced[Any], code: str = ""
) -> Point:
    return Point(story.subject, course, (day - origin).days, float(found.value), code, (found,))
