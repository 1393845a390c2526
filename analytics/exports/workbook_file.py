"""The tables of a standard as one workbook (XLSX): a sheet for each, and what their columns mean.

Rows are written as they are read, so a large cut needs no more memory than a small one. A text is written as
a text whatever it begins with, so no cell becomes a formula and none needs a mark (CP-04). A sheet has room
for 1,048,576 rows: what has more is refused and not cut.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter
from django.utils.translation import gettext as _

from analytics.exports.about import About
from analytics.exports.codebook import COLUMNS, lines_of_columns
from analytics.exports.tables import Kind, Table

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576
CODEBOOK = "codebook"
_LONGEST_NAME = 31
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FORMATS = {Kind.DATE: "yyyy-mm-dd", Kind.DATETIME: "yyyy-mm-dd hh:mm:ss"}


class TooManyRows(ValueError):
    """A table has more rows than a sheet has room for."""


def write(tables: Mapping[str, Table], path: Path, about: About) -> int:
    """Write the sheets; how many rows of tables there are. Raises TooManyRows."""
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, **_AS_TEXT})
    try:
        book.set_properties(
            {"title": f"{about.study} {about.cutoff}", "created": about.at.replace(tzinfo=None)}
        )
        formats = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        rows = sum(_sheet(book, table, formats) for table in tables.values())
        _add(book, CODEBOOK, COLUMNS, lines_of_columns(tables), [None] * len(COLUMNS))
        return rows
    finally:
        book.close()


def _sheet(book: Any, table: Table, formats: Mapping[Kind, Any]) -> int:
    names = [column.name for column in table.columns]
    styles = [formats.get(column.kind) for column in table.columns]
    return _add(book, table.key[:_LONGEST_NAME], names, _rows(table), styles)


def _rows(table: Table) -> Iterator[tuple[Any, ...]]:
    """Moments as the clock of the site shows them: a sheet knows no zone."""
    moments = [
        pl.col(one.name).dt.replace_time_zone(None) for one in table.columns if one.kind is Kind.DATETIME
    ]
    for frame in table.parts():
        yield from frame.with_columns(moments).iter_rows()


def _add(
    book: Any, name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]], styles: Sequence[Any]
) -> int:
    """A sheet with these rows; how many there are."""
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, heading, book.add_format({"bold": True}))
    number = 0
    for number, row in enumerate(rows, 1):
        if number >= MOST_ROWS:
            raise TooManyRows(_("%(table)s has more rows than a sheet has room for.") % {"table": name})
        _write(sheet, number, row, styles)
    return number


def _write(sheet: Any, number: int, row: Sequence[Any], styles: Sequence[Any]) -> None:
    for column, (value, style) in enumerate(zip(row, styles, strict=True)):
        if isinstance(value, str):
            sheet.write_string(number, column, value)
        elif value is not None:
            sheet.write(number, column, value, style)
