"""Whom a number was counted from, and what is listed of each: columns in memory, and little where it is kept.

Behind the numbers of a run stand some hundred sets of subjects. As lists of codes they would take more than
all tables that they were counted from. Here a set is a column; kept with the run it is the places of its
subjects along the roster of the run, written out (`1-5 7`) where these are few, else packed. It is turned
into codes where somebody asks for them. What a run of before kept as a plain list is read as it is.
"""

import base64
import json
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

import numpy as np
import polars as pl
from numpy.typing import NDArray

T_co = TypeVar("T_co", covariant=True)
Kept = dict[str, Any]
Places = NDArray[np.int64]
KIND = "kept"
SUBJECTS, VALUES, LINES = "subjects", "values", "lines"
ROSTER, SUBJECT = "roster", "subject"
WRITTEN_OUT = 32
"""So many values, or runs of places, stand as a person reads them; more are packed."""


class Roster:
    """All subjects of a run in the order of their codes; a subject's place counts from 1."""

    def __init__(self, codes: pl.Series) -> None:
        self.codes = codes
        self._order = pl.Enum(codes)

    def places(self, codes: pl.Series) -> Places:
        """Raises InvalidOperationError for a code that is not on it."""
        return codes.cast(self._order).to_physical().to_numpy().astype(np.int64) + 1

    def at(self, places: Places) -> pl.Series:
        return self.codes.gather(places - 1)


class Listed(Sequence[T_co], ABC):
    """A sequence whose entries are made when they are asked for; equal to any other of the same entries."""

    __slots__ = ()

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self) -> Sequence[T_co]:
        """All entries, made anew by each call."""

    @abstractmethod
    def kept(self, roster: Roster) -> Kept:
        """As it is kept with a run of this roster."""

    @overload
    def __getitem__(self, at: int) -> T_co: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T_co]: ...
    def __getitem__(self, at: int | slice) -> T_co | Sequence[T_co]:
        return self.read()[at]

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.read())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"


class Values(Listed[Any]):
    """Plain values."""

    __slots__ = ("_column",)

    def __init__(self, column: pl.Series) -> None:
        self._column = column

    def __len__(self) -> int:
        return self._column.len()

    def read(self) -> Sequence[Any]:
        return self._column.to_list()

    def kept(self, roster: Roster) -> Kept:
        values = self.read()
        how = {"plain": values} if len(values) <= WRITTEN_OUT else {"packed": _packed(_json(values))}
        return {KIND: VALUES, "n": len(values), **how}


class Subjects(Values):
    """Codes of subjects, in their order."""

    __slots__ = ()

    def kept(self, roster: Roster) -> Kept:
        return {KIND: SUBJECTS, "n": len(self), **_written(roster.places(self._column))}


class Lines(Listed[dict[str, Any]]):
    """Rows of named values; one that is named `subject` is a code."""

    __slots__ = ("_rows",)

    def __init__(self, rows: pl.DataFrame) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows.height

    def read(self) -> Sequence[dict[str, Any]]:
        return self._rows.to_dicts()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._rows.iter_rows(named=True)

    def kept(self, roster: Roster) -> Kept:
        columns = {column.name: _column(column).kept(roster) for column in self._rows}
        return {KIND: LINES, "n": len(self), "columns": columns}


def _column(column: pl.Series) -> Values:
    return Subjects(column) if column.name == SUBJECT else Values(column)


class FromKept(Listed[Any]):
    """What was kept with a run."""

    __slots__ = ("_kept", "_roster")

    def __init__(self, kept: Kept, roster: Roster) -> None:
        self._kept, self._roster = kept, roster

    def __len__(self) -> int:
        return int(self._kept["n"])

    def read(self) -> Sequence[Any]:
        found: Sequence[Any] = _READ[self._kept[KIND]](self._kept, self._roster)
        return found

    def __iter__(self) -> Iterator[Any]:
        if self._kept[KIND] == LINES:
            return _lines(self._kept, self._roster)
        return iter(self.read())

    def kept(self, roster: Roster) -> Kept:
        return self._kept


# --- keeping and reading -----------------------------------------------------------------------------------
def kept(content: Any, roster: Roster) -> Any:
    """Content as JSON, each `Listed` in it as it is kept."""
    if isinstance(content, Listed):
        return content.kept(roster)
    if isinstance(content, Mapping):
        return {name: kept(value, roster) for name, value in content.items()}
    if isinstance(content, Iterable) and not isinstance(content, str):
        return [kept(value, roster) for value in content]
    return content


def read(content: Any, roster: Roster) -> Any:
    """Content again; what was kept as a `Listed` is read where it is asked for."""
    if isinstance(content, dict):
        if KIND in content:
            return FromKept(content, roster)
        return {name: read(value, roster) for name, value in content.items()}
    return [read(value, roster) for value in content] if isinstance(content, list) else content


def kept_roster(roster: Roster) -> Kept:
    return Values(roster.codes).kept(roster)


def roster_of(exhibits: Mapping[str, Any]) -> Roster:
    """The roster of a run; nobody is on that of a run of before, which kept the codes themselves."""
    codes = _values(exhibits[ROSTER]) if ROSTER in exhibits else []
    return Roster(pl.Series(codes, dtype=pl.String))


def read_exhibits(exhibits: Mapping[str, Any]) -> dict[str, Any]:
    """What the pages of a lock read of its run."""
    named = {name: content for name, content in exhibits.items() if name != ROSTER}
    found: dict[str, Any] = read(named, roster_of(exhibits))
    return found


def _values(held: Kept, _roster: Roster | None = None) -> list[Any]:
    found: list[Any] = held["plain"] if "plain" in held else json.loads(_unpacked(held["packed"]))
    return found


def _subjects(held: Kept, roster: Roster) -> list[str]:
    return roster.at(_places(held)).to_list()


def _lines(held: Kept, roster: Roster) -> Iterator[dict[str, Any]]:
    columns = {name: _READ[one[KIND]](one, roster) for name, one in held["columns"].items()}
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


_READ: dict[str, Any] = {
    VALUES: _values,
    SUBJECTS: _subjects,
    LINES: lambda held, roster: list(_lines(held, roster)),
}


# --- the places of a set -----------------------------------------------------------------------------------
def _written(places: Places) -> dict[str, str]:
    """Few runs as `1-5 7`; of more the steps from one place to the next, packed."""
    starts = np.flatnonzero(np.diff(places, prepend=-1) != 1)
    if starts.size > WRITTEN_OUT:
        steps = np.diff(places, prepend=0).astype("<i4")
        return {"steps": _packed(steps.view(np.uint8).reshape(-1, 4).T.tobytes())}
    ends = np.append(starts[1:], places.size) - 1 if places.size else starts
    runs = zip(places[starts].tolist(), places[ends].tolist(), strict=True)
    return {"runs": " ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)}


def _places(held: Kept) -> Places:
    if "steps" in held:
        planes = np.frombuffer(_unpacked(held["steps"]), np.uint8).reshape(4, -1)
        return np.cumsum(np.ascontiguousarray(planes.T).view("<i4").ravel(), dtype=np.int64)
    runs = [run.partition("-") for run in held["runs"].split()]
    ranges = [np.arange(int(first), int(last or first) + 1) for first, _dash, last in runs]
    return np.concatenate(ranges) if ranges else np.empty(0, np.int64)


def _json(values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, 9)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
