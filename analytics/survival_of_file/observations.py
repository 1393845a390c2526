"""Observations read from a CSV file, or refused by line and column."""

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

EVERYBODY = ""
T = TypeVar("T")


class Refused(ValueError):
    """Something in the file is wrong; the message names its line and column."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns to read; `entry` and `group` may be none."""

    time: str
    status: str
    group: str | None = None
    entry: str | None = None


@dataclass(slots=True)
class Observations:
    """One value for each row of the file; without a column of groups everybody is in one."""

    time: list[float]
    status: list[int]
    group: list[str]
    entry: list[float] | None

    def of(self, label: str) -> "Observations":
        """Those of one group."""
        own = [place for place, group in enumerate(self.group) if group == label]
        entry = None if self.entry is None else [self.entry[place] for place in own]
        return Observations(
            [self.time[place] for place in own],
            [self.status[place] for place in own],
            [label] * len(own),
            entry,
        )


def read_observations(path: Path, columns: Columns) -> Observations:
    """The observations of a file in UTF-8 with a header. Raises Refused."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _observations(csv.reader(file, strict=True), columns)
    except OSError as problem:
        raise Refused(f"{path}: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise Refused(f"{path}: not UTF-8 at byte {problem.start}") from problem


def _observations(lines: Any, columns: Columns) -> Observations:
    read = Observations([], [], [], None if columns.entry is None else [])
    for row in _rows(lines, columns):
        time = row.value(columns.time, _duration)
        read.time.append(time)
        read.status.append(row.value(columns.status, _cause))
        read.group.append(EVERYBODY if columns.group is None else row.value(columns.group, _label))
        if read.entry is not None and columns.entry is not None:
            read.entry.append(row.entry(columns.entry, time))
    if not read.time:
        raise Refused("line 2: no observation")
    return read


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: dict[str, str]

    def value(self, column: str, read: Callable[[str], T]) -> T:
        text = self.cells[column].strip()
        try:
            return read(text)
        except ValueError as problem:
            raise self.refused(column, text, str(problem)) from problem

    def entry(self, column: str, time: float) -> float:
        entry = self.value(column, _number)
        if entry >= time:
            raise self.refused(column, self.cells[column].strip(), f"is not before its time {time:g}")
        return entry

    def refused(self, column: str, text: str, why: str) -> Refused:
        return Refused(f"line {self.line}, column {column}: {text!r} {why}")


def _rows(lines: Any, columns: Columns) -> Iterator[_Row]:
    """The rows that are not blank. A row that is shorter or longer than the header is refused."""
    try:
        header: list[str] = next(lines, [])
        _find(header, columns)
        for cells in lines:
            if len(cells) not in (0, len(header)):
                raise Refused(f"line {lines.line_num}: {len(cells)} cells under {len(header)} columns")
            if cells:
                yield _Row(lines.line_num, dict(zip(header, cells, strict=True)))
    except csv.Error as problem:
        raise Refused(f"line {lines.line_num}: {problem}") from problem


def _find(header: list[str], columns: Columns) -> None:
    for name in (columns.time, columns.status, columns.group, columns.entry):
        if name is not None and header.count(name) != 1:
            how = "no such column" if name not in header else "more than one column of this name"
            raise Refused(f"line 1, column {name}: {how}")


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError("is not a number") from None
    if not math.isfinite(number):
        raise ValueError("is not finite")
    return number


def _duration(text: str) -> float:
    number = _number(text)
    if number < 0:
        raise ValueError("is negative")
    return number


def _cause(text: str) -> int:
    number = _number(text)
    if number < 0 or not number.is_integer():
        raise ValueError("is not a whole number from 0 up")
    return int(number)


def _label(text: str) -> str:
    if not text:
        raise ValueError("is no group")
    return text
