"""The answers of rows in memory, for rules that look at nothing else."""

from datetime import date
from typing import Any

from patients.casebook.answers import HeldCasebook, Record, RowAnswers
from patients.casebook.form import form_model, is_declared

SUBJECT = "HZ01-001"


def record(form: str, visit: str = "SCR", day: date | None = None, **values: Any) -> Record:
    """A row of a form; of one that this version does not have, just the values."""
    empty = {item.name: None for item in form_model(form).items()} if is_declared(form) else {}
    return Record(form, visit, "", day, empty | values)


def answers(row: Record, *others: Record) -> RowAnswers:
    """What the rules of a row see, with the other rows of its subject."""
    return RowAnswers(row, HeldCasebook(SUBJECT, [row, *others]))


def answered(**values: Any) -> RowAnswers:
    """The answers of one row of eligibility, whatever its items are called."""
    return answers(Record("ELIG", "SCR", "", None, values))
