"""What a part of a run has computed, as a kept file, which every worker reads.

Its name is the number of its part and the hash of its bytes: written beside its place and renamed, it is
there whole or not at all, and two workers that compute the same part write the same file.
"""

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Collection, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
from django.conf import settings
from django.utils import timezone

from analytics.runs.models import RunPart
from trial.storage import kept
from trial.storage.problems import StoredFileDamaged

_DRAFT = ".draft-"
LEFT_FOR = timedelta(hours=1)
"""A file of no part was written by a worker that had been given up; one this old is not being written."""


class PartDamaged(Exception):
    """The file of a part is not the one that was written."""


def folder() -> Path:
    return Path(settings.SNAPSHOT_DIR) / "parts"


def write_tables(part: RunPart, tables: Iterable[pl.DataFrame]) -> str:
    """Keep tables for a part; the hash that the file is named by."""
    blobs = [_as_bytes(table) for table in tables]
    lengths = json.dumps([len(blob) for blob in blobs]).encode()
    return _write(part, b"".join([lengths, b"\n", *blobs]))


def read_tables(part: RunPart) -> list[pl.DataFrame]:
    """The tables in their order. Raises PartDamaged, and OSError where the file is not (yet) to be seen."""
    lengths, _newline, blobs = _read(part).partition(b"\n")
    file = io.BytesIO(blobs)
    return [pl.read_ipc(io.BytesIO(file.read(length))) for length in json.loads(lengths)]


def write_plain(part: RunPart, content: Any) -> str:
    """Keep plain numbers and texts for a part; the hash that the file is named by."""
    return _write(part, json.dumps(content, ensure_ascii=False).encode())


def read_plain(part: RunPart) -> Any:
    """The same again. Raises PartDamaged, and OSError where the file is not (yet) to be seen."""
    return json.loads(_read(part))


def clear(parts: Collection[int]) -> None:
    """Remove the files of parts by their numbers."""
    kept.remove(file for file in kept.lying_in(folder()) if _number_of(file.name) in parts)


def clear_what_was_left() -> None:
    """Remove from this host what belongs to no part that is there, and was not written just now. What a store
    has under a number that nobody knows may be another registry's."""
    standing = set(RunPart.objects.values_list("pk", flat=True))
    old = timezone.now() - LEFT_FOR
    for file, at in kept.lying_here(folder()):
        if _number_of(file.name) not in standing and at < old:
            file.unlink(missing_ok=True)


def _number_of(name: str) -> int | None:
    """The number of its part; a draft, or what is not ours, has none."""
    number, _dash, _digest = name.partition("-")
    return int(number) if number.isdecimal() else None


def _as_bytes(table: pl.DataFrame) -> bytes:
    written = io.BytesIO()
    table.write_ipc(written, compression="zstd")
    return written.getvalue()


def _place(part: RunPart, digest: str) -> Path:
    return folder() / f"{part.pk}-{digest}"


def _write(part: RunPart, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    folder().mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=folder(), prefix=_DRAFT)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o440)
        Path(draft).replace(_place(part, digest))
        kept.put(_place(part, digest))
    finally:
        Path(draft).unlink(missing_ok=True)
    return digest


def _read(part: RunPart) -> bytes:
    try:
        content = kept.at_hand(_place(part, part.hash)).read_bytes()
    except StoredFileDamaged as problem:
        raise PartDamaged(str(problem)) from problem
    if hashlib.sha256(content).hexdigest() != part.hash:
        raise PartDamaged(f"the file of {part} is not what it was")
    return content
