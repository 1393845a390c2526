"""A block of a spreadsheet as lines of results: which cell is the test, the value, the unit.

Cells are parted by tabs, semicolons or commas, whichever the block has first in this order. A heading row
names the columns in any order; without one they are those of `COLUMNS`. A block whose heading names tests has
a sample in each row, and gives a line for each of its results.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from patients.forms.laboratory_names import catalogue_tests
from patients.laboratories.reported import is_number, read_range

COLUMNS = ("test", "value", "unit", "lower", "upper", "moment", "laboratory")
RANGE = "range"
HEADINGS: dict[str, str] = {
    "test": "test, test name, item, analyte, parameter, name, lab_test,"
    " 项目, 检验项目, 项目名称, 检测项目, 名称, 指标",
    "value": "value, result, results, lab_value, 结果, 检验结果, 检测结果, 数值, 测定值",
    "unit": "unit, units, lab_unit, 单位",
    "lower": "lower, lower limit, low, lln, lab_lln, 下限, 参考下限",
    "upper": "upper, upper limit, high, uln, lab_uln, 上限, 参考上限",
    RANGE: "range, reference, reference range, normal range, ref, 参考范围, 参考区间, 参考值, 正常范围",
    "moment": "moment, date, time, sample time, sample date, sample date/time, collected, collection time,"
    " lab_dt, 采样时间, 采集时间, 标本时间, 采样日期, 时间, 日期",
    "laboratory": "laboratory, lab, lab_name, 实验室, 检验科",
}
MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One result as it stands in the block: the number and the text of its line, its cells by column."""

    number: int
    text: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of a block, and the heading that its lines need to be read again by themselves."""

    heading: str
    lines: list[Line]


def read_block(text: str) -> Block:
    """The results of a block, whatever they are worth."""
    separator = separator_of(text)
    rows = [
        (number, line, cells_of(line, separator))
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip()
    ]
    if not rows:
        return Block("", [])
    heading = columns_named(rows[0][2])
    if {"test", "value"} <= set(heading):
        lines = [Line(number, line, _named(heading, cells)) for number, line, cells in rows[1:]]
        return Block(rows[0][1], lines)
    if _names_tests(rows[0][2]):
        return Block("", list(_turned(rows)))
    return Block("", [Line(number, line, _in_order(cells)) for number, line, cells in rows])


def separator_of(text: str) -> str:
    return next((sign for sign in "\t;；,，" if sign in text), "\t")


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of a line; one that is quoted may hold the separator."""
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def columns_named(cells: Sequence[str]) -> list[str]:
    """The column that each heading names; empty for one that says nothing to us."""
    return [_BY_HEADING.get(_heading(cell), "") for cell in cells]


def _heading(cell: str) -> str:
    return re.sub(r"[\s_]+", " ", unicodedata.normalize("NFKC", cell)).strip(" :\ufeff").casefold()


_BY_HEADING = {_heading(name): column for column, names in HEADINGS.items() for name in names.split(",")}


def _named(heading: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    found = {column: cell for column, cell in zip(heading, cells, strict=False) if column}
    return with_limits(found)


def _in_order(cells: Sequence[str]) -> dict[str, str]:
    """By place; a range in one cell stands for both limits."""
    if len(cells) > 3 and read_range(cells[3]):
        return with_limits(dict(zip((*COLUMNS[:3], RANGE, *COLUMNS[5:]), cells, strict=False)))
    return dict(zip(COLUMNS, cells, strict=False))


def with_limits(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells with a range that stands in one of them as two limits."""
    found = {column: cell for column, cell in cells.items() if column != RANGE}
    limits = read_range(cells.get(RANGE, ""))
    if limits is not None:
        for column, limit in zip(("lower", "upper"), limits, strict=True):
            found.setdefault(column, limit)
    return found


def _names_tests(cells: Sequence[str]) -> bool:
    return sum(bool(catalogue_tests(cell)) for cell in cells) >= 2 and not any(map(is_number, cells))


def _turned(rows: Sequence[tuple[int, str, list[str]]]) -> Iterator[Line]:
    """A line for each result of a block with the tests as columns; a row of units may follow the heading."""
    heading, units = rows[0][2], [""] * len(rows[0][2])
    named = columns_named(heading)
    for number, _line, cells in rows[1:]:
        if not any(map(is_number, cells)) and any("/" in cell or cell == "%" for cell in cells):
            units = cells
            continue
        of_row = {
            column: cell
            for column, cell in zip(named, cells, strict=False)
            if column in ("moment", "laboratory")
        }
        for place, (name, cell) in enumerate(zip(heading, cells, strict=False)):
            if cell and not named[place]:
                unit = units[place] if place < len(units) else ""
                found = {"test": name, "value": cell, "unit": unit, **of_row}
                yield Line(number, "\t".join(found.get(column, "") for column in COLUMNS), found)
