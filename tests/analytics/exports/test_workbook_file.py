"""A workbook of tables, read back by openpyxl, holds what the tables hold."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from analytics.exports import workbook_file
from analytics.exports.about import About
from analytics.exports.codebook import COLUMNS
from analytics.exports.tables import Kind, Table
from analytics.exports.workbook_file import TooManyRows, write
from tests.analytics.exports.test_formats import rows_of, without_empty_texts

pytestmark = pytest.mark.xdist_group("exports")


def sheets(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(path, read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def as_kinds(table: Table, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    kinds = [column.kind for column in table.columns]
    return [tuple(_kind(kind, value) for kind, value in zip(kinds, row, strict=True)) for row in rows]


def _kind(kind: Kind, value: Any) -> Any:
    return value.date() if kind is Kind.DATE and isinstance(value, datetime) else value


def test_each_table_is_a_sheet_and_the_codebook_one_more(
    tables: dict[str, Table], told: About, tmp_path: Path
) -> None:
    chosen = {name: tables[name] for name in ("ADSL", "INF", "SDTM.AE")}
    written = write(chosen, tmp_path / "some.xlsx", told)
    found = sheets(tmp_path / "some.xlsx")
    assert list(found) == [*chosen, "codebook"]
    assert found["codebook"][0] == COLUMNS
    assert len(found["codebook"]) == 1 + sum(len(table.columns) for table in chosen.values())
    for name, table in chosen.items():
        heading, *rows = found[name]
        assert heading == tuple(column.name for column in table.columns)
        assert without_empty_texts(as_kinds(table, rows)) == without_empty_texts(rows_of(table))
    assert written == sum(table.frame().height for table in chosen.values())
    assert isinstance(as_kinds(tables["INF"], found["INF"][1:])[0][4], date)


@pytest.mark.requirement("CP-04")
def test_no_text_becomes_a_formula_or_is_changed(hostile: Table, told: About, tmp_path: Path) -> None:
    write({"TERMS": hostile}, tmp_path / "one.xlsx", told)
    book = openpyxl.load_workbook(tmp_path / "one.xlsx")
    assert [row[1] for row in sheets(tmp_path / "one.xlsx")["TERMS"][1:]] == [
        one[1] for one in rows_of(hostile)
    ]
    assert {cell.data_type for row in book["TERMS"] for cell in row} <= {"s", "n"}


def test_the_same_cut_gives_the_same_workbook(hostile: Table, told: About, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write({"TERMS": hostile}, tmp_path / name, told)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_table_that_has_no_room_in_a_sheet_is_refused_and_not_cut(
    hostile: Table, told: About, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_file, "MOST_ROWS", 11)
    with pytest.raises(TooManyRows, match="TERMS has more rows than a sheet"):
        write({"TERMS": hostile}, tmp_path / "one.xlsx", told)
    monkeypatch.setattr(workbook_file, "MOST_ROWS", 12)
    assert write({"TERMS": hostile}, tmp_path / "one.xlsx", told) == 11
