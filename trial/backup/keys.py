"""The keys of the registry, which are copied apart from the data that they open."""

import hashlib
import tarfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from trial.backup.age_files import add_bytes, new_archive, new_file, opened_archive
from trial.backup.databases import is_empty
from trial.backup.problems import BackupRefused

NEEDED = ("identity_key", "second_factor_key", "seal_key")
"""Without these what lies encrypted in a backup stays closed, or the trail goes on under another key."""


def keys_here() -> dict[str, str]:
    """The secrets of this registry, by the names of the files that deployments keep them in."""
    return {
        "secret_key": settings.SECRET_KEY,
        "identity_key": settings.IDENTITY_KEY,
        "second_factor_key": settings.SECOND_FACTOR_KEY,
        "seal_key": settings.SEAL_KEY.read() if settings.SEALER else settings.SEAL_KEY.make(),
    }


def key_fingerprints() -> dict[str, str]:
    """By which a key is known again, and not found: each has 256 random bits. The key that a sealer holds is
    told to its own user alone."""
    told = {name: secret for name, secret in keys_here().items() if name in NEEDED and secret}
    return {
        name: hashlib.sha256(f"{name}:{secret}".encode()).hexdigest()[:16] for name, secret in told.items()
    }


def write_keys(path: Path) -> None:
    """All keys, encrypted to those who may open backups, in a new file. Raises BackupRefused, also where the
    sealer alone can read its key: then its user copies them."""
    if settings.SEALER and not settings.SEAL_KEY.read():
        raise BackupRefused("the key of the seals is the sealer's: run this as its user")
    with new_archive(path, settings.BACKUP_RECIPIENTS) as archive:
        for name, secret in keys_here().items():
            add_bytes(archive, name, secret.encode())


def read_keys(path: Path, into: Path, key_file: Path) -> list[str]:
    """Put the keys of a file into a folder, each readable by its owner alone; their names.

    Raises BackupRefused, also where a key of that name is there, which may open what nothing else does; but
    those that an empty registry has made at its start open nothing, and make way.
    """
    with opened_archive(path, key_file) as archive:
        found = dict(_read(archive))
    if unknown := found.keys() - keys_here().keys():
        raise BackupRefused(f"{path.name} holds no keys, but {sorted(unknown)[0]}")
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    there = [into / name for name in found if (into / name).exists()]
    if there and not _opens_nothing(into):
        raise BackupRefused(f"{there[0]} is there already, and is kept")
    for old in there:
        old.unlink()
    for name, secret in found.items():
        with new_file(into / name) as file:
            file.write(secret)
    return sorted(found)


def _read(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        if (file := archive.extractfile(member)) is not None:
            yield member.name, file.read()


def _opens_nothing(folder: Path) -> bool:
    return folder.resolve() == settings.CHIMERA_HOME / "keys" and is_empty()
