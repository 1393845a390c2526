"""Every worked case of the specification is run by a test that carries its number, with the result."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.patients.grading import (
    test_crs,
    test_ctcae,
    test_engraftment,
    test_haematotoxicity,
    test_icans,
    test_magic,
    test_nih,
)

HERE = Path(__file__).parent
CASES: dict[str, Any] = {
    case["id"]: case["expected"] for case in json.loads((HERE / "cases.json").read_text(encoding="utf-8"))
}
RUN: dict[str, Any] = {
    **{number: expected for number, (_day, expected) in test_crs.CASES.items()},
    **{number: expected for number, (_found, expected) in test_icans.CASES.items()},
    **{number: case[-1] for number, case in test_ctcae.CASES.items()},
    **{number: expected for number, (_course, expected) in test_haematotoxicity.CASES.items()},
    **test_engraftment.CASES,
    **{number: list(expected) for number, (_signs, expected) in test_magic.CASES.items()},
    **{number: expected for number, (_scores, expected) in test_nih.CASES.items()},
}
PARAMETER = re.compile(r"pytest\.param\((?:[^()]|\([^()]*\))*?id=\"(?P<id>[A-Z]{3}-\d+)\"")


def numbers_run() -> set[str]:
    """The numbers of the tables above, and of parameters elsewhere in this folder."""
    texts = [path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py")]
    return set(RUN) | {found["id"] for text in texts for found in PARAMETER.finditer(text)}


def test_every_worked_case_is_run() -> None:
    assert len(CASES) == 104
    assert set(CASES) - numbers_run() == set()


def test_no_case_is_run_that_the_specification_does_not_have() -> None:
    assert numbers_run() <= set(CASES)


@pytest.mark.parametrize("number", RUN)
def test_a_case_expects_what_the_specification_does(number: str) -> None:
    assert RUN[number] == CASES[number]
