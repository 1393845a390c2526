"""The files of attachments: encrypted, under names of chance, in a directory of their own outside of what is
served. The rows that name them are the truth (`attachments`); a file that no row names is removed in time."""

import os
import secrets
import time
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path

from cryptography.fernet import InvalidToken
from django.conf import settings

from patients.casebook.identity import sealed, unsealed

LEFT_ALONE_FOR = timedelta(days=1)
"""How long a file without a row may be one that somebody is just attaching."""


class FileDamaged(Exception):
    """The file of an attachment is not there, or is not any more what was written."""


def folder() -> Path:
    """The directory of all attachments, of which a backup needs a copy; only its owner reads it."""
    found = Path(settings.ATTACHMENT_DIR)
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def keep_file(content: bytes) -> str:
    """Write a file, so that it survives a power cut; the name under which it lies."""
    name = secrets.token_hex(16)
    handle = os.open(folder() / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(sealed(content))
        file.flush()
        os.fsync(file.fileno())
    return name


def read_file(name: str) -> bytes:
    """What was written. Raises FileDamaged."""
    try:
        return unsealed((folder() / name).read_bytes())
    except (OSError, InvalidToken) as problem:
        raise FileDamaged(name) from problem


def remove_file(name: str) -> None:
    """For a file of which no row was kept."""
    (folder() / name).unlink(missing_ok=True)


def remove_unattached(attached: Collection[str]) -> int:
    """Remove the files that are not among these names and are older than a day; how many they were."""
    newest = time.time() - LEFT_ALONE_FOR.total_seconds()
    left = [file for file in folder().iterdir() if file.name not in attached]
    old = [file for file in left if file.stat().st_mtime < newest]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)
