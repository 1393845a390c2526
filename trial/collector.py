"""Keeping the collector of cycles from looking, again and again, at what all is wanted."""

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


@contextmanager
def loaded_for_good() -> Iterator[None]:
    """While modules are loaded, which stay to the end of the process: the collector does not look at them
    then, which is a third of a start, and never again."""
    with uncollected():
        yield
        gc.freeze()
