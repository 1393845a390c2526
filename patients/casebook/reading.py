"""The pages and rows of several forms of a subject, read in one statement.

The rules of one save look across many forms. A select for each would make the number of statements grow with
the number of forms; here the tables are united, every column as text, and read back by its type.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any

from django.db import connection, models

from patients.casebook.form import FormRow, form_model
from patients.casebook.page import Page, Subject, Visit

Columns = tuple["models.Field[Any, Any]", ...]


@dataclass(frozen=True, slots=True)
class StoredForm:
    """The pages of a form, with and without rows, each with its subject and visit; their rows, and those of
    them that are void apart."""

    pages: list[Page] = field(default_factory=list)
    rows: list[FormRow] = field(default_factory=list)
    void: list[FormRow] = field(default_factory=list)

    def add(self, row: FormRow) -> None:
        (self.void if row.is_void else self.rows).append(row)


def read_forms(subject: Subject, forms: Iterable[str]) -> dict[str, StoredForm]:
    """What is stored of each of these forms of a subject."""
    asked = tuple(sorted(forms))
    found = {form: StoredForm() for form in asked}
    if not asked:
        return found
    pages: dict[int, Page] = {}
    with connection.cursor() as cursor:
        cursor.execute(_statement(asked, connection.vendor), [subject.pk] * len(asked))
        for form, *texts in cursor:
            page = _page(texts, subject, pages, found[form].pages)
            if texts[_ROW_FROM] is not None:
                found[form].add(_row(form_model(form), texts[_ROW_FROM:], page))
    return found


@cache
def _statement(forms: tuple[str, ...], vendor: str) -> str:
    """One select for each form, as wide as the widest."""
    width = max(len(_columns(form_model(form))) for form in forms)
    return " UNION ALL ".join(_select(form_model(form), width) for form in forms)


def _select(model: type[FormRow], width: int) -> str:
    columns = [
        *(f"CAST(p.{_quoted(column)} AS text)" for column in _columns(Page)),
        *(f"CAST(v.{_quoted(column)} AS text)" for column in _columns(Visit)),
        *(f"CAST(r.{_quoted(column)} AS text)" for column in _columns(model)),
    ]
    columns += ["NULL"] * (width - len(_columns(model)))
    tables = (
        f"{_table(Page)} p LEFT JOIN {_table(model)} r ON r.page_id = p.id"
        f" LEFT JOIN {_table(Visit)} v ON v.id = p.visit_id"
    )
    form = model.form.code
    where = f"p.form_code = '{form}' AND p.subject_id = %s"
    # Only names of tables, columns and forms are written into it; the subject is a parameter.
    return f"SELECT '{form}', {', '.join(columns)} FROM {tables} WHERE {where}"  # noqa: S608


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _quoted(column: "models.Field[Any, Any]") -> str:
    return connection.ops.quote_name(str(column.column))


@cache
def _columns(model: type[models.Model]) -> Columns:
    return tuple(model._meta.concrete_fields)


_VISIT_FROM = len(_columns(Page))
_ROW_FROM = _VISIT_FROM + len(_columns(Visit))


def _page(texts: list[str | None], subject: Subject, known: dict[int, Page], found: list[Page]) -> Page:
    """The page of a line; one that a line before this has named is the same object."""
    page_id = int(texts[0] or 0)
    if page_id not in known:
        page = _instance(Page, texts[:_VISIT_FROM])
        page.subject = subject
        page.visit = _instance(Visit, texts[_VISIT_FROM:_ROW_FROM]) if page.visit_id else None
        known[page_id] = page
        found.append(page)
    return known[page_id]


def _row(model: type[FormRow], texts: list[str | None], page: Page) -> FormRow:
    row: FormRow = _instance(model, texts[: len(_columns(model))])
    row.page = page
    return row


def _instance(model: type[models.Model], texts: list[str | None]) -> Any:
    names, readers = _attributes(model)
    values = [None if text is None else read(text) for read, text in zip(readers, texts, strict=True)]
    return model.from_db(connection.alias, names, values)


@cache
def _attributes(model: type[models.Model]) -> tuple[list[str], list[Callable[[str], Any]]]:
    """The names of the attributes of a row, and what reads each from its text."""
    columns = _columns(model)
    return [column.attname for column in columns], [_reader(column) for column in columns]


def _reader(column: "models.Field[Any, Any]") -> Callable[[str], Any]:
    """How the text of a column becomes its value: by its own reading, or by its type."""
    if isinstance(column, models.JSONField):
        return json.loads
    if hasattr(column, "from_db_value"):
        return lambda text: column.from_db_value(text, None, connection)
    target = column.target_field if isinstance(column, models.ForeignKey) else column
    kinds = ((models.BooleanField, _truth), (models.DateTimeField, _moment), *_PLAIN)
    return next((read for kind, read in kinds if isinstance(target, kind)), str)


_PLAIN: tuple[tuple[type[Any], Callable[[str], Any]], ...] = (
    (models.DateField, date.fromisoformat),
    (models.TimeField, time.fromisoformat),
    (models.IntegerField, int),
)


def _truth(text: str) -> bool:
    return text in ("1", "true")


def _moment(text: str) -> datetime:
    """SQLite keeps a moment in UTC and without its zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
