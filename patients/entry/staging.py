"""A casebook directory laid out by subject, so that an import of any size keeps little in memory.

The rows of all sheets go into a temporary file, and come back page by page in the order in which a site
would enter them: consent and demographics first, then by date, and on one day in the order of the forms.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from django.utils.translation import gettext as _

from patients.casebook.answers import RECORDED
from patients.casebook.files import HEADER, read_sheet
from patients.items.partial_date import read_partial_date
from patients.items.problems import NotAnAnswer
from trial.protocol.visits import FORM_ORDER, LOG_FORMS

FIRST = ("ELIG", "DM")
PAGE_KEYS = ("subject_id", "visit_code", "repeat")
PAGE_HEADER = (*(name for name in HEADER if name not in PAGE_KEYS), RECORDED)


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that keeps its page out: another row of the page speaks against it, or nobody can read it."""

    line: int
    column: str
    cell: str
    why: str


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row as it is laid out, with what of it could not be read."""

    form: str
    line: int
    cells: dict[str, str]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class StagedPage:
    """One page of a casebook directory: its rows by key, its header, and where its rows stand.

    A row whose key or header contradicts an earlier row of the page is not among `rows`: the page as a whole
    is in doubt, as it is with `faults` of what could not be read.
    """

    form: str
    subject: str
    visit: str
    header: dict[str, str]
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    contradictions: list[Fault] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def line(self) -> int:
        return min(self.lines.values())

    @property
    def doubts(self) -> list[Fault]:
        """Why the page cannot be taken as it is."""
        return [*self.contradictions, *self.faults]

    @property
    def row_count(self) -> int:
        """How many rows of the sheet are about this page."""
        return len(self.lines) + len({found.line for found in self.contradictions})

    def add(self, key: str, line: int, cells: dict[str, str]) -> None:
        """Take in a row."""
        problems = list(self._contradictions(key, line, cells))
        self.contradictions.extend(problems)
        if not problems:
            self.rows[key] = {name: cell for name, cell in cells.items() if name not in _PLACE}
            self.lines[key] = line

    def _contradictions(self, key: str, line: int, cells: dict[str, str]) -> Iterator[Fault]:
        if key in self.lines:
            why = _("The row stands twice, in line %s as well.") % self.lines[key]
            yield Fault(line, "repeat", key, why)
        for name in PAGE_HEADER:
            if cells.get(name, "") != self.header.get(name, ""):
                why = _("Another row of the page, in line %s, says otherwise.") % self.line
                yield Fault(line, name, cells.get(name, ""), why)


_PLACE = frozenset((*PAGE_KEYS, *PAGE_HEADER))


def _in_order(day: str) -> str:
    """A date as it sorts; what is none stays as it was typed, to be refused in its place."""
    try:
        return str(read_partial_date(day))
    except NotAnAnswer:
        return day


class Staging:
    """The rows of a casebook directory in a temporary file, gone with it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="chimera-import-")
        self._db = sqlite3.connect(Path(self._folder.name) / "rows.sqlite3")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute(
            "CREATE TABLE row (subject TEXT, rank INT, day TEXT, form_rank INT, form TEXT, visit TEXT,"
            " key TEXT, line INT, cells TEXT, faults TEXT)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def add_sheet(self, form: str, path: Path) -> int:
        """Take in a form's sheet; the number of its rows. Raises UnreadableSheet."""
        return self.add_rows(StagedRow(form, line, cells) for line, cells in read_sheet(path))

    def add_rows(self, rows: Iterable[StagedRow]) -> int:
        """Take in rows; their number. Raises what `rows` raises."""
        count = self._db.executemany(
            "INSERT INTO row VALUES (?,?,?,?,?,?,?,?,?,?)", (self._laid_out(row) for row in rows)
        ).rowcount
        self._db.execute(
            "CREATE INDEX IF NOT EXISTS by_subject ON row(subject, rank, day, form_rank, visit, line)"
        )
        self._db.commit()
        return max(count, 0)

    @staticmethod
    def _laid_out(row: StagedRow) -> tuple[object, ...]:
        form, cells = row.form, row.cells
        rank = FIRST.index(form) if form in FIRST else len(FIRST)
        visit = "" if form in LOG_FORMS else cells.get("visit_code", "")
        return (
            cells["subject_id"],
            rank,
            "" if form in LOG_FORMS else _in_order(cells.get("form_date", "")),
            FORM_ORDER.index(form),
            form,
            visit,
            cells.get("repeat", ""),
            row.line,
            json.dumps(cells),
            json.dumps([astuple(fault) for fault in row.faults]),
        )

    def subjects(self) -> list[str]:
        return [code for (code,) in self._db.execute("SELECT DISTINCT subject FROM row ORDER BY subject")]

    def pages(self, subject: str) -> Iterator[StagedPage]:
        """The pages of a subject in the order of entry."""
        found = self._db.execute(
            "SELECT form, visit, key, line, cells, faults FROM row WHERE subject=?"
            " ORDER BY rank, day, form_rank, visit, line",
            (subject,),
        )
        page: StagedPage | None = None
        for form, visit, key, line, text, faults in found:
            cells = json.loads(text)
            if page is None or (page.form, page.visit) != (form, visit):
                if page is not None:
                    yield page
                page = StagedPage(form, subject, visit, {n: cells[n] for n in PAGE_HEADER if n in cells})
            page.add(key, line, cells)
            page.faults.extend(Fault(*fault) for fault in json.loads(faults))
        if page is not None:
            yield page
