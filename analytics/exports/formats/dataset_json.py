"""Dataset-JSON 1.1 of CDISC, whole (.json) and by lines (.ndjson), part by part.

The attributes stand in the order of the specification. Dates are ISO texts; a number that was entered with
places behind the point is a double. The schema of the standard does not see a wrong number of records, a
short row, a text among numbers or a column named twice: the tests look for these.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from analytics.exports.about import About
from analytics.exports.formats.format import Format
from analytics.exports.tables import Column, Kind, Table

VERSION = "1.1.0"
_END = "\n}"
DATA_TYPES = {
    Kind.TEXT: "string",
    Kind.PARTIAL_DATE: "string",
    Kind.BOOLEAN: "string",
    Kind.INTEGER: "integer",
    Kind.DECIMAL: "double",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.TIME: "time",
}


def attributes(table: Table, about: About, records: int) -> dict[str, Any]:
    """All that a file says beside its rows."""
    at = about.at.isoformat(timespec="seconds")
    return {
        "datasetJSONCreationDateTime": at,
        "datasetJSONVersion": VERSION,
        "fileOID": f"{about.oid}.{table.key}",
        "dbLastModifiedDateTime": at,
        "originator": "Chimera",
        "sourceSystem": {"name": "Chimera", "version": about.version},
        "studyOID": about.study,
        "metaDataVersionOID": about.metadata,
        "itemGroupOID": table.oid,
        "records": records,
        "name": table.name,
        "label": str(table.label),
        "columns": [_column(column, table) for column in table.columns],
    }


def _column(column: Column, table: Table) -> dict[str, Any]:
    said: dict[str, Any] = {
        "itemOID": f"IT.{table.name}.{column.name}",
        "name": column.name,
        "label": str(column.label),
        "dataType": DATA_TYPES[column.kind],
    }
    if column.length and said["dataType"] == "string":
        said["length"] = column.length
    if column.name in table.keys:
        said["keySequence"] = table.keys.index(column.name) + 1
    return said


def rows(table: Table) -> Iterator[bytes]:
    """Each row as a JSON array."""
    for frame in table.parts():
        yield from map(orjson.dumps, _in_iso(frame, table).rows())


def _in_iso(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    days = [pl.col(one.name).dt.to_string("%F") for one in table.columns if one.kind is Kind.DATE]
    moments = [
        pl.col(one.name).dt.to_string("%FT%T%:z") for one in table.columns if one.kind is Kind.DATETIME
    ]
    return frame.with_columns(*days, *moments)


def write_whole(table: Table, path: Path, about: About) -> int:
    """One JSON object with all rows; how many there are."""
    records = _count(table)
    head = json.dumps(attributes(table, about, records), ensure_ascii=False, indent=1)
    with path.open("wb") as file:
        file.write(f'{head.removesuffix(_END)},\n "rows": ['.encode())
        between = b"\n  "
        for row in rows(table):
            file.write(between + row)
            between = b",\n  "
        file.write(b"\n ]\n}\n")
    return records


def write_lines(table: Table, path: Path, about: About) -> int:
    """The attributes on the first line, then each row on a line; how many rows there are."""
    records = _count(table)
    with path.open("wb") as file:
        file.write(json.dumps(attributes(table, about, records), ensure_ascii=False).encode() + b"\n")
        file.writelines(row + b"\n" for row in rows(table))
    return records


def _count(table: Table) -> int:
    return sum(frame.height for frame in table.parts())


JSON = Format("json", "application/json", write_whole)
NDJSON = Format("ndjson", "application/x-ndjson", write_lines)
