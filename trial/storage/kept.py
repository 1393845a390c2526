"""Where a kept file lies: in the folder `SNAPSHOT_DIR`, and with a store in its bucket as well.

Without a store the folder is all there is. With one, a file is put into the bucket before the row that names
it is committed, and the folder is a cache of each host's own: who has a file not at hand fetches it. Folders
of files (`tables-…`) go there as archives (`kept_folders.py`).
"""

import fcntl
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

from django.conf import settings

from trial.storage.problems import BeingFetched, StoredFileDamaged

if TYPE_CHECKING:
    from trial.storage.bucket import Bucket

MADE_ANEW = "tables-"
"""In the name of a folder: its files are not put one by one, and can be made anew."""
_NAMED_BY_HASH = re.compile(r"(?:codes-|sources-|parts/\d+-)?([0-9a-f]{64})(?:\.jsonl|\.parquet)?")
_CHUNK = 1 << 16
_DRAFT, FETCH = ".draft-", ".fetch-"
LEFT_FOR = timedelta(days=1)
"""What was begun so long ago to be fetched or put is on its way no more."""


def store() -> "Bucket | None":
    """The bucket of the settings, if they name one. What speaks to it is loaded where there is one.

    Raises StoreOfAnother and StoreUnavailable."""
    if settings.SNAPSHOT_STORE is None:
        return None
    from trial.storage.owner import own_bucket

    return own_bucket(settings.SNAPSHOT_STORE)


def put(path: Path) -> None:
    """Let other hosts have a file that lies whole in the folder. Raises StoreUnavailable."""
    if bucket := store():
        bucket.put(name_of(path), path)


def move(draft: Path, path: Path) -> None:
    """Make a draft the file `path`: in the folder; with a store in its bucket alone, so that what expires is
    gone everywhere once it is gone there. Raises StoreUnavailable."""
    if bucket := store():
        bucket.put(name_of(path), draft)
        draft.unlink()
    else:
        draft.replace(path)


def at_hand(path: Path) -> Path:
    """The path, once its file lies in the folder. Where it lies nowhere there will be none: who opens it is
    told so. Raises StoredFileDamaged and StoreUnavailable."""
    if not path.exists() and (bucket := store()):
        with suppress(FileNotFoundError), alone(path):
            if not path.exists():
                bucket.fetch(name_of(path), path, hash_named(name_of(path)))
    return path


@contextmanager
def alone(path: Path, *, waits: bool = True) -> Iterator[None]:
    """Of the processes of this host one fetches a file or a folder; the others wait, and find it. Raises
    BeingFetched for who does not wait."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    lock = path.with_name(f"{FETCH}{path.name}")
    with lock.open("w") as held:
        _hold(held, waits=waits)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _hold(lock: IO[str], *, waits: bool) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        raise BeingFetched(lock.name) from problem


def clear_what_was_left() -> None:
    """Remove from the folder of this host what a process that was killed had begun to fetch or to write."""
    old = datetime.now(UTC) - LEFT_FOR
    for path, at in lying_here(root()):
        if path.name.startswith((_DRAFT, FETCH)) and at < old:
            path.unlink(missing_ok=True)


def size_of(path: Path) -> int:
    """Bytes of a file, wherever it lies. Raises FileNotFoundError and StoreUnavailable."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        if bucket := store():
            return bucket.size_of(name_of(path))
        raise


def is_kept(path: Path, digest: str) -> bool:
    """Whether a file lies in the folder, or in the bucket with this SHA-256: under the name of a number
    a restored copy of this registry may have put its own. Raises StoreUnavailable."""
    if path.exists():
        return True
    try:
        return (bucket := store()) is not None and bucket.digest_of(name_of(path)) == digest
    except FileNotFoundError:
        return False


def read(path: Path, first: int, size: int) -> Iterator[bytes]:
    """So many bytes of a file from the byte `first` on, some at a time, wherever it lies."""
    if not path.exists() and (bucket := store()):
        yield from bucket.read(name_of(path), first, size)
        return
    with path.open("rb") as file:
        file.seek(first)
        while size and (some := file.read(min(_CHUNK, size))):
            size -= len(some)
            yield some


def remove(paths: Iterable[Path]) -> None:
    """Remove files, here and in the bucket. Raises StoreUnavailable."""
    bucket = store()
    for path in {*paths}:
        path.unlink(missing_ok=True)
        if bucket:
            bucket.remove([name_of(path)])


def lying_here(folder: Path) -> Iterator[tuple[Path, datetime]]:
    """The files of a folder of this host, each with the moment of its last writing."""
    for path in list(folder.iterdir()) if folder.exists() else ():
        try:
            if path.is_file():
                yield path, datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except FileNotFoundError:
            continue  # another one removed it


def lying_in(folder: Path) -> Iterator[Path]:
    """The files of a folder; with a store those in the bucket as well, one that is in both twice.
    Raises StoreUnavailable."""
    yield from (path for path, _at in lying_here(folder))
    if bucket := store():
        yield from (root() / one for one in bucket.stored(f"{name_of(folder)}/"))


def names_in_store() -> frozenset[str]:
    """The names of all files in the bucket, but for those that are about the bucket itself; none without a
    store. Raises StoreUnavailable."""
    bucket = store()
    return frozenset(name for name in bucket.stored() if name[0] != ".") if bucket else frozenset()


def fetch_what_is_missing(wanted: Callable[[str], bool]) -> None:
    """Have all files of wanted names at hand. Raises StoredFileDamaged and StoreUnavailable."""
    for name in sorted(filter(wanted, names_in_store())):
        at_hand(root() / name)


def put_what_is_missing() -> Iterator[str]:
    """Put into the bucket what only the folder has, as after a store was chosen or a backup put back; the
    names, one by one. Raises StoreUnavailable, and StoredFileDamaged for a file that has not its hash."""
    there = names_in_store()
    for path in sorted(root().rglob("*")):
        name = name_of(path)
        if path.is_file() and name not in there and not _is_of_one_host(name):
            _refuse_damaged(name, path)
            put(path)
            yield name


def _refuse_damaged(name: str, path: Path) -> None:
    with path.open("rb") as file:
        if hash_named(name) not in ("", hashlib.file_digest(file, "sha256").hexdigest()):
            raise StoredFileDamaged(f"{name} is not what it was")


def _is_of_one_host(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/")) or MADE_ANEW in name.partition("/")[0]


def hash_named(name: str) -> str:
    """The SHA-256 that a file is named by; empty where its name is none."""
    found = _NAMED_BY_HASH.fullmatch(name)
    return found[1] if found else ""


def root() -> Path:
    """The folder of kept files."""
    return Path(settings.SNAPSHOT_DIR)


def name_of(path: Path) -> str:
    """The name of a file in the bucket: where it lies in the folder."""
    return path.relative_to(root()).as_posix()
