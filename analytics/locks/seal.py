"""Making a data cut: the state of the casebook by a cut-off, sealed in a file, with its run waiting."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from analytics.locks.codes import CodesDraft, codes_of, standing_codes
from analytics.locks.cut import cut_records, facts_of, shelved_records, values_of
from analytics.locks.models import Lock, Snapshot
from analytics.locks.past import AsItStands, AsKnown
from analytics.locks.places import PlacesDraft
from analytics.locks.snapshot import Content, Sealed, Written, write_snapshot
from analytics.locks.sources import SourceRow, SourcesDraft
from analytics.runs.ring import ring
from analytics.runs.start import waiting_run
from patients.casebook.answers import Record
from patients.casebook.page import Subject
from patients.casebook.shelf import ShelvedCasebook, shelved, some_at_a_time
from patients.entry.locking import Extent
from patients.oversight.casebook_locks import LockDecision
from trial.collector import uncollected
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
        places = PlacesDraft()
        sealed = write_snapshot(folder, asked.cutoff, _content(asked, beside), places.add)
        places.seal(sealed.path)
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


def cut_of(casebook: ShelvedCasebook, cutoff: date) -> Written | None:
    """The facts and values of a subject in a cut; None without a row in it."""
    return _written(casebook, _records(casebook, cutoff), cutoff)


def _records(casebook: ShelvedCasebook, cutoff: date) -> list[Record]:
    return list(cut_records(shelved_records(casebook), cutoff))


def _written(casebook: ShelvedCasebook, records: list[Record], cutoff: date) -> Written | None:
    if not records:
        return None
    facts = facts_of(casebook.subject_code, casebook.subject.site.code, casebook, cutoff)
    return facts, list(values_of(casebook.subject_code, records))


def content_now(subjects: Iterable[Subject]) -> Content:
    """All that stands of these subjects now, whatever its date; they come in the order of their codes."""
    for some in some_at_a_time(subjects):
        for casebook in shelved(some, AsItStands()):
            if written := _written(casebook, list(shelved_records(casebook)), date.max):
                yield written


def _content(asked: Asked, beside: _Beside | None) -> Iterator[Written]:
    """Facts and values of each subject that has a row in the cut; what stands beside goes to `beside`."""
    versions = AsKnown(asked.known_at) if asked.known_at else AsItStands()
    everybody = asked.extent.subjects().select_related("site", "identity").in_turn()
    for some in some_at_a_time(everybody):
        codes = standing_codes(some, asked.known_at) if beside is not None else {}
        with uncollected():
            for casebook in shelved(some, versions):
                records = _records(casebook, asked.cutoff)
                if beside is not None:
                    beside.sources.add(_sources(casebook, records))
                    beside.codes.add(codes_of(casebook.subject, records, codes.get(casebook.subject.pk, ())))
                if written := _written(casebook, records, asked.cutoff):
                    yield written


def _sources(casebook: ShelvedCasebook, records: Iterable[Record]) -> Iterator[SourceRow]:
    """The page and the version of each of these rows; of a page without rows the page alone."""
    for record in records:
        where = casebook.where[record.place]
        yield casebook.subject_code, record.visit, record.form, record.row_key, where.page, where.version


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
