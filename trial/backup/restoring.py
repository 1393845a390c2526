"""A backup that is looked at, and one that becomes the registry of an empty machine."""

import hashlib
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction

from trial.backup import databases
from trial.backup.age_files import opened_archive
from trial.backup.contents import CONTENTS, DATABASE, Contents, folders
from trial.backup.keys import key_fingerprints
from trial.backup.problems import BackupRefused
from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Place, record_event


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup in clear, each of its files as its list says; `folder` is gone when it is closed."""

    contents: Contents
    folder: Path


@contextmanager
def opened(path: Path, key_file: Path) -> Iterator[Opened]:
    """Decrypt a backup into a folder beside the registry. Raises BackupRefused unless all of it is whole."""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=settings.CHIMERA_HOME) as name:
        folder = Path(name)
        hashes = _unpacked(path, key_file, folder)
        try:
            contents = Contents.of_json((folder / CONTENTS).read_bytes())
        except FileNotFoundError as problem:
            raise BackupRefused(f"{path.name} is no backup: it has no {CONTENTS}") from problem
        hashes.pop(CONTENTS)
        _compare(contents, hashes)
        yield Opened(contents, folder)


def _unpacked(path: Path, key_file: Path, folder: Path) -> dict[str, str]:
    """The files of the archive in a folder, and the SHA-256 of each."""
    hashes: dict[str, str] = {}
    with opened_archive(path, key_file) as archive:
        for member in archive:
            hashes[member.name] = _unpack(archive, member, folder)
    return hashes


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    target = folder / member.name
    content = archive.extractfile(member)
    if content is None or not _stays_inside(member.name):
        raise BackupRefused(f"{member.name!r} has no place in a backup")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        shutil.copyfileobj(content, file)
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    known = name in (CONTENTS, DATABASE) or path.parts[0] in folders()
    return known and not path.is_absolute() and ".." not in path.parts


def _compare(contents: Contents, hashes: dict[str, str]) -> None:
    for name in sorted(contents.files.keys() | hashes.keys()):
        if name not in hashes:
            raise BackupRefused(f"{name} is missing")
        if contents.files.get(name) != hashes[name]:
            raise BackupRefused(f"{name} is not what was written")


# --- as the registry ---------------------------------------------------------------------------------------
def restore(path: Path, key_file: Path) -> Contents:
    """Make an empty home and database the registry of a backup, and compare every table with its list.

    Whoever was signed in is signed out; the act goes on record. Raises BackupRefused, with nothing changed
    unless the database itself differs from what was put into it.
    """
    if not databases.is_empty():
        raise BackupRefused("the database is not empty: a backup is put back on an empty one alone")
    if taken := [folder for folder in folders().values() if folder.is_dir() and any(folder.iterdir())]:
        raise BackupRefused(f"{taken[0]} is not empty")
    with opened(path, key_file) as backup:
        _fits(backup.contents)
        databases.read_database(backup.folder / DATABASE)
        for name, folder in folders().items():
            if (backup.folder / name).is_dir():
                shutil.copytree(backup.folder / name, folder, dirs_exist_ok=True)
        _compare_tables(backup.contents)
    record_restored(path, backup.contents)
    return backup.contents


def _fits(contents: Contents) -> None:
    """Raises BackupRefused for another engine, and for keys that would open nothing of it."""
    if contents.engine != connection.vendor:
        raise BackupRefused(f"it was made of {contents.engine}, and DATABASE_URL names {connection.vendor}")
    here = key_fingerprints()
    if other := [name for name, fingerprint in contents.keys.items() if here.get(name) != fingerprint]:
        raise BackupRefused(f"{other[0]} is not the one of the backup: put its keys in place first")


def _compare_tables(contents: Contents) -> None:
    now = databases.fingerprints()
    if differs := [table for table, was in contents.tables.items() if now.get(table) != was]:
        raise BackupRefused(f"table {differs[0]} is not what was copied")


def record_restored(path: Path, contents: Contents) -> None:
    with transaction.atomic(), acting(system_actor("backup", Source.COMMAND)):
        Session.objects.all().delete()
        record_event("backup.restored", Place(about=f"{path.name} of {contents.made_at}"))
