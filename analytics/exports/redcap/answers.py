"""Rows as REDCap sends them: JSON, or CSV in which no cell becomes a formula (CP-04); and errors."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import polars as pl

from trial.spreadsheets import cell

MEDIA_TYPES = {
    "json": "application/json; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
    "text": "text/html; charset=utf-8",
}
Value = str | int | dict[str, int]
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent, and how many rows are in it."""

    body: bytes
    media_type: str
    rows: int


def of_frame(frame: pl.DataFrame, format_: str, heading: Sequence[str]) -> Answer:
    """The records; `heading` names the columns of a CSV, whose cells are cells already."""
    if format_ == "json":
        return Answer(frame.write_json().encode(), MEDIA_TYPES["json"], frame.height)
    file = io.BytesIO()
    file.write(_lines([heading]))
    bare = frame.with_columns(pl.col(pl.String).replace("", None))  # an empty text would have quotes
    bare.write_csv(file, include_header=False)
    return Answer(file.getvalue(), MEDIA_TYPES["csv"], frame.height)


def of_rows(rows: Sequence[Row], format_: str) -> Answer:
    """Rows that describe the project."""
    if format_ == "json":
        return Answer(json.dumps(rows, ensure_ascii=False).encode(), MEDIA_TYPES["json"], len(rows))
    heading = list(rows[0]) if rows else []
    lines = [heading, *([cell(_text(value)) for value in row.values()] for row in rows)]
    return Answer(_lines(lines), MEDIA_TYPES["csv"], len(rows))


def of_one(row: Row, format_: str) -> Answer:
    """A row of which there is one: an object in JSON, a line in CSV."""
    made = of_rows([row], format_)
    return made if format_ == "csv" else Answer(json.dumps(row).encode(), made.media_type, 1)


def of_text(text: str) -> Answer:
    return Answer(text.encode(), MEDIA_TYPES["text"], 1)


def of_error(words: str, format_: str) -> Answer:
    """An error as the clients of REDCap know one."""
    bodies = {
        "json": json.dumps({"error": words}),
        "csv": f"ERROR: {words}",
        "xml": f'<?xml version="1.0" encoding="UTF-8" ?><hash><error>{escape(words)}</error></hash>',
    }
    return Answer(bodies[format_].encode(), MEDIA_TYPES[format_], 0)


def _text(value: Value) -> str:
    """In a CSV a mapping is written `a:1,b:1`."""
    return ",".join(f"{key}:{each}" for key, each in value.items()) if isinstance(value, dict) else str(value)


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()
