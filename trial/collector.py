"""Keeping the collector of cycles from looking, again and again, at what is only being made."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """While many objects are made that all are wanted: the collector would look at them and at all that there
    is once for some hundred of them, for half of the time. What is not in a cycle goes as ever."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
