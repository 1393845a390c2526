"""How long a million values take to leave in each format, beside COPY of PostgreSQL and a list of DRF.

`python -m tests.services python -m benchmarks.exporting [ROWS]`: a table like that of laboratory results,
twenty columns, in parts as a cut hands them out; all sides measured in turn, the medians of five rounds.
Goals: CSV within 3 times COPY and 8 times as fast as DRF (B6); Dataset-JSON 8 times as fast as DRF,
ODM-XML 50 times as fast as odmlib (B7, `exporting_odm.py`).
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from analytics.exports.tables import Table

ROUNDS = 5
OF_A_PART = 5_000  # rows
WRITTEN = ("csv", "ndjson", "json", "xpt", "parquet")
TEXTS = ("HZ01-001", "C28", "NEUT", "10^9/L", "blood", "done", "NORMAL", "Hangzhou, central", "=", "")


def a_table(rows: int) -> "Table":
    """Ten columns of text, five of numbers, four of days and one of moments."""
    from analytics.exports.tables import Column, Kind, Origin, Table

    kinds = [Kind.TEXT] * 10 + [Kind.DECIMAL] * 4 + [Kind.INTEGER] + [Kind.DATE] * 4 + [Kind.DATETIME]
    columns = tuple(
        Column(name=f"C{number}", label=f"Column {number}", kind=kind, origin=Origin.COLLECTED, length=20)
        for number, kind in enumerate(kinds)
    )
    declared: Any = {"label": "Results", "structure": "a result", "keys": ("C0",), "columns": columns}
    shape = Table(name="LAB", subject="C0", parts=lambda: iter(()), **declared)
    frames = [_part(start, shape) for start in (0, OF_A_PART)]
    return replace(shape, parts=lambda: islice(cycle(frames), rows // OF_A_PART))


def _part(start: int, table: "Table") -> pl.DataFrame:
    first, moment = date(2024, 1, 1), datetime(2024, 1, 1, 8, tzinfo=UTC)
    rows = [
        (
            *TEXTS,
            *(number / 7, number * 0.01, 4.25, None),
            number,
            *(first + timedelta(days=number % 500 + shift) for shift in range(4)),
            moment + timedelta(minutes=number),
        )
        for number in range(start, start + OF_A_PART)
    ]
    return pl.DataFrame(rows, schema=table.schema, orient="row")


def copied(table: "Table") -> Callable[[], int]:
    """COPY of the same rows out of a table of the database, to nowhere."""
    from django.db import connection

    types = {pl.String: "text", pl.Float64: "double precision", pl.Int64: "bigint", pl.Date: "date"}
    columns = ", ".join(
        f"{name} {types.get(kind, 'timestamptz')}"  # type: ignore[arg-type]
        for name, kind in table.schema.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE benchmark_of_exports ({columns})")
        with cursor.copy("COPY benchmark_of_exports FROM STDIN") as copy:
            for frame in table.parts():
                for row in frame.iter_rows():
                    copy.write_row(row)

    def copy_out() -> int:
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY benchmark_of_exports TO STDOUT (FORMAT csv)") as out,
        ):
            return sum(len(bytes(chunk)) for chunk in out)

    return copy_out


def by_drf(table: "Table") -> Callable[[], int]:
    """What a list of the REST framework does with the rows as dictionaries."""
    from rest_framework import serializers
    from rest_framework.renderers import JSONRenderer

    fields: dict[Any, Any] = {
        pl.String: serializers.CharField,
        pl.Float64: serializers.FloatField,
        pl.Int64: serializers.IntegerField,
        pl.Date: serializers.DateField,
    }
    declared = {
        name: fields.get(kind, serializers.DateTimeField)(allow_null=True)
        for name, kind in table.schema.items()
    }
    shape: Any = type("Row", (serializers.Serializer,), declared)
    rows = [row for frame in table.parts() for row in frame.iter_rows(named=True)]
    return lambda: len(JSONRenderer().render(shape(rows, many=True).data))


def main(rows: int) -> None:
    from analytics.exports.about import About
    from analytics.exports.disclosure import Disclosure
    from analytics.exports.formats.registry import FORMATS

    table = a_table(rows)
    at = datetime(2025, 8, 5, tzinfo=UTC)
    about = About("BENCH", 1, at.date(), "0" * 64, "0" * 64, "0", at, Disclosure())
    with tempfile.TemporaryDirectory() as folder:
        sides: dict[str, Callable[[], int]] = {"COPY": copied(table), "DRF": by_drf(table)}
        for name in WRITTEN:
            path = Path(folder, f"table.{name}")
            sides[name] = lambda name=name, path=path: FORMATS[name].write(table, path, about)  # type: ignore[misc]
        spent: dict[str, list[float]] = {name: [] for name in sides}
        for _round in range(ROUNDS):
            for name, side in sides.items():
                started = time.perf_counter()
                side()
                spent[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    print(f"\n| {rows * 20:,} values | s | times COPY | times as fast as DRF |\n|---|---|---|---|")
    for name, median in medians.items():
        print(f"| {name} | {median:.2f} | {median / medians['COPY']:.1f} | {medians['DRF'] / median:.1f} |")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trial.settings")
    import django

    django.setup()
    from benchmarks import exporting_odm

    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
    exporting_odm.main()
