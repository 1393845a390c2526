"""A folder that is written once, for hosts that share a store: an archive of it in the bucket.

An archive is one object, there whole or not at all, whoever is killed while putting it. Its name holds its
SHA-256 and a mark by the secret of the installation: what anybody else wrote there is not taken. It says of
its files their names and bytes alone, so hosts that put the same folder at once put the same object.
Without a store the folder is all there is.
"""

import hashlib
import logging
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.utils.crypto import constant_time_compare, salted_hmac

from trial.storage.kept import FETCH, alone, name_of, root, store
from trial.storage.problems import StoredFileDamaged

if TYPE_CHECKING:
    from trial.storage.bucket import Bucket

log = logging.getLogger(__name__)
_FORMAT = "chimera-folder/1"
_ARCHIVE = re.compile(r"(.+)-([0-9a-f]{64})-([0-9a-f]{64})\.tar")


@dataclass(frozen=True, slots=True)
class Archive:
    """An object that this installation put: of which folder, with which SHA-256, and when."""

    name: str
    folder: Path
    digest: str
    at: datetime


def is_kept(folder: Path) -> bool:
    """Whether every host has a folder, or can fetch it. Raises StoreUnavailable."""
    return folder.exists() if store() is None else any(True for _ in _archives_of(folder))


def kept_in(place: Path) -> set[str]:
    """The names of the folders at a place that every host has, or can fetch. Raises StoreUnavailable."""
    if store() is None:
        return {path.name for path in place.iterdir()} if place.exists() else set()
    return {one.folder.name for one in archives(f"{name_of(place)}/") if one.folder.parent == place}


def put(folder: Path) -> None:
    """Let other hosts have a folder that lies whole here. Raises StoreUnavailable."""
    bucket = store()
    if bucket is None or is_kept(folder):
        return
    with TemporaryDirectory(dir=folder.parent, prefix=FETCH) as own:
        archive = Path(own) / "archive"
        _pack(folder, archive)
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        bucket.put(_archive_name(name_of(folder), digest), archive)


def fetch(folder: Path, *, waits: bool = True) -> bool:
    """Have a folder here, whole; whether there is one. Raises StoreUnavailable, and BeingFetched for who does
    not wait until another one of this host has it."""
    bucket = None if folder.exists() else store()
    there = list(_archives_of(folder)) if bucket else []
    if bucket is None or not there:
        return folder.exists()
    with alone(folder, waits=waits):
        return folder.exists() or any(_is_fetched(bucket, one) for one in there)


def place(draft: Path, folder: Path) -> None:
    """Make a draft the folder once all of it is on the disk; who comes second leaves the first one's."""
    draft.chmod(0o750)
    for written in (*draft.iterdir(), draft):
        _sync(written)
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def archives(beginning: str) -> Iterator[Archive]:
    """The archives of folders whose names begin so, of this installation. Raises StoreUnavailable."""
    bucket = store()
    for name, at in bucket.stored_with_moments(beginning) if bucket else ():
        if (found := _ARCHIVE.fullmatch(name)) and constant_time_compare(found[3], _mark(found[1], found[2])):
            yield Archive(name, root() / found[1], found[2], at)


def remove(some: Iterable[Archive]) -> None:
    """Remove archives; the folders of hosts stay. Raises StoreUnavailable."""
    if bucket := store():
        bucket.remove([one.name for one in some])


def _archives_of(folder: Path) -> Iterator[Archive]:
    return (one for one in archives(f"{name_of(folder)}-") if one.folder == folder)


def _is_fetched(bucket: "Bucket", archive: Archive) -> bool:
    """Whether it is there now. One that is damaged is of no use to anybody: what it held is made again."""
    folder = archive.folder
    with TemporaryDirectory(dir=folder.parent, prefix=FETCH) as own:
        fetched, draft = Path(own) / "archive", Path(own) / "folder"
        try:
            bucket.fetch(archive.name, fetched, archive.digest)
        except FileNotFoundError:
            return False
        except StoredFileDamaged as problem:
            log.warning("%s: it is removed", problem)
            remove([archive])
            return False
        draft.mkdir()
        with tarfile.open(fetched) as told:
            told.extractall(draft, filter="data")
        place(draft, folder)
    return True


def _pack(folder: Path, archive: Path) -> None:
    with tarfile.open(archive, "w") as written:
        for path in sorted(folder.iterdir()):
            written.add(path, path.name, filter=_bare)


def _bare(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without who wrote it and when."""
    bare = tarfile.TarInfo(member.name)
    bare.size, bare.mode = member.size, 0o440
    return bare


def _archive_name(name: str, digest: str) -> str:
    return f"{name}-{digest}-{_mark(name, digest)}.tar"


def _mark(name: str, digest: str) -> str:
    return salted_hmac(f"{_FORMAT} {name}", digest, algorithm="sha256").hexdigest()


def _sync(path: Path) -> None:
    """What a file holds, or which names a folder has, survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
