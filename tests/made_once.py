"""What takes long to make is made once in a run, by whichever of its processes needs it first.

The processes of a run (pytest-xdist) have one folder above their own; what lies there under a name is ready.
Without them a run makes everything for itself.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

_DATABASES = "databases"


def folder_of_run(own: Path) -> Path:
    """The folder that the processes of a run share; `own`: that of this process's temporary files."""
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name that `make` filled, in this process or in another of the same run. Who comes
    while it is made waits; where making fails nothing is there, and the next tries again."""
    place = folder_of_run(factory.getbasetemp()) / name
    with _held(place.with_name(f"{name}.lock")):
        if not place.exists():
            draft = factory.mktemp(name) / name
            draft.mkdir()
            make(draft)
            draft.rename(place)
    return place


def remember_database(factory: pytest.TempPathFactory, name: str) -> None:
    """Drop this database when the whole run has ended (`drop_databases`): others may still copy it."""
    with (folder_of_run(factory.getbasetemp()) / _DATABASES).open("a") as file:
        file.write(f"{name}\n")


def drop_databases(folder: Path, server: str) -> None:
    """What was remembered in the folder of a run that has ended."""
    if not (folder / _DATABASES).exists():
        return
    with psycopg.connect(server, autocommit=True) as connection:
        for name in (folder / _DATABASES).read_text().split():
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
