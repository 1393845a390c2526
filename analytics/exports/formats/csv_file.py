"""CSV: UTF-8 with commas and line feeds, a heading of column names, part by part.

A text that a spreadsheet would take for a formula has an apostrophe before it, which `trial.spreadsheets`
takes away again; numbers and dates are no texts. Where a spreadsheet is to open the file, a byte order mark
tells it the encoding.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import polars as pl

from analytics.exports.about import About
from analytics.exports.formats.format import Format
from analytics.exports.tables import Kind, Table
from trial.spreadsheets import AS_FORMULA

MOMENT = "%Y-%m-%dT%H:%M:%S%:z"


def write(table: Table, path: Path, about: About) -> int:
    """Write the rows; how many there are."""
    with path.open("wb") as file:
        return _write(table, file)


def write_for_spreadsheets(table: Table, path: Path, about: About) -> int:
    """The same with a byte order mark."""
    with path.open("wb") as file:
        file.write(b"\xef\xbb\xbf")
        return _write(table, file)


def _write(table: Table, file: IO[bytes]) -> int:
    file.write((",".join(one.name for one in table.columns) + "\n").encode())
    rows = 0
    for frame in _in_text(table):
        frame.write_csv(file, include_header=False, datetime_format=MOMENT, float_precision=None)
        rows += frame.height
    return rows


def _in_text(table: Table) -> Iterator[pl.DataFrame]:
    cells = [_as_cell(one.name) for one in table.columns if one.kind is Kind.TEXT]
    for frame in table.parts():
        yield frame.with_columns(cells)


def _as_cell(name: str) -> pl.Expr:
    text = pl.col(name)
    return pl.when(text.str.contains(AS_FORMULA)).then(pl.lit("'") + text).otherwise(text).alias(name)


CSV = Format("csv", "text/csv; charset=utf-8", write)
CSV_FOR_SPREADSHEETS = Format("excel.csv", "text/csv; charset=utf-8", write_for_spreadsheets)
