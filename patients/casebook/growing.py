"""A casebook directory that is written while it is read: no sheet of all subjects is ever held.

Subjects come in the order of their codes, so that a row has its place as soon as it is there. Which columns a
sheet has (a reason for absence stands only where there is one) is known at its end alone: until then its rows
wait in a file without a name, beside the others.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

import orjson

from patients.casebook.answers import RECORDED
from patients.casebook.files import (
    MISSING_SUFFIX,
    PEOPLE,
    columns_for,
    item_columns,
    place_of,
    write_cells,
)
from patients.casebook.whole_directory import whole_or_nothing


class GrowingCasebook:
    """The sheets so far, and how many rows they have in all."""

    def __init__(self, folder: Path, wait: Callable[[], IO[bytes]]) -> None:
        self._folder, self._wait = folder, wait
        self._sheets: dict[str, _GrowingSheet] = {}

    @property
    def rows(self) -> int:
        return sum(sheet.rows for sheet in self._sheets.values())

    def add(self, sheet: str, rows: Iterable[Mapping[str, str]] = ()) -> None:
        """Add the rows of the next subject to a sheet, which is there from then on, also without rows.

        Raises ValueError for a row whose place is before one that is there, and for a cell without a column.
        """
        if sheet not in self._sheets:
            self._sheets[sheet] = _GrowingSheet(sheet, self._wait())
        self._sheets[sheet].add(rows)

    def finish(self) -> None:
        """Write the files."""
        for name, sheet in self._sheets.items():
            sheet.write(self._folder / f"{name}.csv")


class _GrowingSheet:
    def __init__(self, sheet: str, waiting: IO[bytes]) -> None:
        self._sheet, self._waiting = sheet, waiting
        self._columns = _possible_columns(sheet)
        self._filled: set[str] = set()
        self._last: tuple[Any, ...] = ()
        self.rows = 0

    def add(self, rows: Iterable[Mapping[str, str]]) -> None:
        placed = [(place_of(self._sheet, row), row) for row in rows]
        for place, row in sorted(placed, key=itemgetter(0)):
            if place < self._last:
                raise ValueError(f"{self._sheet}: {row} comes too late: subjects go in by their codes")
            if unknown := set(row).difference(self._columns):
                raise ValueError(f"{self._sheet} has no column {', '.join(sorted(unknown))}")
            self._filled.update(name for name, text in row.items() if text)
            self._waiting.write(orjson.dumps([row.get(name, "") for name in self._columns]) + b"\n")
            self._last, self.rows = place, self.rows + 1

    def write(self, path: Path) -> None:
        names = columns_for(self._sheet, self._filled)
        kept = [self._columns.index(name) for name in names]
        self._waiting.seek(0)
        waiting = map(orjson.loads, self._waiting)
        write_cells(path, names, ([cells[at] for at in kept] for cells in waiting))


def _possible_columns(sheet: str) -> tuple[str, ...]:
    """All columns that a sheet can have, in their order. Raises KeyError for an unknown form."""
    if sheet in PEOPLE:
        return PEOPLE[sheet]
    return columns_for(sheet, {RECORDED, *(item + MISSING_SUFFIX for item in item_columns(sheet))})


@contextmanager
def growing_casebook(out_dir: Path) -> Iterator[GrowingCasebook]:
    """A casebook to add subjects to; all of it is in `out_dir` then, or nothing. Raises DirectoryInUse."""
    with whole_or_nothing(out_dir) as folder, ExitStack() as files:
        casebook = GrowingCasebook(folder, lambda: files.enter_context(tempfile.TemporaryFile(dir=folder)))
        yield casebook
        casebook.finish()
