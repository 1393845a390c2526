"""Making a data cut: the state of the casebook by a cut-off, sealed in a file, with its run waiting."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from analytics.locks.codes import CodesDraft, codes_of
from analytics.locks.cut import all_records, cut_records, facts_of, values_of
from analytics.locks.models import Lock, Snapshot
from analytics.locks.past import PastCasebook
from analytics.locks.places import places_of
from analytics.locks.snapshot import Content, Sealed, Written, write_snapshot
from analytics.locks.sources import SourcesDraft
from analytics.runs.ring import ring
from analytics.runs.start import waiting_run
from patients.casebook.answers import Casebook, Record, StoredCasebook, pages_without_rows
from patients.casebook.form import FormRow, declared_forms
from patients.casebook.page import Page, Subject
from patients.entry.locking import Extent
from patients.oversight.casebook_locks import LockDecision
from trial.people.access import Person, actor_at
from trial.trail.actor import Source, acting
from trial.trail.clocks import refuse_if_clocks_disagree
from trial.trail.record import Change, record_event
from trial.trail.seals import seal_trail

EVERYBODY = Extent()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a data cut takes in, and why it is made: by a cut-off, of an extent, as known now or at a moment.

    `decision` is that of two people on a lock, `follows` the lock that is repeated.
    """

    cutoff: date
    reason: str
    extent: Extent = EVERYBODY
    known_at: datetime | None = None
    decision: LockDecision | None = None
    follows: Lock | None = None


def make_lock(cutoff: date, reason: str, *, by: Person, source: Source) -> Lock:
    """A data cut of the study by a cut-off: no gate, no page closed. See `make_cut`."""
    return make_cut(Asked(cutoff, reason), by=by, source=source)


def make_cut(asked: Asked, *, by: Person, source: Source) -> Lock:
    """A data cut. Of the study its run waits when this returns, and is rung.

    Raises ClocksDisagree and NotReproduced, and nothing was cut.
    """
    refuse_if_clocks_disagree(source)
    site = asked.extent.place.site
    folder = Path(settings.SNAPSHOT_DIR)
    with transaction.atomic(), acting(actor_at(by, site=site, source=source)), _drafts(folder) as beside:
        _see_one_moment()
        known_at = asked.known_at or timezone.now()
        sealed = write_snapshot(folder, asked.cutoff, _content(asked, beside))
        places_of(sealed.path)  # made now, so that nobody waits for them who asks for a subject
        codes = beside.codes.seal(folder, asked.known_at)
        lock = _keep(sealed, codes, asked, known_at, by)
        beside.sources.seal(lock.sources_path)
        place = replace(asked.extent.place, about=f"lock {lock.pk}")
        record_event("lock.made", place, _changes(sealed, lock), reason=asked.reason)
        if lock.is_of_study:
            run = waiting_run(lock.snapshot, lock.codes)
            transaction.on_commit(partial(ring, run.pk), robust=True)
        transaction.on_commit(seal_trail, robust=True)  # what led to the lock is signed with it
    return lock


def _see_one_moment() -> None:
    """Read all of the cut as of one moment, whoever saves meanwhile, and make one lock after the other.

    SQLite's transaction does both by itself. Taking a table does not yet choose the moment: the first query
    does, so that of two locks at once the second sees the snapshot of the first. Inside the transaction of a
    lock by two people, which holds the rows of its subjects, nothing can change meanwhile.
    """
    if connection.vendor == "postgresql" and not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(f"LOCK TABLE {Lock._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a cut keeps of its rows beside the snapshot: where each of them stands, and its code."""

    sources: SourcesDraft
    codes: CodesDraft


@contextmanager
def _drafts(folder: Path) -> Iterator[_Beside]:
    """Drafts in a folder that goes with them."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".draft-") as own:
        yield _Beside(SourcesDraft(Path(own)), CodesDraft(Path(own) / "codes"))


def content_of_cut(cutoff: date, extent: Extent, known_at: datetime | None) -> Content:
    """What a cut holds, as known now or at a moment: the same that is written into its snapshot."""
    return _content(Asked(cutoff, "", extent, known_at), None)


def content_now(subjects: Iterable[Subject]) -> Content:
    """All that stands of these subjects now, whatever its date; they come in the order of their codes."""
    for subject in subjects:
        known = _known(subject, None)
        if known.records:
            facts = facts_of(subject.code, subject.site.code, known.casebook, date.max)
            yield facts, list(values_of(subject.code, known.records))


def _content(asked: Asked, beside: _Beside | None) -> Iterator[Written]:
    """Facts and values of each subject that has a row in the cut; what stands beside goes to `beside`."""
    for subject in asked.extent.subjects().select_related("site", "identity").in_turn():
        known = _known(subject, asked.known_at)
        records = list(cut_records(known.records, asked.cutoff))
        if not records:
            continue
        if beside is not None:
            places = {record.place for record in records}
            beside.sources.add(row for row in known.sources if (row[2], row[1], row[3]) in places)
            beside.codes.add(codes_of(subject, records, asked.known_at))
        facts = facts_of(subject.code, subject.site.code, known.casebook, asked.cutoff)
        yield facts, list(values_of(subject.code, records))


@dataclass(frozen=True, slots=True)
class _Known:
    """A casebook, all of its records, and where each of them stands."""

    casebook: Casebook
    records: list[Record]
    sources: Iterable[tuple[Any, ...]]


def _known(subject: Subject, moment: datetime | None) -> _Known:
    if moment is not None:
        past = PastCasebook(subject, moment)
        return _Known(past, [*all_records(past), *past.pages_without_rows()], past.sources())
    now = StoredCasebook(subject)
    rows = all_records(now)
    return _Known(now, [*rows, *pages_without_rows(subject, rows)], _sources(subject))


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


def _keep(sealed: Sealed, codes: str, asked: Asked, known_at: datetime, by: Person) -> Lock:
    snapshot = Snapshot.objects.filter(hash=sealed.hash).first() or Snapshot.objects.create(
        hash=sealed.hash, cutoff=asked.cutoff, subjects=sealed.subjects, values=sealed.values
    )
    place = asked.extent.place
    return Lock.objects.create(
        snapshot=snapshot,
        codes=codes,
        cutoff=asked.cutoff,
        known_at=known_at,
        scope=asked.extent.scope,
        of=place.subject or place.site,
        decision=asked.decision,
        follows=asked.follows,
        reason=asked.reason,
        made_by=actor_at(by, site="", source=Source.COMMAND).user_name,
    )


def _changes(sealed: Sealed, lock: Lock) -> list[Change]:
    told = {
        "cutoff": ("Cut-off", lock.cutoff.isoformat()),
        "known_at": ("As known at", lock.known_at.isoformat() if lock.known_at else ""),
        "scope": ("Scope", f"{lock.scope} {lock.of}".strip()),
        "hash": ("Snapshot hash", sealed.hash),
        "codes": ("Hash of the codes", lock.codes),
        "subjects": ("Subjects", str(sealed.subjects)),
        "values": ("Values", str(sealed.values)),
        "follows": ("Repeats", f"lock {lock.follows_id}" if lock.follows_id else ""),
    }
    return [Change(item, label, "", value) for item, (label, value) in told.items() if value]
