"""A table whose counts name the subjects that they were counted from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trial.protocol.configuration import SETTINGS, is_confirmed

NONE = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, and the subjects that it was counted from."""

    text: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    cells: tuple[Cell, ...]
    is_alert: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    id: str
    title: str
    note: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


def count(subjects: Sequence[str]) -> Cell:
    return Cell(str(len(subjects)), tuple(subjects))


def awaiting(settings: Mapping[str, str] | None, keys: Iterable[str] = ()) -> bool:
    """Whether one of these values that a run computed with (all that it names, if none are) still awaits
    confirmation; a run of before these were values names none, and was a proposal."""
    if settings is None:
        return True
    known = {key: settings[key] for key in (keys or settings) if key in SETTINGS}
    return any(not is_confirmed(key, value) for key, value in known.items())
