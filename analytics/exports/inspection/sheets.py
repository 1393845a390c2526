"""The records of all subjects as CSV: one sheet for each kind, a line for each entry, of the trail for each
change. A text that a spreadsheet would take for a formula has an apostrophe before it (CP-04)."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from analytics.exports.inspection.records import LISTS, SubjectRecords
from analytics.exports.live.lists import Told
from trial.spreadsheets import cell

_UNDER = {"queries": "thread", "trail": "changes"}
"""The lists whose entries have lines of their own: each is a line of the sheet, beside what it is under."""


class Sheets:
    """The sheets of a copy, a subject at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, IO[str]] = {}
        self.heads: dict[str, list[str]] = {}
        self.rows = dict.fromkeys(LISTS, 0)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for file in self.files.values():
            file.close()

    def add(self, records: SubjectRecords) -> None:
        for name in LISTS:
            self.write(name, getattr(records, name))

    def write(self, name: str, entries: Sequence[Told]) -> None:
        """Entries of a kind as lines of its sheet."""
        for line in _lines(name, entries):
            if name not in self.files:
                self._begin(name, list(line))
            csv.writer(self.files[name], lineterminator="\n").writerow(
                [cell(_text(line.get(head))) for head in self.heads[name]]
            )
            self.rows[name] += 1

    def _begin(self, name: str, heads: list[str]) -> None:
        self.files[name] = (self.folder / f"{name}.csv").open("w", encoding="utf-8", newline="")
        self.heads[name] = heads
        csv.writer(self.files[name], lineterminator="\n").writerow(heads)


def _lines(name: str, entries: Sequence[Told]) -> Iterator[dict[str, Any]]:
    under = _UNDER.get(name)
    for entry in entries:
        own = {key: value for key, value in entry.items() if key != under}
        if under is None:
            yield own
        for line in (entry[under] or [dict.fromkeys(_MEMBERS[under])]) if under else ():
            yield own | {f"{under}_{key}": value for key, value in line.items()}


_MEMBERS = {
    "thread": ("said", "text", "old", "new", "author", "role", "at"),
    "changes": ("row", "item", "label", "author", "reason_code", "old", "new", "words", "reason"),
}
"""What a line of its own has, for an entry that has none."""


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return "|".join(map(str, value)) if isinstance(value, list) else str(value)
