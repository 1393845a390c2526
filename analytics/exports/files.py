"""The files of a data cut: each made once for what its reader may have, and kept beside its tables.

A file never changes, so its SHA-256 is its ETag, and a transfer that broke off goes on where it ended.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from analytics.exports import workbook_file
from analytics.exports.about import About, about, naming_of
from analytics.exports.disclosure import Disclosure, disclosed
from analytics.exports.formats.registry import FORMATS
from analytics.exports.kept_tables import folder_of, tables_of_lock
from analytics.exports.made_file import MadeFile
from analytics.exports.tables import Table
from analytics.locks.models import Lock


class NoSuchFile(LookupError):
    """The cut has no table of this name, or there is no such format."""


def tables_for(lock: Lock, to: Disclosure) -> dict[str, Table]:
    """Every table of a cut as its reader may have it. Raises SnapshotDamaged where sites are hidden; to read
    rows raises as `tables_of_lock` says."""
    naming = naming_of(lock, to)
    return {name: naming.table(disclosed(table, to)) for name, table in tables_of_lock(lock).items()}


def file_of(lock: Lock, name: str, suffix: str, to: Disclosure) -> MadeFile:
    """A table of a cut in a format. Raises NoSuchFile, NotReady, SnapshotDamaged and ImpossibleDates."""
    form, table = FORMATS.get(suffix), tables_for(lock, to).get(name)
    if form is None or table is None:
        raise NoSuchFile(f"{name}.{suffix}")
    told = about(lock, to)
    made = kept(lock, to, f"{name}.{suffix}", lambda path: form.write(table, path, told))
    return MadeFile(made.path, f"{name}.{suffix}", form.media_type, made.digest, made.rows)


def workbook_of(lock: Lock, standard: str, to: Disclosure) -> MadeFile:
    """The tables of a standard as a workbook. Raises NoSuchFile, TooManyRows, NotReady,
    SnapshotDamaged and ImpossibleDates."""
    tables = {key: one for key, one in tables_for(lock, to).items() if one.standard == standard}
    if not tables:
        raise NoSuchFile(standard)
    name, told = f"{standard}.xlsx", about(lock, to)
    made = kept(lock, to, name, lambda path: workbook_file.write(tables, path, told))
    return MadeFile(made.path, name, workbook_file.MEDIA_TYPE, made.digest, made.rows)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was written, its SHA-256 and the rows in it."""

    path: Path
    digest: str
    rows: int


def kept(lock: Lock, to: Disclosure, name: str, write: Callable[[Path], int]) -> Kept:
    """The file of this name, written now if it never was. What is said of it is written last: a file without
    that is none."""
    folder = folder_of(lock) / f"for-{_mark(about(lock, to))}"
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    path, said = folder / name, folder / f"{name}.made"
    if not said.exists():
        rows = _written(path, write)
        _put(said, json.dumps({"sha256": digest_of(path), "rows": rows}).encode())
    told = json.loads(said.read_bytes())
    return Kept(path, told["sha256"], told["rows"])


def _mark(told: About) -> str:
    """What a file depends on beside the snapshot and the code, which name the folder around."""
    content = json.dumps([told.lock, told.at.isoformat(), asdict(told.disclosure)])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _written(path: Path, write: Callable[[Path], int]) -> int:
    """Written beside its place and renamed, so that nobody reads a half of it."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".draft-") as folder:
        draft = Path(folder) / path.name
        rows = write(draft)
        draft.replace(path)
    return rows


def _put(path: Path, content: bytes) -> None:
    def write(draft: Path) -> int:
        return draft.write_bytes(content)

    _written(path, write)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, read some of it at a time."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copied(made: MadeFile, path: Path) -> MadeFile:
    """The same file at another place."""
    shutil.copyfile(made.path, path)
    return replace(made, path=path)
