"""Limits that look across the rows of a repeating form, and rows found by their natural key."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.items.conditions import Answers
from patients.items.limits import Limit, must


def other_rows(answers: Answers, form: str) -> list[Answers]:
    """The rows of the form but this one."""
    here = (answers.visit, answers.row_key)
    return [row for row in answers.rows(form) if (row.visit, row.row_key) != here]


def unique_on_form(form: str, item: str) -> Limit:
    """No other row of the subject has the same answer to the item."""

    def kept(value: Any, answers: Answers) -> bool:
        return all(row[item] != value for row in other_rows(answers, form))

    return must(_("unique"), kept, f"{form}.{item}")


def row_with(answers: Answers, form: str, item: str, value: Any) -> Answers | None:
    """The row of another form that a reference names; None where there is none."""
    return next((row for row in answers.rows(form) if value is not None and row[item] == value), None)
