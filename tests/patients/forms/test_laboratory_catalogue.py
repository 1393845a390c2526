"""The laboratory catalogue against the table of the specification (`laboratory_catalogue.json`)."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from patients.forms.laboratory import VIRUSES
from patients.forms.laboratory_catalogue import BY_CODE, TEST_CODES, TESTS, UNIT_CODES, LabTest

# Concept, set, SI unit, factors of other units, hard, soft, CTCAE; by test.
TABLE: dict[str, list] = json.loads(
    (Path(__file__).parent / "laboratory_catalogue.json").read_text(encoding="utf-8")
)
GRADED = {"Y", "G1 only"}  # the other words say why no number is graded

every_test = pytest.mark.parametrize("code", TABLE)


def bounds(text: str) -> tuple[Decimal | None, Decimal | None]:
    """What is allowed by `0-150`, or asked about by `>30`, `<60 or >180`; words are a rule of the form."""
    if span := re.fullmatch(r"([\d.]+)-([\d.e]+)", text):
        return Decimal(span[1]), Decimal(span[2])
    low, high = (re.search(rf"{sign}([\d.]+)(?! after)", text) for sign in "<>")
    return (Decimal(low[1]) if low else None), (Decimal(high[1]) if high else None)


def test_every_test_of_the_table_is_there_and_no_other() -> None:
    assert {test.code for test in TESTS} == set(TABLE)
    assert len(TESTS) == len(BY_CODE)


@every_test
def test_a_test_has_the_concept_set_and_unit_of_the_table(code: str) -> None:
    test = BY_CODE[code]
    assert [test.nci, test.set, test.si_unit] == TABLE[code][:3]


@every_test
def test_other_units_turn_into_si_by_the_factor_of_the_table(code: str) -> None:
    factors = {unit: None if text == "lab factor" else Decimal(text) for unit, text in TABLE[code][3].items()}
    assert BY_CODE[code].factors == factors


@every_test
def test_what_is_impossible_and_what_is_unusual_are_those_of_the_table(code: str) -> None:
    hard, soft = TABLE[code][4:6]
    assert BY_CODE[code].hard == bounds(hard)
    assert BY_CODE[code].soft == bounds(soft)


@every_test
def test_ctcae_grades_what_the_table_says(code: str) -> None:
    assert BY_CODE[code].ctcae == (TABLE[code][6] in GRADED)


def test_the_threshold_of_a_virus_is_the_laboratory_s() -> None:
    assert {code for code, row in TABLE.items() if row[5] == "> threshold"} == {
        test.code for test in TESTS if test.set == VIRUSES
    }


def test_the_code_lists_hold_every_test_and_unit() -> None:
    assert set(TEST_CODES.labels) == set(TABLE)
    assert set(UNIT_CODES.labels) == {unit for test in TESTS for unit in test.units()}
    assert (TEST_CODES.nci, UNIT_CODES.nci) == ("C65047", "C71620")


@pytest.mark.parametrize(
    ("code", "value", "unit", "si"),
    [
        ("HGB", "9.1", "g/dL", "91.0"),
        ("NEUT", "500", "/uL", "0.500"),
        ("CREAT", "2", "mg/dL", "176.8"),
        ("NEUT", "0.5", "10^9/L", "0.5"),
        ("NEUT", "0.5", "g/L", None),
        ("CMVDNA", "1000", "copies/mL", None),
    ],
)
def test_a_value_in_si(code: str, value: str, unit: str, si: str | None) -> None:
    test: LabTest = BY_CODE[code]
    assert test.to_si(Decimal(value), unit) == (None if si is None else Decimal(si))
