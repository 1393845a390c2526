"""What a figure is drawn from as a file, of all subjects: a page draws no more than can be told apart.

It is read from the snapshot some subjects at a time, and what leaves is on the trail first.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain, islice

from django.db import transaction

from analytics.datasets.build import build_datasets
from analytics.datasets.courses import Course, points_of
from analytics.datasets.story import tell
from analytics.endpoints.swimmer import MARKS, lanes_of
from analytics.locks.models import Lock
from analytics.locks.snapshot import CutSubject, read_snapshot
from analytics.locks.visible import sites_of_lock
from analytics.runs.models import Run
from trial.people.access import actor_at
from trial.people.models import Account
from trial.protocol.in_force import as_in_force
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event
from trial.trail.taken_out import one_site, taken_out

CSV = "text/csv; charset=utf-8"
MOST_SUBJECTS = 2_000
"""Of more a file would take minutes, which a page does not wait for (0.06 s of a processor for a subject)."""
_AT_ONCE = 250  # subjects
_LANE = ("subject", "days", "died", *MARKS)
_POINT = ("subject", "day", "value", "code")
Row = tuple[object, ...]


class NoData(LookupError):
    """The figure has no data but those of its table."""


@dataclass(frozen=True, slots=True)
class Data:
    """A file that is ready to leave."""

    content: bytes
    name: str


def has_data(lock: Lock) -> bool:
    """Whether the lock is small enough for files of the data of its figures."""
    return bool(lock.snapshot.subjects <= MOST_SUBJECTS)


def take_figure_data(lock: Lock, run: Run, figure: str, *, by: Account, request_id: str = "") -> Data:
    """The data of a figure as CSV, with one event that holds its hash. Raises NoData."""
    with as_in_force(run.configuration):
        content, rows = _written(lock, figure)
    sites = sites_of_lock(lock)
    told = taken_out(entries=rows, digest=hashlib.sha256(content).hexdigest(), sites=sites)
    told.append(Change("figure", "Figure", "", figure, new_shown=figure))
    actor = actor_at(by, site=min(sites, default=""), source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event("results.exported", Place(site=one_site(sites), about=f"lock {lock.pk}"), told)
    return Data(content, f"lock-{lock.pk}-{figure}.csv")


def _written(lock: Lock, figure: str) -> tuple[bytes, int]:
    """The file, and how many rows it has below its head."""
    if figure not in _ROWS or not has_data(lock):
        raise NoData(figure)
    head, rows_of = _ROWS[figure]
    _cutoff, subjects = read_snapshot(lock.snapshot.path)
    text, number = StringIO(), 0
    written = csv.writer(text)
    written.writerow(head)
    for row in rows_of(lock, subjects):
        written.writerow(row)
        number += 1
    return text.getvalue().encode(), number


def _lanes(lock: Lock, subjects: Iterable[CutSubject]) -> Iterator[Row]:
    waiting = iter(subjects)
    while some := list(islice(waiting, _AT_ONCE)):
        for lane in lanes_of(build_datasets(lock.cutoff, some, with_trace=False)):
            marks = (lane["marks"].get(code) for code in MARKS)
            yield lane["subject"], lane["days"], int(lane["died"]), *marks


def _points(course: Course) -> Callable[[Lock, Iterable[CutSubject]], Iterator[Row]]:
    def rows_of(lock: Lock, subjects: Iterable[CutSubject]) -> Iterator[Row]:
        points = chain.from_iterable(points_of(tell(subject, lock.cutoff)) for subject in subjects)
        for one in points:
            if one.course is course:
                yield one.subject, one.day, one.value, one.code

    return rows_of


_ROWS: dict[str, tuple[tuple[str, ...], Callable[[Lock, Iterable[CutSubject]], Iterator[Row]]]] = {
    "swimmer": (_LANE, _lanes),
    **{course.value: (_POINT, _points(course)) for course in Course},
}
FIGURES = frozenset(_ROWS)
"""The figures that have such a file."""
