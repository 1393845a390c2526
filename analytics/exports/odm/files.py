"""The files of ODM-XML that a lock has, each made once for what its reader may have."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from analytics.exports.about import About, about
from analytics.exports.configured import configuration_of
from analytics.exports.disclosure import Disclosure
from analytics.exports.files import NoSuchFile, kept
from analytics.exports.made_file import MadeFile
from analytics.exports.odm.metadata_2_0 import write_metadata_2_0
from analytics.exports.odm.people import users_of
from analytics.exports.odm.snapshot_file import write_metadata, write_snapshot
from analytics.exports.odm.transactional_file import write_transactions
from analytics.locks.models import Lock
from analytics.locks.planned import planned_infusions
from trial.people.tokens import Dates
from trial.protocol.in_force import as_in_force
from trial.replica import ReplicaBehind, read_apart

ODM = "odm"
"""How the archive is asked for it, beside the formats of tables."""
SNAPSHOT, METADATA, TRANSACTIONAL = "snapshot", "metadata", "transactional"
METADATA_2_0 = "metadata-2.0"
MEDIA_TYPE = "application/xml"


def odm_file(lock: Lock, kind: str, to: Disclosure) -> MadeFile:
    """A file of a lock. Raises NoSuchFile for an unknown kind, SnapshotDamaged and ImpossibleDates."""
    if kind not in KINDS:
        raise NoSuchFile(kind)
    told = about(lock, to)

    def write(path: Path) -> int:
        with as_in_force(configuration_of(lock)):
            return KINDS[kind](lock, path, replace(told, previous=_previous(lock, kind, told)))

    made = kept(lock, to, f"odm-{kind}.xml", write)
    return MadeFile(made.path, f"{told.study}-lock-{lock.pk}-{kind}.xml", MEDIA_TYPE, made.digest, made.rows)


def _previous(lock: Lock, kind: str, told: About) -> str:
    """The file of this kind that such a reader could take of the lock before, of the same scope."""
    before = Lock.objects.filter(scope=lock.scope, of=lock.of, pk__lt=lock.pk).order_by("-pk").first()
    if before is None:
        return ""
    return replace(told, lock=before.pk, snapshot=before.snapshot.hash).file_oid(kind)


def _snapshot(lock: Lock, path: Path, told: About) -> int:
    return write_snapshot(lock.snapshot.path, path, told, planned_infusions(lock), users_of(lock, told))


def _transactions(lock: Lock, path: Path, told: About) -> int:
    if told.disclosure.dates != Dates.TRUE:
        raise NoSuchFile(TRANSACTIONAL)  # the moments of acts are dates, too

    def write() -> int:
        if not Lock.objects.filter(pk=lock.pk).exists():
            raise ReplicaBehind(f"it has not taken in {lock}")  # nor all acts before it
        return write_transactions(lock.snapshot.path, lock.known_at or lock.made_at, path, told)

    return read_apart(write)


def _metadata(lock: Lock, path: Path, told: About) -> int:
    return write_metadata(path, told)


def _metadata_2_0(lock: Lock, path: Path, told: About) -> int:
    return write_metadata_2_0(path, told)


KINDS: Mapping[str, Callable[[Lock, Path, About], int]] = {
    SNAPSHOT: _snapshot,
    METADATA: _metadata,
    TRANSACTIONAL: _transactions,
    METADATA_2_0: _metadata_2_0,
}
