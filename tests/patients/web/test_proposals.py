"""An item that a rule proposes shows the proposal until it is answered."""

from dataclasses import replace

import pytest

from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.web.binding import Slot
from patients.web.fields import RowContext, fields_of_row
from tests.patients.checks.casebook import casebook
from tests.patients.checks.serious import INFUSED, event

pytestmark = pytest.mark.django_db


def row_of(**answers: str) -> RowContext:
    held = casebook((INFUSED, event(ae_grade="4", **answers)))
    (record,) = held.records("AE")
    seen = RowAnswers(record, held)
    return RowContext(Slot("", "1"), form_model("AE"), seen, record.values, {}, {})


def hint_of(row: RowContext) -> str:
    return next(field.hint for field in fields_of_row(row) if field.item == "ae_dlt")


def test_a_proposal_stands_beside_the_item() -> None:
    assert hint_of(row_of()).endswith("; proposed: Yes: candidate")


def test_an_answer_takes_its_place() -> None:
    assert "proposed" not in hint_of(row_of(ae_dlt="N"))


def test_nothing_is_proposed_of_what_cannot_be_told() -> None:
    row = row_of()
    open_row = replace(row, answers=row_of(ae_rel_cart="").answers)
    assert "proposed" not in hint_of(open_row)
