"""SPSS and Stata files, with the labels of columns and of codes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat

from analytics.exports.about import About
from analytics.exports.formats.format import Format
from analytics.exports.tables import Column, Kind, Table

Writer = Callable[..., Any]
LONGEST_LABEL = 80  # characters in a file of Stata; of SPSS more would fit


def write(writer: Writer, options: dict[str, Any], table: Table, path: Path, about: About) -> int:
    """Write the rows with one of the library's writers; how many there are."""
    frame = table.frame()
    moments = [
        pl.col(one.name).dt.replace_time_zone(None) for one in table.columns if one.kind is Kind.DATETIME
    ]
    writer(
        frame.with_columns(moments),
        str(path),
        file_label=str(table.label)[:60],
        column_labels=[str(column.label)[:LONGEST_LABEL] for column in table.columns],
        **options,
    )
    return frame.height


def _write_spss(table: Table, path: Path, about: About) -> int:
    texts = {column.name: column.labels for column in table.columns if column.codes and _is_text(column)}
    return write(pyreadstat.write_sav, {"variable_value_labels": texts, "compress": True}, table, path, about)


def _is_text(column: Column) -> bool:
    return column.kind in (Kind.TEXT, Kind.BOOLEAN)


SAV = Format("sav", "application/x-spss-sav", _write_spss)
DTA = Format("dta", "application/x-stata-dta", partial(write, pyreadstat.write_dta, {"version": 15}))
