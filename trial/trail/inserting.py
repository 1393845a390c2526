"""Rows that are written and never needed back: the versions of a row, and the changes of an event.

A save writes one of them for every row and item that it touches, many times more than it writes rows. They go
in as plain values, without an instance of their model for each, and each value still through its column.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

_PLAIN = (models.CharField, models.TextField)


def insert(model: type[models.Model], names: tuple[str, ...], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows, each given as the values of the columns of these names, in one statement."""
    prepared = _preparing(model, names)
    parameters = [[prepare(value) for prepare, value in zip(prepared, row, strict=True)] for row in rows]
    if parameters:
        with connection.cursor() as cursor:
            cursor.executemany(_statement(model, names, connection.vendor), parameters)


def insert_copies(
    model: type[models.Model], rows: "models.QuerySet[Any]", names: tuple[str, ...], more: Mapping[str, Any]
) -> None:
    """Insert a row for each of `rows`: their columns of these names as the database has them, and the same
    further values in each. One statement, however many rows, which are never read here."""
    sql, parameters = rows.values_list(*names).query.sql_with_params()
    further = [
        prepare(value) for prepare, value in zip(_preparing(model, tuple(more)), more.values(), strict=True)
    ]
    values = ", ".join(["%s"] * len(further))
    into = _into(model, (*names, *more))
    with connection.cursor() as cursor:
        cursor.execute(f"{into} SELECT r.*, {values} FROM ({sql}) r", [*further, *parameters])  # noqa: S608


@cache
def _statement(model: type[models.Model], names: tuple[str, ...], vendor: str) -> str:
    values = ", ".join(["%s"] * len(names))
    return f"{_into(model, names)} VALUES ({values})"


def _into(model: type[models.Model], names: tuple[str, ...]) -> str:
    """Only names of a table and its columns are written into a statement; the values are parameters."""
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(model._meta.get_field(name).column)) for name in names)  # type: ignore[union-attr]
    return f"INSERT INTO {quoted(model._meta.db_table)} ({columns})"


@cache
def _preparing(model: type[models.Model], names: tuple[str, ...]) -> tuple[Callable[[Any], Any], ...]:
    return tuple(_prepared_by(model._meta.get_field(name)) for name in names)


def _prepared_by(column: Any) -> Callable[[Any], Any]:
    """How a value becomes that of its column. Most are text in a column that keeps it as it is."""
    if type(column) in _PLAIN:
        return _as_text
    return lambda value: column.get_db_prep_save(value, connection)


def _as_text(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    if hasattr(value, "resolve_expression"):
        raise TypeError(f"{value!r} has no text that could be kept")
    return str(value)
