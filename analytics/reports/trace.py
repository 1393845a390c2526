"""From a number to its subjects, and from each subject to the pages and items that made it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import polars as pl

from analytics.datasets.build import Datasets, build_datasets
from analytics.datasets.sourced import item_label
from analytics.datasets.trace import traced
from analytics.endpoints.catalogue import Entry, catalogue
from analytics.locks.codes import with_codes
from analytics.locks.cut import FORM_DATE, all_records
from analytics.locks.models import Lock
from analytics.locks.places import chosen_subjects
from analytics.locks.snapshot import CutSubject, read_snapshot
from analytics.reports.subject_pages import ON_A_PAGE, SubjectPage
from analytics.reports.variables import variables_of
from analytics.runs.models import Estimate, Run
from analytics.runs.results import NoResult
from patients.casebook.answers import Record
from patients.casebook.form import form_model
from patients.casebook.page import Subject
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.roles import Permission
from trial.protocol.in_force import as_in_force


@dataclass(frozen=True, slots=True)
class SourceItem:
    """An item behind a number: where it stands, with the version of its row at the lock."""

    variable: str
    value: str
    form: str
    visit: str
    row_key: str
    label: str
    page_id: int | None
    history_id: int | None


@dataclass(frozen=True, slots=True)
class TracedSubject:
    subject: str
    may_open: bool
    items: tuple[SourceItem, ...]


@dataclass(frozen=True, slots=True)
class TraceScreen:
    """One figure with its working."""

    lock: Lock
    entry: Entry
    estimate: Estimate
    page: SubjectPage
    subjects: tuple[TracedSubject, ...]

    @property
    def full_precision(self) -> str:
        return "–" if self.estimate.value is None else repr(self.estimate.value)


def trace_screen(lock: Lock, run: Run, figure: str, reader: Account, start: int = 0) -> TraceScreen:
    """Raises NoResult for a figure the run did not compute. Links to pages are for those who may read."""
    estimate = run.estimates.filter(figure=figure).first()
    if estimate is None:
        raise NoResult(figure)
    page = SubjectPage(estimate.counted, start)
    data, sealed = _sealed_of(run, page)
    rows = traced(data, lock).filter(pl.col("VARIABLE").is_in(variables_of(figure)))
    return TraceScreen(
        lock, catalogue()[figure], estimate, page, traced_subjects(page.codes, rows, sealed, reader)
    )


def _sealed_of(run: Run, page: SubjectPage) -> tuple[Datasets, dict[str, CutSubject]]:
    """Of a small study everybody, whom other figures need as well; else those of a page."""
    wanted = page.codes if run.snapshot.subjects > ON_A_PAGE else None
    snapshot, configuration = run.snapshot, tuple(run.configuration.items())
    with as_in_force(run.configuration):
        return _sealed(snapshot.path, snapshot.cutoff, run.codes, configuration, wanted)


def traced_subjects(
    codes: Iterable[str], rows: pl.DataFrame, sealed: Mapping[str, CutSubject], reader: Account
) -> tuple[TracedSubject, ...]:
    """Subjects with the items of the rows of a trace that are theirs."""
    openable = set(
        Subject.objects.filter(site__in=sites_where(reader, Permission.READ)).values_list("code", flat=True)
    )
    return tuple(
        TracedSubject(
            code, code in openable, tuple(_items(rows.filter(pl.col("SUBJID") == code), sealed[code]))
        )
        for code in codes
    )


@lru_cache(maxsize=2)
def _sealed(
    path: Path,
    cutoff: date,
    codes: str,
    configuration: tuple[tuple[str, str], ...],
    wanted: tuple[str, ...] | None,
) -> tuple[Datasets, dict[str, CutSubject]]:
    """The datasets and the subjects of a snapshot with its codes under a configuration; sealed, they never
    change."""
    found = read_snapshot(path)[1] if wanted is None else chosen_subjects(path, wanted)
    subjects = list(with_codes(found, codes, wanted))
    return build_datasets(cutoff, subjects), {subject.facts.subject: subject for subject in subjects}


def _items(rows: pl.DataFrame, subject: CutSubject) -> list[SourceItem]:
    records = {
        (record.visit, record.form, record.row_key): record for record in all_records(subject.casebook)
    }
    return [
        SourceItem(
            variable=row["VARIABLE"],
            value=_shown(records.get((row["visit"], row["form"], row["row_key"])), row["form"], row["item"]),
            form=row["form"],
            visit=row["visit"],
            row_key=row["row_key"],
            label=item_label(row["form"], row["item"]),
            page_id=row["page_id"],
            history_id=row["history_id"],
        )
        for row in rows.iter_rows(named=True)
    ]


def _shown(record: Record | None, form: str, name: str) -> str:
    """The value as people read it, as it was in the cut."""
    if record is None:
        return ""
    if name == FORM_DATE:
        return str(record.form_date or "")
    return form_model(form).item(name).with_unit(record.values.get(name))
