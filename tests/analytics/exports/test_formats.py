"""Each format, read back by a reader that we did not write, holds what the table holds."""

import csv
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyreadstat
import pytest
from jsonschema import Draft202012Validator
from odmlib.dataset_json_1_1.model import DatasetJSON

from analytics.exports.about import About
from analytics.exports.formats.registry import FORMATS
from analytics.exports.formats.sas_names import sas_names
from analytics.exports.formats.xport import MOST_BYTES
from analytics.exports.tables import Kind, Table
from patients.items.codelists import NY
from trial.spreadsheets import text_of

pytestmark = pytest.mark.xdist_group("exports")
SCHEMAS = Path(__file__).parent / "schemas"
READ_BACK = ("ADSL", "ADTTE", "ADAE", "ADLB", "AE", "RESP", "DONOR", "INF", "SDTM.AE", "SDTM.DM", "SDTM.RS")
SAS_EPOCH = date(1960, 1, 1)
LEAST_IN_SAS = 1e-77
Rows = list[tuple[Any, ...]]


def rows_of(table: Table) -> Rows:
    """The rows as plain values: moments as the clock of the site shows them, none as None."""
    moments = [
        pl.col(one.name).dt.replace_time_zone(None) for one in table.columns if one.kind is Kind.DATETIME
    ]
    return table.frame().with_columns(moments).rows()


def plain(value: Any) -> Any:
    """A value of pandas as a plain one: no value, an empty text and not-a-number are one."""
    if value is None or value == "" or (isinstance(value, float) and pd.isna(value)) or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value


def as_kinds(table: Table, rows: Rows) -> Rows:
    """What a reader made of texts and numbers, in the kinds of the table."""
    kinds = [one.kind for one in table.columns]
    return [tuple(_kind(kind, plain(value)) for kind, value in zip(kinds, row, strict=True)) for row in rows]


def _kind(kind: Kind, value: Any) -> Any:
    if value is None:
        return None
    if kind is Kind.DATE:
        return value if type(value) is date else date.fromisoformat(str(value)[:10])
    if kind is Kind.DATETIME:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    if kind is Kind.INTEGER:
        return int(float(value))
    return float(value) if kind is Kind.DECIMAL else str(value)


def without_empty_texts(rows: Rows) -> Rows:
    """An empty text is none: most formats know no difference."""
    return [tuple(None if value == "" else value for value in row) for row in rows]


# --- readers ------------------------------------------------------------------------------------------------
def read_csv(path: Path, table: Table) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == [one.name for one in table.columns]
    return [tuple(map(text_of, row)) for row in rows]


def read_xport(path: Path, table: Table) -> Rows:
    """By pandas, whose reader shares no code with the writer."""
    frame = pd.read_sas(path, format="xport", encoding="utf-8")
    names = sas_names(one.name for one in table.columns)
    found = []
    for one in table.columns:
        column = list(frame[names[one.name]])
        if one.kind is Kind.TEXT:
            parts = [name for name in frame.columns if _continues(name, one.name)]
            column = [
                "".join(str(plain(text) or "") for text in own)
                for own in zip(column, *(frame[p] for p in parts), strict=True)
            ]
        found.append([_from_sas(one.kind, plain(value)) for value in column])
    return list(zip(*found, strict=True))


def _continues(name: str, of: str) -> bool:
    return name[:-1] == of.upper()[:6] and name[-1:].isdigit() and name != of.upper()


def _from_sas(kind: Kind, value: Any) -> Any:
    if isinstance(value, float) and abs(value) < LEAST_IN_SAS:
        value = 0.0  # the reader makes this of the zero of the format
    if value is None or kind not in (Kind.DATE, Kind.DATETIME):
        return value
    seconds = value * 86400 if kind is Kind.DATE else value
    at = pd.Timestamp(SAS_EPOCH) + pd.Timedelta(seconds=round(seconds))
    return at.date() if kind is Kind.DATE else at.to_pydatetime()


def read_spss(path: Path, table: Table) -> Rows:
    frame, about_it = pyreadstat.read_sav(str(path))
    assert about_it.column_labels == [str(one.label)[:80] for one in table.columns]
    return list(frame.itertuples(index=False, name=None))


def read_stata(path: Path, table: Table) -> Rows:
    return list(pd.read_stata(path, convert_categoricals=False).itertuples(index=False, name=None))


def read_parquet(path: Path, table: Table) -> Rows:
    moments = [
        pl.col(one.name).dt.replace_time_zone(None) for one in table.columns if one.kind is Kind.DATETIME
    ]
    return pl.read_parquet(path).with_columns(moments).rows()


def read_json(path: Path, table: Table) -> Rows:
    """By the reader of odmlib; by the schema of the standard first."""
    content = json.loads(path.read_text())
    schema = json.loads((SCHEMAS / "dataset.schema.json").read_text())
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(content)
    return judged(content, DatasetJSON.read_json(str(path)).rows, table)


def read_ndjson(path: Path, table: Table) -> Rows:
    content = json.loads(path.read_text().partition("\n")[0])
    schema = json.loads((SCHEMAS / "dataset-ndjson-schema.json").read_text())
    Draft202012Validator(schema).validate(content)
    return judged(content, DatasetJSON.read_ndjson(str(path)).rows, table)


def judged(said: dict[str, Any], rows: list[list[Any]], table: Table) -> Rows:
    """What the schema of the standard does not see."""
    names = [column["name"] for column in said["columns"]]
    assert names == [one.name for one in table.columns]
    assert len(set(names)) == len(names)
    assert said["records"] == len(rows)
    assert {len(row) for row in rows} <= {len(names)}
    for column, values in zip(said["columns"], zip(*rows, strict=True), strict=bool(rows)):
        kinds = {type(value) for value in values} - {type(None)}
        allowed = {"integer": {int}, "double": {float, int}}.get(column["dataType"], {str})
        assert kinds <= allowed, column
        assert all(len(value) <= column.get("length", 10**9) for value in values if isinstance(value, str)), (
            column
        )
    keys = [
        one["name"]
        for one in sorted(said["columns"], key=lambda one: one.get("keySequence", 0))
        if "keySequence" in one
    ]
    assert tuple(keys) == table.keys
    return [tuple(row) for row in rows]


READERS: dict[str, Callable[[Path, Table], Rows]] = {
    "csv": read_csv,
    "excel.csv": read_csv,
    "xpt": read_xport,
    "sav": read_spss,
    "dta": read_stata,
    "parquet": read_parquet,
    "json": read_json,
    "ndjson": read_ndjson,
}


def test_every_format_has_a_reader() -> None:
    assert READERS.keys() == FORMATS.keys()


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_is_written_is_read_back(
    suffix: str, tables: dict[str, Table], told: About, tmp_path: Path
) -> None:
    for name in READ_BACK:
        table = tables[name]
        path = tmp_path / f"{name}.{suffix}"
        written = FORMATS[suffix].write(table, path, told)
        found = as_kinds(table, READERS[suffix](path, table))
        assert written == len(found) > 0
        assert found == without_empty_texts(rows_of(table)), name


@pytest.mark.requirement("CP-04")
@pytest.mark.parametrize("suffix", FORMATS)
def test_any_text_survives(suffix: str, hostile: Table, told: About, tmp_path: Path) -> None:
    path = tmp_path / f"TERMS.{suffix}"
    FORMATS[suffix].write(hostile, path, told)
    assert as_kinds(hostile, READERS[suffix](path, hostile)) == rows_of(hostile)


def test_no_cell_of_a_csv_is_a_formula(hostile: Table, told: About, tmp_path: Path) -> None:
    path = tmp_path / "TERMS.csv"
    FORMATS["csv"].write(hostile, path, told)
    with path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any(cell.startswith("'=") for cell in cells)
    assert not [cell for cell in cells if cell[:1] in tuple("=+@＝")]


def test_no_text_of_a_transport_file_has_more_than_200_bytes(
    hostile: Table, told: About, tmp_path: Path
) -> None:
    path = tmp_path / "TERMS.xpt"
    FORMATS["xpt"].write(hostile, path, told)
    frame = pd.read_sas(path, format="xport", encoding="utf-8")
    texts = [text for name in frame.columns for text in frame[name] if isinstance(text, str)]
    assert max(len(text.encode()) for text in texts) <= MOST_BYTES
    assert all(len(name) <= 8 for name in frame.columns)


@pytest.mark.parametrize("suffix", ["csv", "json", "ndjson", "parquet"])
def test_the_same_cut_gives_the_same_bytes(
    suffix: str, tables: dict[str, Table], told: About, tmp_path: Path
) -> None:
    for path in (tmp_path / "one", tmp_path / "two"):
        FORMATS[suffix].write(tables["ADAE"], path, told)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_short_names_are_each_once_and_stay() -> None:
    names = [
        "SUBJID",
        "bm_cellularity",
        "bm_cellularities",
        "resp_protocol",
        "resp_protocols",
        "a" * 20,
        "A" * 21,
    ]
    short = sas_names(names)
    assert list(short.values()) == [
        "SUBJID", "BMCLLLRT", "BMCLLLR2", "RSPPRTCL", "RSPPRTC2", "A", "A2",
    ]  # fmt: skip


def test_every_table_fits_a_transport_file(tables: dict[str, Table], told: About, tmp_path: Path) -> None:
    for table in tables.values():
        FORMATS["xpt"].write(table, tmp_path / f"{table.name}.xpt", told)
        names = list(sas_names(one.name for one in table.columns).values())
        assert len(set(names)) == len(names)
        assert all(len(name) <= 8 and name.isidentifier() for name in names), names


def test_every_column_says_what_it_is(tables: dict[str, Table]) -> None:
    for table in tables.values():
        frame = table.frame()
        assert not frame.select(table.keys).is_duplicated().any(), table.name
        for column in table.columns:
            values = frame[column.name].drop_nulls()
            if column.kind is Kind.TEXT and len(values):
                longest = int(values.str.len_chars().max())  # type: ignore[arg-type]
                assert longest <= column.length, (table.name, column.name, longest)
            if column.codes is NY:
                assert set(values) <= {"Y", "N"}
