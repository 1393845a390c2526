"""Faults on purpose: an act is made to fail at each of its statements in turn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection


class StatementFailed(OperationalError):
    """The database did not do what it was told."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that are sent within this block."""
    sent: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        sent.append(sql)
        return execute(sql, *args)

    with connection.execute_wrapper(note):
        yield sent


@contextmanager
def failing_at(number: int) -> Iterator[None]:
    """The statement of this number, counted from 1, is not executed and fails."""
    sent = 0

    def fail(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == number:
            raise StatementFailed(sql)
        return execute(sql, *args)

    with connection.execute_wrapper(fail):
        yield
