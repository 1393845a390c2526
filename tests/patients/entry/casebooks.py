"""Small casebook directories: the first patients of the demo, as they are or with something planted."""

import csv
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from patients.builder.build import casebook_of
from patients.builder.timelines import read_timelines
from patients.entry.deliveries import CasebookFolder
from patients.entry.importing import CasebookImport, Outcome, Report
from trial.people.access import SystemPerson

Sheets = dict[str, list[dict[str, str]]]
BY = SystemPerson("import", on_behalf_of="the tests")


@cache
def _built(first: int, last: int) -> Mapping[str, Sequence[Mapping[str, str]]]:
    with as_file(files("patients.builder") / "demo" / "timelines.csv") as path:
        return casebook_of(read_timelines(path)[first:last])


SHORT = 16
"""The patient of the demo with the shortest story that has a graft, a contact and a death."""
RELAPSED = 15
"""The one with the shortest story in which a relapse comes before the death."""


def sheets(count: int = 1, *, first: int = SHORT, ended: bool = False) -> Sheets:
    """The sheets of that patient, or of another, and of those after it. The end of study, which waits for all
    that is due and open (X-EOS-01), is in them only if asked for."""
    built = _built(first, first + count)
    left_out = () if ended else ("EOS",)
    return {name: [dict(row) for row in rows if name not in left_out] for name, rows in built.items()}


def row(found: Sheets, form: str, **cells: str) -> dict[str, str]:
    """The first row of a sheet with these cells, to be changed in place."""
    return next(one for one in found[form] if all(one[name] == text for name, text in cells.items()))


def write(folder: Path, found: Sheets, *, end: str = "\n", mark: str = "") -> Path:
    """Write the sheets with whatever columns their rows have, the way a spreadsheet would."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in found.items():
        columns = list(dict.fromkeys(column for one in rows for column in one))
        if not columns:
            continue
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            file.write(mark)
            writer = csv.DictWriter(file, columns, restval="", lineterminator=end)
            writer.writeheader()
            writer.writerows(rows)
    return folder


def line_of(folder: Path, form: str, **cells: str) -> int:
    """The line of the first row of a sheet with these cells."""
    with (folder / f"{form}.csv").open(encoding="utf-8-sig", newline="") as file:
        for line, one in enumerate(csv.DictReader(file), 2):
            if all(one[name] == text for name, text in cells.items()):
                return line
    raise LookupError(cells)


def imported(folder: Path, reason: str = "") -> Report:
    return CasebookImport(CasebookFolder(folder), BY, reason=reason).run()


def planted(folder: Path, change: Callable[[Sheets], object], count: int = 1, *, ended: bool = False) -> Path:
    """A casebook with something changed in it."""
    found = sheets(count, ended=ended)
    change(found)
    return write(folder, found)


PEOPLE = ("SUBJECTS", "MEMBERS", "IDENTITY")


def pages_in(found: Sheets) -> int:
    """How many pages the sheets of forms are about."""
    return sum(len(_places(rows)) for name, rows in found.items() if name not in PEOPLE)


def rows_in(found: Sheets) -> int:
    """How many rows the sheets of forms hold."""
    return sum(len(rows) for name, rows in found.items() if name not in PEOPLE)


def first_half(found: Sheets) -> Sheets:
    """The first half of the pages of each form, each with all its rows."""
    kept = {name: _places(rows) for name, rows in found.items() if name not in PEOPLE}
    return {
        name: [one for one in rows if name in PEOPLE or _place(one) in kept[name][: len(kept[name]) // 2]]
        for name, rows in found.items()
    }


def _places(rows: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Subject and visit of each page, in the order of the rows."""
    return list(dict.fromkeys(_place(one) for one in rows))


def _place(row: Mapping[str, str]) -> tuple[str, str]:
    return row["subject_id"], row["visit_code"]


def counts(report: Report) -> dict[str, int]:
    return {outcome.value: report.pages[outcome] for outcome in Outcome if report.pages[outcome]}


def refusals(report: Report) -> list[tuple[str, int, str, str]]:
    """File, line, item and value of each remark that kept something out."""
    return [(one.file, one.line, one.item, one.value) for one in report.remarks if one.refuses]


def wrong_type(found: Sheets) -> None:
    """An answer that cannot be read."""
    row(found, "DX")["relapse_n"] = "three"
