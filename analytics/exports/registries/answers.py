"""The answers of a subject to the questions of a report, each with the row that gave it.

One line for each answer; where there is none, one line that says why: `missing` with the reason that was
entered, or that no page has it, and `not collected` where the casebook does not ask.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import polars as pl

from analytics.datasets.story import Story
from analytics.exports.registries.questions import QUESTIONS, UNTIL_CAR_DAY, Question, Which
from analytics.exports.sdtm.targets import english
from analytics.locks.cut import dated_or_page
from patients.casebook.answers import Record, local_day
from patients.casebook.form import form_model

COLUMNS = (
    "subject_id", "report", "number", "question", "confirmed", "status", "answer", "label", "unit", "form",
    "item", "visit", "row_key", "reason",
)  # fmt: skip
ANSWERED, MISSING, NOT_COLLECTED = "answered", "missing", "not collected"
NO_PAGE = "no page"
_SCHEMA: dict[str, type[pl.DataType]] = dict.fromkeys(COLUMNS, pl.String) | {"number": pl.Int64}


def answers_of(stories: Iterable[Story], report: str) -> pl.DataFrame:
    """The lines of a report for these subjects."""
    asked = [one for one in QUESTIONS if one.report == report]
    lines = [
        line
        for story in stories
        for number, one in enumerate(asked, 1)
        for line in _lines(story, number, one)
    ]
    return pl.DataFrame({name: [line.get(name) for line in lines] for name in COLUMNS}, schema=_SCHEMA)


def _lines(story: Story, number: int, question: Question) -> Iterator[dict[str, Any]]:
    said = {
        "subject_id": story.subject,
        "report": question.report,
        "number": number,
        "question": question.text,
        "confirmed": "Y" if question.is_confirmed else "N",
    }
    if not question.item:
        yield {**said, "status": NOT_COLLECTED}
        return
    form, _dot, item = question.item.partition(".")
    rows = _rows(story, question, form)
    found = _chosen(question, item, rows)
    for record in found:
        yield {**said, "status": ANSWERED, **_answer(record, item)}
    if not found:
        yield {**said, "status": MISSING, "form": form, "item": item, "reason": _why(rows, item)}


def _rows(story: Story, question: Question, form: str) -> list[Record]:
    """The rows of a form that had been by the day of the report."""
    rows = list(story.casebook.records(form))
    days = UNTIL_CAR_DAY.get(question.report)
    if days is None:
        return rows
    if story.infused is None:
        return []
    last = story.infused.value + timedelta(days)
    return [row for row in rows if (on := dated_or_page(row)) is not None and on <= last]


def _answer(record: Record, name: str) -> dict[str, Any]:
    item = form_model(record.form).item(name)
    value = record.values[name]
    text = item.text(value)
    labels = getattr(item, "codes", None)
    label = english(labels.labels.get(text, "")) if labels is not None else ""
    return {
        "answer": text,
        "label": label or None,
        "unit": item.declared.unit or None,
        "form": record.form,
        "item": name,
        "visit": record.visit,
        "row_key": record.row_key,
    }


def _why(rows: list[Record], item: str) -> str:
    """The reason that was entered with the last row, or that there is no row."""
    return (rows[-1].missing.get(item) or "empty") if rows else NO_PAGE


# --- which row answers ------------------------------------------------------------------------------------
def _chosen(question: Question, item: str, rows: list[Record]) -> list[Record]:
    filled = [row for row in rows if row.values.get(item) is not None]
    return _CHOICES[question.which](filled, item, question.graded) if filled else []


def _order(value: Any) -> Any:
    return local_day(value) or (float(value) if str(value).replace(".", "", 1).isdigit() else 0)


def _signs(rows: list[Record], graded: str) -> list[Record]:
    return [row for row in rows if (row.values.get(graded) or 0) >= 1]


_Choose = Callable[[list[Record], str, str], list[Record]]
_CHOICES: dict[Which, _Choose] = {
    Which.ALL: lambda rows, item, graded: rows,
    Which.FIRST: lambda rows, item, graded: rows[:1],
    Which.LAST: lambda rows, item, graded: rows[-1:],
    Which.HIGHEST: lambda rows, item, graded: [max(rows, key=lambda row: _order(row.values[item]))],
    Which.FIRST_SIGN: lambda rows, item, graded: _signs(rows, graded)[:1],
    Which.LAST_SIGN: lambda rows, item, graded: _signs(rows, graded)[-1:],
}
