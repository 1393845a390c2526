"""What a backup holds: the database, the files of the registry, and a list of both with their hashes.

    contents.json      this list
    database           one file, as its engine writes it
    snapshots/         what locks have sealed, and the codes beside them
    attachments/       files that people added to pages, encrypted as they lie
    anchor/            the seals as they stand outside the database

Keys are never in it: they have a file of their own (`keys.py`). What can be made again is left out.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from trial.backup.fingerprints import Fingerprint, Fingerprints
from trial.backup.problems import BackupRefused
from trial.storage import kept
from trial.storage.problems import StoredFileDamaged
from trial.trail.seals import anchor_file

CONTENTS = "contents.json"
DATABASE = "database"
MADE_AGAIN = ("parts", "tables-", "places-", "exports")
"""Beginnings of names in the folder of snapshots: parts of runs, and what is kept for its next reader."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The list of a backup. `files` gives the SHA-256 of each by its name, `keys` the fingerprints of those
    that open what lies encrypted in it, `last_seal` the number of the newest seal (0: none)."""

    made_at: str
    engine: str
    migrations: dict[str, str]
    last_seal: int
    keys: dict[str, str]
    tables: Fingerprints
    files: dict[str, str]

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.made_at)

    def as_json(self) -> bytes:
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()

    @classmethod
    def of_json(cls, text: bytes) -> "Contents":
        """Raises BackupRefused."""
        try:
            told: dict[str, Any] = json.loads(text)
            tables = {table: Fingerprint(**one) for table, one in told.pop("tables").items()}
            return cls(tables=tables, **told)
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise BackupRefused(f"{CONTENTS} cannot be read") from problem


def folders() -> dict[str, Path]:
    """The folders of the registry that a backup holds, by their names in it."""
    return {
        "snapshots": Path(settings.SNAPSHOT_DIR),
        "attachments": Path(settings.ATTACHMENT_DIR),
        "anchor": anchor_file().parent,
    }


def files_here() -> Iterator[tuple[str, Path]]:
    """The files of the registry beside its database, by their names in a backup; what of them only the store
    has is fetched first. Raises StoreUnavailable, and BackupRefused for what is damaged there."""
    try:
        kept.fetch_what_is_missing(lambda name: not name.startswith(MADE_AGAIN))
    except StoredFileDamaged as problem:
        raise BackupRefused(str(problem)) from problem
    for name, folder in folders().items():
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not inside.parts[0].startswith((*MADE_AGAIN, ".")):
                yield f"{name}/{inside.as_posix()}", path


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
