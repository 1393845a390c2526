"""Cuts of a registry by one process and by two, in a process of its own; what they hold is printed as JSON.

`killed`: it prints its shares and is killed while it takes back what they have cut.
"""

import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any
from unittest.mock import patch

import polars as pl
from django.db import OperationalError, connection

from analytics.locks import seal, shared_cut
from analytics.locks.codes import read_codes
from analytics.locks.models import Lock
from analytics.locks.seal import Asked, make_cut
from patients.casebook.form import form_model
from trial.people.access import SystemPerson
from trial.trail.actor import Source

CUTOFF = date(2025, 8, 5)
whole = shared_cut.shared_cut


def main() -> None:
    now, then = Asked(CUTOFF, "shared"), Asked(CUTOFF, "shared", known_at=Lock.objects.get().known_at)
    told = {
        "now": held(cut(now, 1)),
        "then": held(cut(then, 1)),
        "then, shared": held(cut(then, 2)),
    }
    with patch.object(seal, "shared_cut", _while_somebody_writes):
        told["now, shared"] = held(cut(now, 2))
    print(json.dumps(told | {"somebody": said, "after": held(cut(now, 1))}))


def cut(asked: Asked, processes: int) -> Lock:
    return make_cut(asked, by=SystemPerson("lock"), source=Source.COMMAND, processes=processes)


def held(lock: Lock) -> list[Any]:
    """The snapshot, the sources and the codes of a lock."""
    rows = pl.read_parquet(lock.sources_path).sort(pl.all()).rows()  # of a subject they come in any order
    sources = hashlib.sha256(repr(rows).encode()).hexdigest()
    return [lock.snapshot.hash, len(rows), sources, len(list(read_codes(lock.codes)))]


# --- somebody writes --------------------------------------------------------------------------------------
said: list[str] = []


def _while_somebody_writes(*arguments: Any) -> Iterator[Any]:
    """The cut has chosen its moment and its shares have not begun: now somebody saves."""
    with ThreadPoolExecutor(1) as another:
        said.append(another.submit(_write).result())
    yield from whole(*arguments)


def _write() -> str:
    table = form_model("DX")._meta.db_table
    try:
        with connection.cursor() as cursor:
            # Past the triggers: how a value comes in is of no interest here.
            postgresql = connection.vendor == "postgresql"
            cursor.execute(
                f"SET {'session_replication_role = replica'}" if postgresql else "PRAGMA busy_timeout = 0"
            )
            cursor.execute(f"UPDATE {table} SET cd7_pct = 11")
        return "written"
    except OperationalError as problem:
        return str(problem)
    finally:
        connection.close()


# --- killed -----------------------------------------------------------------------------------------------
def killed() -> None:
    with patch.object(shared_cut, "AT_ONCE", 1), patch.object(seal, "shared_cut", _until_killed):
        cut(Asked(CUTOFF, "never"), 2)


def _until_killed(*arguments: Any) -> Iterator[Any]:
    for number, one in enumerate(whole(*arguments)):
        if number == 2:
            print(json.dumps([child.pid for child in multiprocessing.active_children()]), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        yield one
