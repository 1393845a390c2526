"""Making a data cut: the state of the casebook by a cut-off, sealed in a file, with its run waiting."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from analytics.locks.cut import SubjectFacts, Value, all_records, cut_records, facts_of, values_of
from analytics.locks.models import Lock, Snapshot
from analytics.locks.snapshot import Sealed, write_snapshot
from analytics.runs.ring import ring
from analytics.runs.start import waiting_run
from patients.casebook.answers import StoredCasebook, pages_without_rows
from patients.casebook.form import FormRow, declared_forms
from patients.casebook.page import Page, Subject
from trial.people.access import Person, actor_at
from trial.trail.actor import Source, acting
from trial.trail.clocks import refuse_if_clocks_disagree
from trial.trail.record import Change, Place, record_event
from trial.trail.seals import seal_trail

SOURCES: dict[str, Any] = {
    "subject": pl.String,
    "visit": pl.String,
    "form": pl.String,
    "row_key": pl.String,
    "page_id": pl.Int64,
    "history_id": pl.Int64,
}


def make_lock(cutoff: date, reason: str, *, by: Person, source: Source) -> Lock:
    """A data cut by a cut-off: no gate, no page closed. Its run waits when this returns, and is rung.

    Raises ClocksDisagree, and nothing was cut.
    """
    refuse_if_clocks_disagree(source)
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        _see_one_moment()
        sources: list[tuple[Any, ...]] = []
        sealed = write_snapshot(Path(settings.SNAPSHOT_DIR), cutoff, _content(cutoff, sources))
        lock = _keep(sealed, cutoff, reason, by)
        pl.DataFrame(sources, schema=SOURCES, orient="row").write_parquet(lock.sources_path)
        run = waiting_run(lock.snapshot)
        record_event("lock.made", Place(about=f"lock {lock.pk}"), _changes(sealed, cutoff), reason=reason)
        transaction.on_commit(partial(ring, run.pk), robust=True)
        transaction.on_commit(seal_trail, robust=True)  # what led to the lock is signed with it
    return lock


def _see_one_moment() -> None:
    """Read all of the cut as of one moment, whoever saves meanwhile, and make one lock after the other.

    SQLite's transaction does both by itself. Taking a table does not yet choose the moment: the first query
    does, so that of two locks at once the second sees the snapshot of the first.
    """
    if connection.vendor == "postgresql" and not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"LOCK TABLE {Lock._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def _content(cutoff: date, sources: list[tuple[Any, ...]]) -> Iterator[tuple[SubjectFacts, list[Value]]]:
    """Facts and values of each subject that has a row in the cut; the places of its rows go to `sources`."""
    everybody = Subject.objects.select_related("site", "identity")
    for subject in sorted(everybody, key=lambda subject: str(subject.code)):  # no engine's collation
        casebook = StoredCasebook(subject)
        rows = all_records(casebook)
        records = list(cut_records([*rows, *pages_without_rows(subject, rows)], cutoff))
        if records:
            places = {record.place for record in records}
            sources += [row for row in _sources(subject) if (row[2], row[1], row[3]) in places]
            yield (
                facts_of(subject.code, subject.site.code, casebook, cutoff),
                list(values_of(subject.code, records)),
            )


def _sources(subject: Subject) -> Iterator[tuple[Any, ...]]:
    """The page and the newest history id of every row of a subject; of a page without rows the page alone."""
    saved = Page.objects.filter(subject=subject, version__gt=0).select_related("visit")
    empty = {page.pk: page for page in saved}
    for model in declared_forms():
        rows = model.objects.filter(page__subject=subject)
        places = list(rows.values_list("pk", "page__visit__code", "row_key", "page_id"))
        newest = _newest_history(model, [pk for pk, *_ in places]) if places else {}
        for pk, visit, row_key, page_id in places:
            empty.pop(page_id, None)
            yield subject.code, visit or "", model.form.code, row_key, page_id, newest[pk]
    for page in empty.values():
        yield subject.code, page.visit_code, page.form_code, "", page.pk, None


def _newest_history(model: type[FormRow], rows: list[int]) -> dict[int, int]:
    history = model.history.model
    versions = history.objects.filter(id__in=rows).order_by()
    return dict(versions.values_list("id").annotate(Max("history_id")))


def _keep(sealed: Sealed, cutoff: date, reason: str, by: Person) -> Lock:
    snapshot = Snapshot.objects.filter(hash=sealed.hash).first() or Snapshot.objects.create(
        hash=sealed.hash, cutoff=cutoff, subjects=sealed.subjects, values=sealed.values
    )
    return Lock.objects.create(
        snapshot=snapshot,
        cutoff=cutoff,
        reason=reason,
        made_by=actor_at(by, site="", source=Source.COMMAND).user_name,
    )


def _changes(sealed: Sealed, cutoff: date) -> list[Change]:
    return [
        Change("cutoff", "Cut-off", "", cutoff.isoformat()),
        Change("hash", "Snapshot hash", "", sealed.hash),
        Change("subjects", "Subjects", "", str(sealed.subjects)),
        Change("values", "Values", "", str(sealed.values)),
    ]
