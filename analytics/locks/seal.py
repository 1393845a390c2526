"""Making a data cut: the state of the casebook by a cut-off, sealed in a file, with its run waiting."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from analytics.locks.codes import CodesDraft, path_of_codes
from analytics.locks.cutting import CutOfSubject, Cutter
from analytics.locks.models import Lock, Snapshot, path_of_sources
from analytics.locks.places import PlacesDraft, beside
from analytics.locks.shared_cut import shared_cut
from analytics.locks.snapshot import Block, Content, Sealed, write_blocks
from analytics.locks.sources import SourcesDraft
from analytics.runs.ring import ring
from analytics.runs.start import waiting_run
from patients.casebook.page import SubjectQuerySet
from patients.casebook.shelf import some_at_a_time
from patients.entry.locking import Extent
from patients.oversight.casebook_locks import LockDecision
from trial.people.access import Person, actor_at
from trial.storage import kept
from trial.trail.actor import Source, acting
from trial.trail.clocks import refuse_if_clocks_disagree
from trial.trail.record import Change, record_event
from trial.trail.seals import seal_trail

EVERYBODY = Extent()
_CUTTING = 7_017
"""The number of PostgreSQL's advisory lock that the cut in hand holds."""


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


def make_cut(asked: Asked, *, by: Person, source: Source, processes: int = 1) -> Lock:
    """A data cut, by so many processes at most. Of the study its run waits when this returns, and is rung.

    What is cut is put into the store before the first row is written, outside of a transaction; but a lock
    by two people is there together with its cut or not at all, and takes as long. Raises ClocksDisagree,
    NotReproduced and StoreUnavailable, and nothing was cut.
    """
    refuse_if_clocks_disagree(source)
    site = asked.extent.place.site
    with one_cut_at_a_time(), acting(actor_at(by, site=site, source=source)):
        cut = _written(asked, processes)
        for path in cut.files:
            kept.put(path)
        return _told(cut, asked, by)


@dataclass(frozen=True, slots=True)
class _WrittenCut:
    """What a cut holds, in files of this host, and the moment that it is of."""

    snapshot: Sealed
    codes: str
    sources: str
    known_at: datetime

    @property
    def files(self) -> Iterator[Path]:
        """All that others need, the snapshot last."""
        if self.codes:
            yield path_of_codes(self.codes)
        yield path_of_sources(self.sources)
        yield beside(self.snapshot.path)
        yield self.snapshot.path


def _written(asked: Asked, processes: int) -> _WrittenCut:
    folder, places = Path(settings.SNAPSHOT_DIR), PlacesDraft()
    with transaction.atomic(), _drafts(folder) as drafts:
        _see_one_moment()
        known_at = asked.known_at or timezone.now()
        with closing(_cut(asked, processes)) as cut:
            sealed = write_blocks(folder, asked.cutoff, _blocks(cut, drafts), places.add)
        codes = drafts.codes.seal(folder, asked.known_at)
        sources = drafts.sources.seal(folder)
    places.seal(sealed.path)
    return _WrittenCut(sealed, codes, sources, known_at)


@transaction.atomic
def _told(cut: _WrittenCut, asked: Asked, by: Person) -> Lock:
    """The lock of a cut whose files are kept."""
    lock = _keep(cut, asked, by)
    place = replace(asked.extent.place, about=f"lock {lock.pk}")
    record_event("lock.made", place, _changes(cut, lock), reason=asked.reason)
    if lock.is_of_study:
        run = waiting_run(lock.snapshot, lock.codes)
        transaction.on_commit(partial(ring, run.pk), robust=True)
    transaction.on_commit(seal_trail, robust=True)  # what led to the lock is signed with it
    return lock


@contextmanager
def one_cut_at_a_time() -> Iterator[None]:
    """One cut at a time. PostgreSQL is asked for a lock that is no table's, since the role of the application
    may take no table that it cannot change. SQLite has none: its transactions come one after the other, so
    that of two cuts at once the one which was read first may be told of last.

    It is waited for before the transaction begins, whose first question chooses its moment: of two cuts at
    once the second then sees the snapshot of the first; and before a lock by two people holds its subjects,
    whose saves would wait as well. Who has it already takes it once more.
    """
    if connection.vendor != "postgresql":
        yield
    elif connection.in_atomic_block:
        _ask("pg_advisory_xact_lock")
        yield
    else:
        _ask("pg_advisory_lock")
        try:
            yield
        finally:
            with suppress(InterfaceError, OperationalError):  # a connection that is lost holds nothing
                _ask("pg_advisory_unlock")


def _ask(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_CUTTING])


def _see_one_moment() -> None:
    """Read all of the cut as of one moment, whoever saves meanwhile.

    SQLite's transaction does so by itself. Inside the transaction of a lock by two people, which holds the
    rows of its subjects, nothing can change meanwhile.
    """
    if connection.vendor == "postgresql" and not connection.savepoint_ids:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


@dataclass(frozen=True, slots=True)
class _Drafts:
    """What a cut keeps of its rows beside the snapshot: where each of them stands, and its code."""

    sources: SourcesDraft
    codes: CodesDraft


@contextmanager
def _drafts(folder: Path) -> Iterator[_Drafts]:
    """Drafts in a folder that goes with them."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".draft-") as own:
        yield _Drafts(SourcesDraft(Path(own)), CodesDraft(Path(own) / "codes"))


def content_of_cut(cutoff: date, extent: Extent, known_at: datetime | None) -> Content:
    """What a cut holds, as known now or at a moment: the same that is written into its snapshot."""
    return Cutter(cutoff, known_at).content(_subjects(extent).in_turn())


def _subjects(extent: Extent) -> SubjectQuerySet:
    subjects: SubjectQuerySet = extent.subjects().select_related("site", "identity")
    return subjects


def _cut(asked: Asked, processes: int) -> Generator[CutOfSubject]:
    """What is kept of each subject. Other processes do not see what this transaction has written: unless it
    is the cut's own, which has written nothing, they have no share in it."""
    cutter, everybody = Cutter(asked.cutoff, asked.known_at), _subjects(asked.extent)
    if processes > 1 and not connection.savepoint_ids:
        yield from shared_cut(cutter, everybody.numbers_in_turn(), processes)
    else:
        yield from chain.from_iterable(map(cutter.of, some_at_a_time(everybody.in_turn())))


def _blocks(cut: Iterable[CutOfSubject], drafts: _Drafts) -> Iterator[Block]:
    """The lines of each subject that has a row in the cut; what stands beside them goes to the drafts."""
    for one in cut:
        drafts.sources.add(one.sources)
        drafts.codes.add(one.codes)
        if one.block:
            yield one.block


def _keep(cut: _WrittenCut, asked: Asked, by: Person) -> Lock:
    sealed = cut.snapshot
    snapshot = Snapshot.objects.filter(hash=sealed.hash).first() or Snapshot.objects.create(
        hash=sealed.hash, cutoff=asked.cutoff, subjects=sealed.subjects, values=sealed.values
    )
    place = asked.extent.place
    return Lock.objects.create(
        snapshot=snapshot,
        codes=cut.codes,
        sources=cut.sources,
        cutoff=asked.cutoff,
        known_at=cut.known_at,
        scope=asked.extent.scope,
        of=place.subject or place.site,
        decision=asked.decision,
        follows=asked.follows,
        reason=asked.reason,
        made_by=actor_at(by, site="", source=Source.COMMAND).user_name,
    )


def _changes(cut: _WrittenCut, lock: Lock) -> list[Change]:
    sealed = cut.snapshot
    told = {
        "cutoff": ("Cut-off", lock.cutoff.isoformat()),
        "known_at": ("As known at", lock.known_at.isoformat() if lock.known_at else ""),
        "scope": ("Scope", f"{lock.scope} {lock.of}".strip()),
        "hash": ("Snapshot hash", sealed.hash),
        "codes": ("Hash of the codes", lock.codes),
        "sources": ("Hash of the sources", lock.sources),
        "subjects": ("Subjects", str(sealed.subjects)),
        "values": ("Values", str(sealed.values)),
        "follows": ("Repeats", f"lock {lock.follows_id}" if lock.follows_id else ""),
    }
    return [Change(item, label, "", value) for item, (label, value) in told.items() if value]
