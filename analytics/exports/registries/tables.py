"""The reports to the registries as tables of a lock."""

from collections.abc import Callable, Iterator
from functools import partial

import polars as pl
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.datasets.trace import with_versions
from analytics.exports.registries.answers import COLUMNS
from analytics.exports.registries.questions import REPORTS
from analytics.exports.tables import Column, Kind, Origin, Standard, Table
from analytics.locks.models import Lock

Parts = Callable[[str], Iterator[pl.DataFrame]]
_LABELS = {
    "subject_id": _("Subject"),
    "report": _("Report"),
    "number": _("Number of the question"),
    "question": _("Question"),
    "confirmed": _("N: the rule behind the item awaits confirmation"),
    "status": _("Answered, missing, or not collected"),
    "answer": _("Answer"),
    "label": _("What the code means"),
    "unit": _("Unit"),
    "form": _("Form"),
    "item": _("Item"),
    "visit": _("Visit"),
    "row_key": _("Row"),
    "reason": _("Reason"),
}
_LENGTHS = {
    "subject_id": 12, "confirmed": 1, "report": 20, "status": 13, "form": 12, "item": 40, "visit": 12,
    "row_key": 60, "unit": 40,
}  # fmt: skip
_MOST = 400
_TRACE = (
    Column(name="page_id", label=_("Page"), kind=Kind.INTEGER, origin=Origin.ASSIGNED),
    Column(name="history_id", label=_("Version of the row"), kind=Kind.INTEGER, origin=Origin.ASSIGNED),
)
_FOUND = [*COLUMNS, *(column.name for column in _TRACE)]


def code_of(report: str) -> str:
    """The name of a report as a table: CIBMTR4000."""
    return report.replace(" ", "").upper()


def tables(lock: Lock, parts: Parts) -> list[Table]:
    """Each report as a table; `parts` hands out the frames of one by its code. What answered is told with its
    page and the version of its row at the lock."""
    return [
        Table(
            name=code_of(report),
            label=format_lazy(_("Report {report}, as far as the casebook answers it"), report=report),
            structure=_("one row for each answer, or for a question without one"),
            keys=("subject_id", "number", "visit", "row_key"),
            columns=(*map(_column, COLUMNS), *_TRACE),
            parts=partial(_traced, lock, partial(parts, code_of(report))),
            subject="subject_id",
            standard=Standard.REGISTRY,
        )
        for report in REPORTS
    ]


def _traced(lock: Lock, parts: Callable[[], Iterator[pl.DataFrame]]) -> Iterator[pl.DataFrame]:
    for frame in parts():
        named = frame.rename({"subject_id": "SUBJID"})
        yield with_versions(named, lock).rename({"SUBJID": "subject_id"}).select(_FOUND)


def _column(name: str) -> Column:
    is_number = name == "number"
    return Column(
        name=name,
        label=_LABELS[name],
        kind=Kind.INTEGER if is_number else Kind.TEXT,
        origin=Origin.COLLECTED if name in ("answer", "unit") else Origin.ASSIGNED,
        length=0 if is_number else _LENGTHS.get(name, _MOST),
        may_be_date=name == "answer",
    )
