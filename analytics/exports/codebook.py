"""The codebook of an export: what each column of each table is, and what each code means."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from analytics.exports.formats.sas_names import sas_names
from analytics.exports.tables import Column, Table
from trial.spreadsheets import cell

COLUMNS = (
    "table", "column", "sas_name", "label", "kind", "length", "unit", "key", "origin", "source", "derivation"
)  # fmt: skip
CODES = ("table", "column", "code", "label", "nci_code")


def write_codebook(tables: Mapping[str, Table], path: Path) -> int:
    """One line for each column of each table; how many lines."""
    return _write(path, COLUMNS, lines_of_columns(tables))


def lines_of_columns(tables: Mapping[str, Table]) -> Iterator[list[str]]:
    """What is said of each column of each table, in the order of COLUMNS."""
    return (line for table in tables.values() for line in _columns(table))


def write_codes(tables: Mapping[str, Table], path: Path) -> int:
    """One line for each code of each column; how many lines."""
    return _write(path, CODES, (line for table in tables.values() for line in _codes(table)))


def _columns(table: Table) -> Iterator[list[str]]:
    short = sas_names(column.name for column in table.columns)
    for column in table.columns:
        yield [
            table.key,
            column.name,
            short[column.name],
            str(column.label),
            column.kind,
            str(column.length or ""),
            column.unit,
            _key(column, table),
            column.origin,
            " ".join(column.source),
            str(column.derivation),
        ]


def _key(column: Column, table: Table) -> str:
    return str(table.keys.index(column.name) + 1) if column.name in table.keys else ""


def _codes(table: Table) -> Iterator[list[str]]:
    for column in table.columns:
        for code in column.codes.codes if column.codes else ():
            yield [table.key, column.name, code.code, str(code.label), code.nci]


def _write(path: Path, heading: Iterable[str], lines: Iterable[list[str]]) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file, lineterminator="\n")
        sheet.writerow(heading)
        for line in lines:
            sheet.writerow(map(cell, line))
            written += 1
    return written
