"""A small table that rules ask again and again: read once for a whole save, screen or run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")


class ReadOnce(Generic[T]):
    """What `read` gives: anew at each call, within a block of `once` at the first alone; or what a block of
    `being` says that it is."""

    def __init__(self, name: str, read: Callable[[], T]) -> None:
        self._read = read
        self._held: ContextVar[list[T] | None] = ContextVar(name, default=None)

    def __call__(self) -> T:
        held = self._held.get()
        if held is None:
            return self._read()
        if not held:
            held.append(self._read())
        return held[0]

    @contextmanager
    def once(self) -> Iterator[None]:
        """Within this block it is read at most once, when first asked for."""
        with self._holding([]):
            yield

    @contextmanager
    def being(self, value: T) -> Iterator[None]:
        """Within this block it is this, and nothing is read."""
        with self._holding([value]):
            yield

    @contextmanager
    def _holding(self, held: list[T]) -> Iterator[None]:
        token = self._held.set(held)
        try:
            yield
        finally:
            self._held.reset(token)
