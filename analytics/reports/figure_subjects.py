"""From a part of a figure (a lane, a step, a box, a group) to its subjects, and to the items that made it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.datasets.build import build_datasets
from analytics.datasets.courses import Course, points_of
from analytics.datasets.metadata import TRACE
from analytics.datasets.parameters import PARAMETERS
from analytics.datasets.story import tell
from analytics.datasets.trace import traced, with_versions
from analytics.locks.models import Lock
from analytics.locks.places import chosen_subjects
from analytics.locks.snapshot import CutSubject
from analytics.reports.adverse_events import EVENTS, of_grade, row_label
from analytics.reports.figure_card import NONE, TITLES
from analytics.reports.flow_figure import BOXES, joined_label, reason_label
from analytics.reports.forest_figure import ALL, PARTS
from analytics.reports.section_four import GROUPINGS, TABLES, group_label, tables_of
from analytics.reports.subject_pages import SubjectPage
from analytics.reports.trace import TracedSubject, traced_subjects
from analytics.runs.models import Run
from trial.people.models import Account
from trial.protocol.in_force import as_in_force


class NoSuchPart(LookupError):
    """The figure has no such part."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a figure: what it is, how many it counts, its subjects (of a run of before the first of
    them), and what of the datasets or of a course it was made of."""

    title: str
    n: int
    subjects: Sequence[str]
    variables: tuple[str, ...] = ()
    course: Course | None = None


@dataclass(frozen=True, slots=True)
class FigureSubjectsScreen:
    """Some of the subjects of a part, and where the part stands."""

    lock: Lock
    figure: str
    part: Part
    page: SubjectPage
    subjects: tuple[TracedSubject, ...]

    @property
    def figure_title(self) -> str:
        return str(TITLES[self.figure]) if self.figure in TITLES else self.where

    @property
    def where(self) -> str:
        return {TABLES: _("Tables"), EVENTS: _("Results")}.get(self.figure, _("All figures"))

    @property
    def where_url(self) -> str:
        if self.figure == EVENTS:
            return reverse("results", args=[self.lock.pk])
        if self.figure == TABLES:
            return reverse("lock-tables", args=[self.lock.pk])
        return f"{reverse('lock-figures', args=[self.lock.pk])}#{self.figure}"

    @property
    def left_out(self) -> int:
        """How many are counted and not named, by a run of before."""
        return self.part.n - self.page.size


def figure_subjects_screen(
    lock: Lock, run: Run, figure: str, part: str, reader: Account, start: int = 0
) -> FigureSubjectsScreen:
    """Raises NoSuchPart."""
    found = part_of(run.shown, figure, part)
    page = SubjectPage(found.subjects, start)
    with as_in_force(run.configuration):
        cut = chosen_subjects(lock.snapshot.path, frozenset(page.codes))
        sealed = {subject.facts.subject: subject for subject in cut}
        rows = _items_of_course(lock, found.course, sealed) if found.course else _items(lock, found, sealed)
        subjects = traced_subjects(page.codes, rows, sealed, reader)
    return FigureSubjectsScreen(lock, figure, found, page, subjects)


# --- the parts ---------------------------------------------------------------------------------------------
def part_of(exhibits: Mapping[str, Any], figure: str, part: str) -> Part:
    """The part of a figure by its name in the address. Raises NoSuchPart."""
    try:
        return _PARTS[figure](exhibits, part)
    except (KeyError, ValueError, IndexError, StopIteration) as problem:
        raise NoSuchPart(f"{figure} {part}") from problem


_SWIMMER = ("TRTSDT", "TR02SDT", "REMDT", "AGONDT", "RLPDT", "DTHDT", "LSTALVDT", "OS")
_OF_BOX = {
    "screened": ("ENRLDT",),
    "enrolled": ("ENRLDT",),
    "infused": ("TRTSDT", "RLPDT", "DTHDT"),
    "remission": ("REMDT", "TRTSDT", "DTHDT"),
    "transplanted": ("TR02SDT", "OS"),
    "followed": ("OS", "TRTSDT"),
}
_OF_GROUPING = {
    "diagnosis": ("DXTYPE",),
    "donor_source": ("DONCLASS",),
    "prior_transplant": ("PRALLO",),
    ALL: (),
}
_OF_ESTIMATE = {"os": ("OS",), "pfs": ("PFS",), "remission": ("CRIMRDDT",), "acute_gvhd": ("AGV14",)}
_ORIGINS = {"OS": "TRTSDT", "PFS": "TRTSDT", "AGV14": "TR02SDT"}


def _endpoint(exhibits: Mapping[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in exhibits["times"] if one["code"] == code)
    return found


def _treated(exhibits: Mapping[str, Any], subject: str) -> str:
    """A subject of the run. Raises ValueError for another."""
    if subject not in _endpoint(exhibits, "OS")["subjects"]:
        raise ValueError(subject)
    return subject


def _lane(exhibits: Mapping[str, Any], part: str) -> Part:
    return Part(part, 1, (_treated(exhibits, part),), _SWIMMER)


def _course(course: Course) -> Callable[[Mapping[str, Any], str], Part]:
    def of(exhibits: Mapping[str, Any], part: str) -> Part:
        return Part(part, 1, (_treated(exhibits, part),), course=course)

    return of


def _step(exhibits: Mapping[str, Any], part: str) -> Part:
    """`OS.374.1`: an endpoint, a day, and its event (1) or the competing one (2)."""
    code, day, status = part.split(".")
    found, label = _endpoint(exhibits, code), {each.code: each.label for each in PARAMETERS}[code]
    ended = [
        subject
        for subject, on, how in zip(found["subjects"], found["days"], found["status"], strict=True)
        if (on, how) == (int(day), int(status))
    ]
    title = _("%(endpoint)s: events of day %(day)s") % {"endpoint": label, "day": int(day)}
    return Part(title, len(ended), ended, (code, _ORIGINS[code]))


def _box(exhibits: Mapping[str, Any], part: str) -> Part:
    """`infused`, `infused.REASON` or `transplanted.joined`."""
    code, _dot, reason = part.partition(".")
    box = next(one for one in exhibits["flow"] if one["code"] == code)
    title = str(BOXES[code])
    if reason == "joined":
        title, box = joined_label(), box["joined"]
    elif reason:
        box = next(one for one in box["left"] if one["reason"] == reason)
        title = reason_label(reason)
    return Part(title, box["n"], box["subjects"], _OF_BOX[code])


def _group(exhibits: Mapping[str, Any], part: str) -> Part:
    """`diagnosis.aml.os`: a grouping, a group of it, and the estimate."""
    grouping, group, estimate = part.split(".")
    among = _of_estimate(exhibits, estimate)
    label = _("All")
    if grouping != ALL:
        code = group.replace(NONE, "")
        found = next(one for one in exhibits["subgroups"]["groupings"] if one["code"] == grouping)
        among &= set(next(one for one in found["members"] if one["group"] == code)["subjects"])
        label = f"{GROUPINGS[grouping]}: {group_label(grouping, code)}"
    variables = (*_OF_GROUPING[grouping], *_OF_ESTIMATE[estimate])
    return Part(f"{PARTS[estimate]}, {label}", len(among), sorted(among), variables)


def _of_estimate(exhibits: Mapping[str, Any], estimate: str) -> set[str]:
    """Everybody an estimate was made of: of remission the treated, as of overall survival."""
    code = {"remission": "OS"}.get(estimate, _OF_ESTIMATE[estimate][0])
    return set(_endpoint(exhibits, code)["subjects"])


def _cell(exhibits: Mapping[str, Any], part: str) -> Part:
    """`populations.3.0`: a table, a row and a cell of it; each subject with the dates of its course."""
    name, row, column = part.split(".")
    table = next(one for one in tables_of(exhibits) if one.id == name)
    found = table.rows[int(row)]
    subjects, head = found.cells[int(column)].subjects, table.heads[int(column) + 1]
    title = ", ".join(filter(None, (table.title, found.label, head)))
    return Part(title, len(subjects), subjects, _SWIMMER)


def _event(exhibits: Mapping[str, Any], part: str) -> Part:
    """`12.3`: a row of the adverse events and a worst grade, 0 where it is not known."""
    row, grade = map(int, part.split("."))
    found = exhibits["adverse_events"]["rows"][row]
    subjects = of_grade(found, grade)
    return Part(row_label(found), len(subjects), subjects, _SWIMMER)


_PARTS: dict[str, Callable[[Mapping[str, Any], str], Part]] = {
    TABLES: _cell,
    EVENTS: _event,
    "survival": _step,
    "incidence": _step,
    "flow": _box,
    "forest": _group,
    "swimmer": _lane,
    **{course.value: _course(course) for course in Course},
}


# --- the items ---------------------------------------------------------------------------------------------
def _items(lock: Lock, part: Part, sealed: Mapping[str, CutSubject]) -> pl.DataFrame:
    data = build_datasets(lock.cutoff, list(sealed.values()))
    return traced(data, lock).filter(pl.col("VARIABLE").is_in(part.variables))


def _items_of_course(lock: Lock, course: Course, sealed: Mapping[str, CutSubject]) -> pl.DataFrame:
    rows = [row for subject in sealed.values() for row in _sources(subject, course, lock.cutoff)]
    return with_versions(pl.DataFrame(rows, schema=TRACE, orient="row"), lock)


def _sources(subject: CutSubject, course: Course, cutoff: date) -> Iterator[tuple[str, ...]]:
    """The items of each point, in order of their days."""
    for point in points_of(tell(subject, cutoff)):
        if point.course is course:
            for one in point.sources:
                yield "COURSES", point.subject, course.value, one.form, one.visit, one.row_key, one.item
