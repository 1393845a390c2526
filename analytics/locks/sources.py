"""Where each row of a cut stands: its page and the version of it, in a table beside the snapshot.

A casebook has some 450 rows, and all of them would outgrow the process long before 100,000 subjects: they go
into parts of a draft as subjects pass, and the parts into the one table, which is named by its hash.
"""

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import IO, Any

import polars as pl

from analytics.locks.models import Lock, path_of_sources
from analytics.locks.snapshot import READ_AT_ONCE, SnapshotDamaged, keep_file
from trial.storage.kept import at_hand
from trial.storage.problems import StoredFileDamaged

SOURCES: dict[str, Any] = {
    "subject": pl.String,
    "visit": pl.String,
    "form": pl.String,
    "row_key": pl.String,
    "page_id": pl.Int64,
    "history_id": pl.Int64,
}
ROWS_AT_ONCE = 20_000
SourceRow = tuple[str, str, str, str, int, int | None]


class SourcesDraft:
    """The rows that have come so far, all but the last of them in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._parts, self._rows = folder, list[Path](), list[SourceRow]()

    def add(self, rows: Iterable[SourceRow]) -> None:
        self._rows += rows
        if len(self._rows) >= ROWS_AT_ONCE:
            self._put_by()

    def seal(self, folder: Path) -> str:
        """Keep all rows as one table, in the order in which they came; the hash that names the file."""
        self._put_by()
        whole = pl.scan_ipc(self._parts)

        def write(file: IO[bytes]) -> str:
            whole.sink_parquet(file)
            file.seek(0)
            digest = hashlib.sha256()
            while some := file.read(READ_AT_ONCE):
                digest.update(some)
            return path_of_sources(digest.hexdigest()).name

        return keep_file(folder, write).stem.partition("-")[2]

    def _put_by(self) -> None:
        part = self._folder / f"{len(self._parts)}.arrow"
        pl.DataFrame(self._rows, schema=SOURCES, orient="row").write_ipc(part, compression="zstd")
        self._parts.append(part)
        self._rows = []


def sources_of(lock: Lock, subjects: Collection[str]) -> pl.DataFrame:
    """Where the rows of these subjects stand; of the others nothing is held. Raises SnapshotDamaged."""
    try:
        rows = pl.scan_parquet(at_hand(lock.sources_path))
        return rows.filter(pl.col("subject").is_in(list(subjects))).collect()
    except FileNotFoundError as problem:
        raise SnapshotDamaged(f"{lock.sources_path.name} is gone") from problem
    except (StoredFileDamaged, pl.exceptions.ComputeError) as problem:
        raise SnapshotDamaged(f"{lock.sources_path.name} is not what it was") from problem
