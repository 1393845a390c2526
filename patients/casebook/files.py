"""The casebook as a directory of CSV files: what the builder and the export write and the import reads.

`FORM.csv` for each form, and sheets about people: subjects, members, who signed which page, and apart from
the rest the identity. UTF-8 with LF is written; a byte order mark and CRLF are read as well. Reading streams:
no sheet is ever held as a whole.
"""

import csv
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from django.utils.translation import gettext as _

from patients.casebook.answers import RECORDED
from patients.casebook.form import form_model, is_declared
from patients.casebook.whole_directory import whole_or_nothing
from trial.protocol.visits import VISITS, visit_type

SUBJECTS, MEMBERS, IDENTITY, SIGNATURES = "SUBJECTS", "MEMBERS", "IDENTITY", "SIGNATURES"
PEOPLE: dict[str, tuple[str, ...]] = {
    SUBJECTS: ("subject_id", "patient_id", "site", "planned_infusion"),
    MEMBERS: ("user_name", "printed_name", "role", "site"),
    IDENTITY: ("subject_id", "birth_date", "name", "hospital_number"),
    # Written by an export, for who reads it. An import can sign for nobody: it leaves it aside, and says so.
    SIGNATURES: (
        "subject_id",
        "visit_code",
        "form",
        "user_name",
        "printed_name",
        "role",
        "organisation",
        "signed_at",
        "signed_at_utc",
        "site_zone",
        "meaning",
        "statement_version",
        "statement",
        "page_version",
        "form_version",
        "sha256",
        "standing",
        "fallen_at",
        "fallen_by",
        "fallen_because",
    ),
}
_PEOPLE_KEYS = {
    SUBJECTS: ("subject_id", "site"),
    MEMBERS: PEOPLE[MEMBERS],
    IDENTITY: ("subject_id",),
    SIGNATURES: ("subject_id",),
}

ROW_KEYS = ("subject_id", "visit_code", "repeat", "form_date")
HEADER = (*ROW_KEYS, "not_done", "not_done_reason", "src_doc")
MISSING_SUFFIX = "__missing"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


# --- columns --------------------------------------------------------------------------------------
def item_columns(form: str) -> tuple[str, ...]:
    """The items of a form that stand in its sheet: entered, and identifying nobody. Raises KeyError."""
    items = form_model(form).items()
    return tuple(item.name for item in items if not item.is_derived and not item.declared.identity)


def columns(sheet: str, with_missing: Collection[str] = ()) -> tuple[str, ...]:
    """The columns of a sheet. Items of `with_missing` are followed by the reason for their absence.

    Raises KeyError for a form that this version does not have.
    """
    if sheet in PEOPLE:
        return PEOPLE[sheet]
    names = [
        (name, name + MISSING_SUFFIX) if name in with_missing else (name,) for name in item_columns(sheet)
    ]
    return (*HEADER, *(column for pair in names for column in pair))


def page_cells(
    *,
    subject_id: str,
    visit_code: str,
    form_date: date | None,
    repeat: str = "",
    not_done: bool = False,
    not_done_reason: str = "",
    src_doc: Sequence[str] = (),
) -> dict[str, str]:
    """The cells of a row's place and of the common header of its page. `not_done` is Y or empty."""
    return {
        "subject_id": subject_id,
        "visit_code": visit_code,
        "repeat": repeat,
        "form_date": form_date.isoformat() if form_date else "",
        "not_done": "Y" if not_done else "",
        "not_done_reason": not_done_reason,
        "src_doc": "|".join(sorted(src_doc)),
    }


# --- writing --------------------------------------------------------------------------------------
Sheets = Mapping[str, Sequence[Mapping[str, str]]]


def write_casebook(out_dir: Path, sheets: Sheets) -> None:
    """Write a casebook: all of it, or nothing. The same rows in any order give the same bytes.

    Raises DirectoryInUse. Who has many subjects lets it grow (`patients.casebook.growing`).
    """
    with whole_or_nothing(out_dir) as folder:
        for sheet, rows in sheets.items():
            write_sheet(folder / f"{sheet}.csv", sheet, rows)


def write_sheet(path: Path, sheet: str, rows: Sequence[Mapping[str, str]]) -> None:
    """Write one sheet by subject, visit and row. Raises ValueError for a cell that has no column."""
    filled = {name for row in rows for name in row if row[name]}
    names = columns_for(sheet, filled)
    allowed = {*names, *(name + MISSING_SUFFIX for name in names)}
    for row in rows:
        if unknown := set(row) - allowed:
            raise ValueError(f"{sheet} has no column {', '.join(sorted(unknown))}")
    in_order = sorted(rows, key=lambda row: place_of(sheet, row))
    write_cells(path, names, ([row.get(name, "") for name in names] for row in in_order))


def columns_for(sheet: str, filled: Collection[str]) -> tuple[str, ...]:
    """The columns of a sheet in which these are filled: reasons for absence stand there where there are any,
    and how pages came in where any is not as usual. Raises KeyError as `columns` does."""
    names = columns(sheet, {name.removesuffix(MISSING_SUFFIX) for name in filled if _is_reason(name)})
    return (*HEADER, RECORDED, *names[len(HEADER) :]) if RECORDED in filled else names


def _is_reason(column: str) -> bool:
    return column.endswith(MISSING_SUFFIX)


def write_cells(path: Path, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a file of these columns and rows, which is not there yet; it survives a power cut."""
    with path.open("x", encoding="utf-8", newline="") as file:
        sheet_file = _SheetFile(file)
        sheet_file.write(names)
        for cells in rows:
            sheet_file.write(cells)
        file.flush()
        os.fsync(file.fileno())


class _SheetFile:
    """Rows with LF. The csv module quotes a cell for the line end it writes alone: one with a carriage return
    would come back as two lines, so its row is quoted as a whole."""

    def __init__(self, file: TextIO) -> None:
        self._plain = csv.writer(file, lineterminator="\n")
        self._quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def write(self, cells: Sequence[str]) -> None:
        writer = self._quoted if any("\r" in cell for cell in cells) else self._plain
        writer.writerow(cells)


def place_of(sheet: str, row: Mapping[str, str]) -> tuple[Any, ...]:
    """Where a row stands in its sheet. Raises UnknownVisit."""
    if sheet in PEOPLE:
        return tuple(row.get(column, "") for column in PEOPLE[sheet])
    repeat = row.get("repeat", "")
    return row["subject_id"], visit_order(row.get("visit_code", "")), _natural(repeat), repeat


_VISIT_POSITION = {visit.code: position for position, visit in enumerate(VISITS)}


def visit_order(code: str) -> tuple[int, int]:
    """Where the instance of a visit stands in the protocol: UNS2 before UNS10; log forms, without one, first.

    Raises UnknownVisit.
    """
    if not code:
        return -1, 0
    number = re.search(r"\d*$", code)
    instance = int(number[0]) if number and number[0] else 0
    # A fourth day of lymphodepletion is no visit type of its own: it follows the planned ones.
    return _VISIT_POSITION.get(visit_type(code).code, _VISIT_POSITION["LD3"]), instance


def _natural(key: str) -> tuple[str, ...]:
    """Row 2 before row 10."""
    return tuple(part.zfill(12) if part.isdigit() else part for part in re.split(r"(\d+)", key))


# --- reading --------------------------------------------------------------------------------------
class UnreadableSheet(Exception):
    """The file is not what its name says. `line` is 0, and `column` empty, where none is at fault."""

    def __init__(self, file: Path, line: int, reason: str, column: str = "") -> None:
        super().__init__(file, line, reason, column)
        self.file, self.line, self.reason, self.column = file, line, reason, column

    def __str__(self) -> str:
        if not self.line:
            return f"{self.file.name}: {self.reason}"
        return _("%(file)s line %(line)s: %(reason)s") % {
            "file": self.file.name,
            "line": self.line,
            "reason": self.reason,
        }


def read_sheet(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a sheet with the line on which each begins; the name of the file says which sheet it is.

    A cell is as it was written; a column that the file leaves out is absent. Raises UnreadableSheet.
    """
    sheet = path.stem
    if sheet in PEOPLE:
        yield from read_table(path, allowed=PEOPLE[sheet], required=_PEOPLE_KEYS[sheet])
        return
    if not is_declared(sheet):
        raise UnreadableSheet(path, 0, _("%s is not a form of this version.") % sheet)
    allowed = (*columns(sheet, item_columns(sheet)), RECORDED)
    yield from read_table(path, allowed=allowed, required=ROW_KEYS, elsewhere=_elsewhere(sheet))


def _elsewhere(form: str) -> dict[str, str]:
    """Items of a form that have no column, with the reason."""
    reasons: dict[str, str] = {}
    for item in form_model(form).items():
        if item.declared.identity:
            reasons[item.name] = _("%s stands in IDENTITY.csv alone.") % item.name
        elif item.is_derived:
            reasons[item.name] = _("%s is derived and never read from a file.") % item.name
    return reasons


def read_table(
    path: Path,
    *,
    allowed: Collection[str],
    required: Collection[str],
    elsewhere: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with the line on which each begins. Empty lines are passed over.

    `elsewhere` gives the reason for refusing a column that one might expect. Raises UnreadableSheet.
    """
    try:
        with path.open("rb") as file:
            rows = _rows(path, file)
            line, names = next(rows, (1, []))
            if not names:
                raise UnreadableSheet(path, 1, _("The file is empty."))
            _check_columns(path, line, names, allowed, required, elsewhere or {})
            for line, cells in rows:
                if len(cells) != len(names):
                    count = {"cells": len(cells), "columns": len(names)}
                    raise UnreadableSheet(path, line, _("%(cells)s cells for %(columns)s columns.") % count)
                yield line, dict(zip(names, cells, strict=True))
    except OSError as problem:
        raise UnreadableSheet(path, 0, problem.strerror or str(problem)) from problem


def _check_columns(
    path: Path,
    line: int,
    names: list[str],
    allowed: Collection[str],
    required: Collection[str],
    elsewhere: Mapping[str, str],
) -> None:
    wrong = [(name, _("The column %s is missing.") % name) for name in required if name not in names]
    for name in dict.fromkeys(names):
        if name not in allowed:
            wrong.append((name, elsewhere.get(name) or _("There is no column “%s”.") % name))
        elif names.count(name) > 1:
            wrong.append((name, _("The column %s stands twice.") % name))
    if wrong:
        raise UnreadableSheet(path, line, " ".join(reason for _name, reason in wrong), wrong[0][0])


def _rows(path: Path, file: Iterator[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The records that are not empty, each with the line on which it begins."""
    reader = csv.reader(_lines(path, file), strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as problem:
        raise UnreadableSheet(path, begins, _("This is not CSV: %s.") % problem) from problem


def _lines(path: Path, file: Iterator[bytes]) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if b"\x00" in line:
            raise UnreadableSheet(path, number, _("The line holds a NUL byte."))
        try:
            yield (line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line).decode("utf-8")
        except UnicodeDecodeError as problem:
            raise UnreadableSheet(path, number, _("The line is not UTF-8.")) from problem
