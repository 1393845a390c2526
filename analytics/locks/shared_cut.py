"""A cut that several processes share, and that holds what one would have cut (decision 0079).

The process whose transaction makes the lock deals the numbers of the subjects out, takes back what is cut in
their order, and alone writes. All see one moment. On PostgreSQL the others take over its snapshot. On SQLite
its transaction has the sole right to write from beginning to end, so that nothing changes which they read.
What this transaction itself has written they do not see: it must have written nothing.

Who is dealt to writes nothing either, and ends when nobody listens any more. This module is read by such a
process before Django is set up.
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import django
from django.db import connection, transaction

if TYPE_CHECKING:
    from analytics.locks.cutting import CutOfSubject, Cutter

AT_ONCE = 50
"""Subjects that are given back at once, as many as are read at once."""


class ShareLost(Exception):
    """A process that had a share of a cut has ended before it gave all of it back."""


@dataclass(frozen=True, slots=True)
class _Share:
    """What a process cuts: groups of subjects by their numbers, by a cut-off, as known now or at a moment.
    `snapshot` names that of the database, where it has a name."""

    cutoff: date
    known_at: datetime | None
    snapshot: str
    groups: list[Sequence[int]]


def shared_cut(cutter: "Cutter", subjects: Sequence[int], processes: int) -> Iterator["CutOfSubject"]:
    """What a cut holds of the subjects of these numbers, in their order, by so many processes; within a
    transaction that has written nothing. Raises NotReproduced, and ShareLost."""
    at_once = min(AT_ONCE, ceil(len(subjects) / processes)) or 1
    groups = [subjects[first : first + at_once] for first in range(0, len(subjects), at_once)]
    snapshot = _snapshot()
    with ExitStack() as stack:
        shares = [
            _Share(cutter.cutoff, cutter.known_at, snapshot, groups[number::processes])
            for number in range(processes)
        ]
        given_back = [stack.enter_context(_process(share)) for share in shares]
        for number in range(len(groups)):
            yield from _received(given_back[number % processes])


def _snapshot() -> str:
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


@contextmanager
def _process(share: _Share) -> Iterator[Any]:
    """A process with a share; what it gives back comes out of the pipe. It is gone at the end."""
    spawning = multiprocessing.get_context("spawn")
    out, into = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_cut_share, args=(share, into), daemon=True)
    process.start()
    into.close()
    try:
        yield out
    finally:
        out.close()
        process.terminate()
        process.join()


def _received(given_back: Any) -> list["CutOfSubject"]:
    try:
        received = given_back.recv()
    except EOFError as problem:
        raise ShareLost("a process that shared the cut has ended") from problem
    if isinstance(received, Exception):
        raise received
    found: list[CutOfSubject] = received
    return found


# --- in the other process ---------------------------------------------------------------------------------
def _cut_share(share: _Share, into: Any) -> None:
    django.setup()
    from analytics.locks.cutting import Cutter

    cutter = Cutter(share.cutoff, share.known_at)
    with suppress(BrokenPipeError), _seeing(share.snapshot):
        for group in share.groups:
            into.send(_cut(cutter, group))


def _cut(cutter: "Cutter", group: Sequence[int]) -> "list[CutOfSubject] | Exception":
    """What is cut of these subjects, or why it cannot be told."""
    from analytics.locks.past import NotReproduced
    from patients.casebook.page import Subject

    found = Subject.objects.filter(pk__in=group).select_related("site", "identity")
    try:
        return list(cutter.of(sorted(found, key=attrgetter("code"))))
    except NotReproduced as problem:
        return problem


@contextmanager
def _seeing(snapshot: str) -> Iterator[None]:
    """Read as of a snapshot of the database; of none, what stands, which nobody can change meanwhile."""
    if not snapshot:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
        yield
