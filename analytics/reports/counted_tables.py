"""A table whose counts name the subjects that they were counted from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from analytics.endpoints.shown import ROWS_SHOWN, SUBJECTS_NAMED
from trial.protocol.configuration import SETTINGS, is_confirmed

NONE = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, and the subjects that it was counted from."""

    text: str
    subjects: Sequence[str] = ()
    part: str = ""
    """The name of the number in an address, if there are more subjects than a page names."""

    @property
    def named(self) -> Sequence[str]:
        """Those that a page names."""
        return self.subjects[:SUBJECTS_NAMED]

    @property
    def more(self) -> int:
        """How many it does not name."""
        return max(0, len(self.subjects) - SUBJECTS_NAMED)


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

    @property
    def shown(self) -> tuple[Row, ...]:
        """The rows that a page or a paper shows."""
        return self.rows[:ROWS_SHOWN]

    @property
    def said(self) -> str:
        """That there are more of them, where there are."""
        if len(self.rows) <= ROWS_SHOWN:
            return ""
        return _("the first %(shown)s of %(all)s rows; the workbook has all") % {
            "shown": ROWS_SHOWN,
            "all": len(self.rows),
        }


def leading_on(table: Table) -> Table:
    """The table with the names of the numbers of many subjects: `populations.3.0`."""
    rows = enumerate(table.rows)
    return replace(table, rows=tuple(_leading_on(row, f"{table.id}.{number}") for number, row in rows))


def _leading_on(row: Row, name: str) -> Row:
    if not any(cell.more for cell in row.cells):
        return row
    cells = enumerate(row.cells)
    named = (replace(cell, part=f"{name}.{at}") if cell.more else cell for at, cell in cells)
    return replace(row, cells=tuple(named))


def count(subjects: Sequence[str]) -> Cell:
    return Cell(str(len(subjects)), subjects)


def awaiting(settings: Mapping[str, str] | None, keys: Iterable[str] = ()) -> bool:
    """Whether one of these values that a run computed with (all that it names, if none are) still awaits
    confirmation; a run of before these were values names none, and was a proposal."""
    if settings is None:
        return True
    known = {key: settings[key] for key in (keys or settings) if key in SETTINGS}
    return any(not is_confirmed(key, value) for key, value in known.items())
