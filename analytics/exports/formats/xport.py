"""SAS transport files, version 5, as the authorities ask for: readable by SAS, R and any XPORT reader.

The format has room for names of 8, labels of 40 and texts of 200 bytes. Names are shortened (`sas_names`),
labels cut, and a longer text goes on in columns of its own with a number behind the name: nothing is lost.
Dates are numbers of days since 1960 with a format that says so. The time of writing in the header is the
library's own; the data are what is hashed.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyreadstat

from analytics.exports.about import About
from analytics.exports.formats.format import Format
from analytics.exports.formats.sas_names import LONGEST, sas_names
from analytics.exports.tables import Column, Kind, Table

MOST_BYTES, LONGEST_LABEL = 200, 40
FORMATS = {Kind.DATE: "DATE9.", Kind.DATETIME: "DATETIME20."}


def write(table: Table, path: Path, about: About) -> int:
    """Write the rows; how many there are."""
    frame, columns = _split(table.frame(), table.columns)
    names = sas_names(column.name for column in columns)
    pyreadstat.write_xport(
        _clock_times(frame, columns).rename(names),
        str(path),
        file_label=str(table.label)[:LONGEST_LABEL],
        column_labels=[within(str(column.label), LONGEST_LABEL)[0] for column in columns],
        table_name=sas_names([table.name])[table.name],
        file_format_version=5,
        variable_format={
            names[column.name]: FORMATS[column.kind] for column in columns if column.kind in FORMATS
        },
    )
    return frame.height


def within(text: str, most: int) -> list[str]:
    """The text in pieces of at most so many bytes of UTF-8, none of them cut within a character."""
    pieces, piece, size = [], "", 0
    for letter in text:
        needs = len(letter.encode())
        if size + needs > most:
            pieces.append(piece)
            piece, size = "", 0
        piece, size = piece + letter, size + needs
    return [*pieces, piece]


def _clock_times(frame: pl.DataFrame, columns: tuple[Column, ...]) -> pl.DataFrame:
    """Moments as the clock of the site showed them: the format knows no zone."""
    moments = [pl.col(one.name).dt.replace_time_zone(None) for one in columns if one.kind is Kind.DATETIME]
    return frame.with_columns(moments)


def _split(frame: pl.DataFrame, columns: tuple[Column, ...]) -> tuple[pl.DataFrame, tuple[Column, ...]]:
    """Long texts in several columns."""
    split = [(series, column) for one in columns for series, column in _pieces(frame[one.name], one)]
    return pl.DataFrame([series for series, _ in split]), tuple(column for _, column in split)


def _pieces(series: pl.Series, column: Column) -> Iterator[tuple[pl.Series, Column]]:
    longest = series.str.len_bytes().max() if series.dtype == pl.String else 0
    if not isinstance(longest, int) or longest <= MOST_BYTES:
        yield series, column
        return
    pieces = [within(text or "", MOST_BYTES) for text in series]
    for number in range(max(map(len, pieces))):
        name = f"{column.name[: LONGEST - 2]}{number}" if number else column.name
        values = [own[number] if number < len(own) else None for own in pieces]
        yield pl.Series(name, values, dtype=pl.String), _continued(column, name)


def _continued(column: Column, name: str) -> Column:
    return Column(name=name, label=column.label, kind=column.kind, origin=column.origin, length=MOST_BYTES)


XPT = Format("xpt", "application/x-sas-xport", write)
