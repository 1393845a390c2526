"""Blocks of results as laboratories and spreadsheets write them, read into lines, values and tests."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.entry.lab_rows import Unclear, result_of
from patients.forms.laboratory_catalogue import BY_CODE, TESTS
from patients.forms.laboratory_names import NAMES, UNITS, catalogue_tests, unit_called
from patients.items.problems import NotAnAnswer
from patients.laboratories.blocks import COLUMNS, read_block
from patients.laboratories.reported import read_limit, read_moment, read_range, read_result

pytestmark = pytest.mark.requirement("DI-07")


@pytest.mark.parametrize(
    ("written", "value", "comparator", "status"),
    [
        ("5.2", "5.2", "=", "done"),
        ("<0.5", "0.5", "<", "done"),
        ("＜０．５", "0.5", "<", "done"),
        ("≤ 3", "3", "<=", "done"),
        (">1,000", "1000", ">", "done"),
        ("1,234", "1234", "=", "done"),
        ("1,234.5", "1234.5", "=", "done"),
        ("12,5", "12.5", "=", "done"),
        ("0,125", "0.125", "=", "done"),
        ("１２", "12", "=", "done"),
        ("5.2↑", "5.2", "=", "done"),
        ("3.1 L", "3.1", "=", "done"),
        ("1.25E+04", "12500", "=", "done"),
        ("1.2×10⁴", "12000", "=", "done"),
        ("未做", "", "=", "not_done"),
        ("溶血", "", "=", "haemolysed_clotted"),
    ],
)
def test_a_result_is_read_as_it_is_written(written: str, value: str, comparator: str, status: str) -> None:
    found = read_result(written)
    assert (found.value, found.comparator, found.status) == (value, comparator, status)


@pytest.mark.parametrize(
    "written", ["", "-", "阴性", "positive", "5.2.1", "1,23,4", "1.23456", "5 to 6", "½"]
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(NotAnAnswer):
        read_result(written)


@given(st.decimals(min_value=0, max_value=10**9, places=4), st.sampled_from(["", "<", ">", "<=", ">="]))
def test_what_is_written_out_is_read_back(value: Decimal, sign: str) -> None:
    """With and without groups of three, in either width of the digits."""
    wide = str.maketrans("0123456789.<>=,", "０１２３４５６７８９．＜＞＝，")
    for written in (f"{sign}{value:f}", f"{sign}{value:,f}", f"{sign}{value:,f}".translate(wide)):
        found = read_result(written)
        assert (Decimal(found.value), found.comparator) == (value, sign or "=")


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2025-08-05 07:30", "2025-08-05 07:30"),
        ("2025/8/5 7:30", "2025-08-05 07:30"),
        ("2025年8月5日 7时30分", "2025-08-05 07:30"),
        ("20250805 0730", "2025-08-05 07:30"),
        ("2025-08-05 07:30:15", "2025-08-05T07:30:15+08:00"),
        ("", ""),
    ],
)
def test_a_moment_is_read_as_laboratories_write_it(written: str, moment: str) -> None:
    assert read_moment(written) == moment


@pytest.mark.parametrize("written", ["2025-08-05", "05/08/2025 7:30", "2025-13-05 07:30", "today"])
def test_no_time_is_made_up_and_no_order_of_day_and_month_guessed(written: str) -> None:
    with pytest.raises(NotAnAnswer):
        read_moment(written)


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        ("3.5-9.5", ("3.5", "9.5")),
        ("125--350", ("125", "350")),
        ("＜40", ("", "40")),
        ("≥ 90", ("90", "")),
        ("5", None),
    ],
)
def test_a_range_is_two_limits(written: str, limits: tuple[str, str] | None) -> None:
    assert read_range(written) == limits


def test_a_limit_is_a_number_or_nothing() -> None:
    assert (read_limit(" "), read_limit("9.50")) == ("", "9.50")


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("白细胞", ["WBC"]),
        ("血小板", ["PLAT"]),
        ("血红蛋白", ["HGB"]),
        ("中性粒细胞", ["NEUT"]),
        ("淋巴细胞", ["LYM"]),
        ("总胆红素", ["BILI"]),
        ("谷丙转氨酶", ["ALT"]),
        ("铁蛋白", ["FERRITIN"]),
        ("血小板计数(PLT)", ["PLAT"]),
        ("ＷＢＣ", ["WBC"]),
        ("w.b.c", ["WBC"]),
        ("718-7", ["HGB"]),
        ("C51948", ["WBC"]),
        ("Haemoglobin", ["HGB"]),
        ("胆红素", ["BILI", "BILDIR"]),
        ("中性粒细胞%", []),
        ("中性粒细胞百分比(NEUT%)", []),
        ("Vitamin D", []),
        ("", []),
    ],
)
def test_a_test_is_known_by_its_names(name: str, codes: list[str]) -> None:
    assert [test.code for test in catalogue_tests(name)] == codes


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.code)
def test_every_test_is_known_by_code_and_name_and_has_its_units(test) -> None:
    assert test in catalogue_tests(test.code)
    assert all(test in catalogue_tests(name) for name in NAMES.get(test.code, "").split(",") if name.strip())
    assert [unit_called(unit, test) for unit in test.units()] == list(test.units())
    assert any("一" <= sign <= "鿿" for sign in NAMES.get(test.code, "血INR"))


def test_every_name_and_unit_is_of_the_catalogue() -> None:
    known = {unit for test in TESTS for unit in test.units()}
    assert set(NAMES) <= set(BY_CODE)
    assert {unit for units in UNITS.values() for unit in units} <= known


@pytest.mark.parametrize(
    ("written", "test", "unit"),
    [
        ("10^9/L", "NEUT", "10^9/L"),
        ("×10⁹/L", "NEUT", "10^9/L"),
        ("10*9/L", "WBC", "10^9/L"),
        ("10E9/L", "WBC", "10^9/L"),
        ("G/L", "PLAT", "10^9/L"),
        ("x10³/µL", "WBC", "10^9/L"),
        ("/μL", "LYM", "/uL"),
        ("g/L", "HGB", "g/L"),
        ("G/DL", "HGB", "g/dL"),
        ("μmol/L", "CREAT", "umol/L"),
        ("ｍｇ／ｄＬ", "CREAT", "mg/dL"),
        ("IU/L", "ALT", "U/L"),
        ("ng/mL", "FERRITIN", "ng/mL"),
        ("μg/mL", "CRP", "mg/L"),
        ("mg/L (FEU)", "DDIMER", "mg/L FEU"),
        ("", "INR", "ratio"),
        ("拷贝/mL", "CMVDNA", "copies/mL"),
        ("%", "NEUT", None),
        ("mg/L", "DDIMER", None),  # of fibrinogen equivalents or of D-dimer: twice as much
        ("", "HGB", None),
        ("mmol/L", "CREAT", None),
    ],
)
def test_a_unit_is_one_of_its_test(written: str, test: str, unit: str | None) -> None:
    assert unit_called(written, BY_CODE[test]) == unit


# --- blocks ----------------------------------------------------------------------------------------------
WBC = {"test": "WBC", "value": "5.2", "unit": "10^9/L", "lower": "3.5", "upper": "9.5"}


@pytest.mark.parametrize(
    "block",
    [
        "WBC\t5.2\t10^9/L\t3.5\t9.5",
        "WBC\t5.2\t10^9/L\t3.5-9.5",
        "WBC;5.2;10^9/L;3.5;9.5",
        'WBC,"5.2",10^9/L,3.5,9.5',
        "WBC；5.2；10^9/L；3.5；9.5",
        "项目\t结果\t单位\t参考范围\nWBC\t5.2\t10^9/L\t3.5-9.5",
        "Unit\tResult\tTest\tUpper limit\tLower limit\tComment\n10^9/L\t5.2\tWBC\t9.5\t3.5\tx",
        "\r\nWBC\t5.2\t10^9/L\t3.5\t9.5\r\n\r\n",
    ],
)
def test_a_line_is_read_whatever_parts_and_orders_its_cells(block: str) -> None:
    (line,) = read_block(block).lines
    assert {name: cell for name, cell in line.cells.items() if cell} == WBC


def test_a_block_with_the_tests_as_columns_has_a_line_for_each_result() -> None:
    block = "采样时间\tWBC\tPLT\n\t10^9/L\t10^9/L\n2025-08-05 07:30\t5.2\t120\n2025-08-06 07:30\t\t99"
    found = [(line.number, *(line.cells.get(c, "") for c in COLUMNS)) for line in read_block(block).lines]
    assert found == [
        (3, "WBC", "5.2", "10^9/L", "", "", "2025-08-05 07:30", ""),
        (3, "PLT", "120", "10^9/L", "", "", "2025-08-05 07:30", ""),
        (4, "PLT", "99", "10^9/L", "", "", "2025-08-06 07:30", ""),
    ]
    assert [line.cells for line in read_block(read_block(block).lines[0].text).lines] == [
        dict(zip(COLUMNS, ("WBC", "5.2", "10^9/L", "", "", "2025-08-05 07:30", ""), strict=True))
    ]


def test_lines_keep_their_numbers_past_empty_ones() -> None:
    assert [line.number for line in read_block("\nWBC\t1\n\n\nPLT\t2").lines] == [2, 5]
    assert read_block(" \n").lines == []


_cell = st.text(st.characters(blacklist_categories=("C", "Z"), blacklist_characters='\t;；,，"'), max_size=12)


@given(st.lists(st.lists(_cell, min_size=7, max_size=7), min_size=1, max_size=8))
def test_a_block_under_a_heading_is_read_back_as_it_was_written(rows: list[list[str]]) -> None:
    text = StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    kept = [row for row in rows if any(row)]
    found = [[line.cells.get(column, "") for column in COLUMNS] for line in read_block(text.getvalue()).lines]
    assert [row for row in found if any(row)] == kept


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Each line is a result, or says which of its cells is in the way."""
    for line in read_block(text).lines:
        assert what_is_in_the_way(line.cells) in ("", *COLUMNS)


def what_is_in_the_way(cells: Mapping[str, str]) -> str:
    try:
        result_of(1, cells)
    except Unclear as problem:
        return problem.cell if problem.why else "without a reason"
    return ""
