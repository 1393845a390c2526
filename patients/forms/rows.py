"""Limits that look across the rows of a repeating form, rows found by their natural key, and deviations that
explain what a check finds."""

from datetime import date
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.items.conditions import Answers
from patients.items.limits import Limit, must


def other_rows(answers: Answers, form: str) -> list[Answers]:
    """The rows of the form but this one."""
    here = (answers.visit, answers.row_key)
    return [row for row in answers.rows(form) if (row.visit, row.row_key) != here]


def other_rows_where(answers: Answers, form: str, item: str, value: Any) -> list[Answers]:
    """The rows of the form with this value of an entered item, but this one."""
    here = (answers.visit, answers.row_key)
    return [row for row in answers.rows_where(form, item, value) if (row.visit, row.row_key) != here]


def unique_on_form(form: str, item: str) -> Limit:
    """No other row of the subject has the same answer to the item."""

    def kept(value: Any, answers: Answers) -> bool:
        return all(row[item] != value for row in other_rows(answers, form))

    return must(_("unique"), kept, f"{form}.{item}")


def row_with(answers: Answers, form: str, item: str, value: Any) -> Answers | None:
    """The row of another form that a reference names; None where there is none."""
    return next((row for row in answers.rows(form) if value is not None and row[item] == value), None)


def row_of_key(answers: Answers, form: str, key: str | None) -> Answers | None:
    """The row of a log form that a reference names by its key; None where there is none."""
    return next((row for row in answers.rows(form) if key and row.row_key == key), None)


def a_row_of(form: str) -> Limit:
    """A reference, or each of several, names a row that is there."""

    def kept(named: str | list[str], answers: Answers) -> bool:
        keys = named if isinstance(named, list) else [named]
        return all(row_of_key(answers, form, key) for key in keys)

    return must(format_lazy(_("the key of a row of {form}"), form=form), kept, form)


def deviation_recorded(answers: Answers, category: str, first: date | None, last: date | None) -> bool:
    """Whether a deviation of this category (code of `pd_cat`) lies in these days."""
    days = (row["pd_dt"] for row in answers.rows("PDEV") if row["pd_cat"] == category)
    return any(day and first and last and first <= day <= last for day in days)
