"""Reading from a replica of PostgreSQL what bears some lag: lists and files that leave the registry.

Only what is given to `read_apart` is ever read there, in one view of the replica and without a right to
write. Who asks and what they may, all writes and every page in the browser are matters of the primary.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections, transaction
from django.db.models import Model

from trial.installation.finding import Finding, right, warning, wrong
from trial.trail.hiding import HIDDEN
from trial.trail.models import TrailEvent

log = logging.getLogger(__name__)
REPLICA = "replica"
MOST_LAG_S = 60.0
_LEFT_ALONE_S = 10.0
"""After a trouble the replica is not asked again for so long: each try may cost a request its time."""
_LAG = "SELECT pg_is_in_recovery(), extract(epoch FROM now() - pg_last_xact_replay_timestamp())"
_reading: ContextVar[bool] = ContextVar("reading from the replica", default=False)
_asked_again = [0.0]  # when, by the clock of the process

Read = TypeVar("Read")


class ReplicaBehind(Exception):
    """The replica has not what the question is about, or is none any more."""


class ReplicaReads:
    """Which database a question goes to (a router of Django's)."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return REPLICA if _reading.get() else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


def read_apart(read: Callable[[], Read]) -> Read:
    """What `read` gives, which writes nothing in the database and may be called twice: from the replica where
    there is one that serves and has hidden all that is hidden, else from the primary. It raises ReplicaBehind
    to be called again there."""
    if REPLICA not in settings.DATABASES or time.monotonic() < _asked_again[0]:
        return read()
    hidings = _hidings()
    try:
        with _one_view():
            if _hidings() < hidings:
                raise ReplicaBehind("a text was hidden that it still has")
            return read()
    except ReplicaBehind as problem:
        log.info("read from the primary: %s", problem)
    except (OperationalError, InterfaceError) as problem:
        _asked_again[0] = time.monotonic() + _LEFT_ALONE_S
        log.warning("the replica does not serve, read from the primary: %s", type(problem).__name__)
    return read()


def is_apart() -> bool:
    """Whether the questions of this moment go to the replica."""
    return _reading.get()


@contextmanager
def _one_view() -> Iterator[None]:
    """All questions inside go to the replica and see one moment of it. Raises ReplicaBehind."""
    with transaction.atomic(using=REPLICA):
        _refuse_if_behind()
        reading = _reading.set(True)
        try:
            yield
        finally:
            _reading.reset(reading)


def _hidings() -> int:
    """How many texts have been hidden. Counted, since the one with the highest number need not be the last
    that was committed."""
    return TrailEvent.objects.filter(action=HIDDEN).count()


def _refuse_if_behind() -> None:
    is_replica, lag_s = _state()
    if not is_replica:
        raise ReplicaBehind("REPLICA_DATABASE_URL names a database that is written to itself")
    if lag_s is None or lag_s > MOST_LAG_S:
        raise ReplicaBehind("it has taken in nothing for a minute, as after a quiet hour, or lags")


def _state() -> tuple[bool, float | None]:
    """Whether it takes in what another one writes, and how long ago the last of that was written there."""
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(_LAG)
        is_replica, lag_s = cursor.fetchone()
    return is_replica, None if lag_s is None else float(lag_s)


_WRITTEN = "SELECT pg_current_wal_lsn()"
_BEHIND = "SELECT pg_wal_lsn_diff(%s::pg_lsn, pg_last_wal_replay_lsn())"


def replica() -> Iterator[Finding]:
    """How far the replica is behind (a look of `check_installation`)."""
    if REPLICA not in settings.DATABASES:
        return
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(_WRITTEN)
        (written,) = cursor.fetchone()
    is_replica, lag_s = _state()
    if not is_replica:
        yield wrong("replica", "REPLICA_DATABASE_URL names a database that is written to itself")
        return
    with connections[REPLICA].cursor() as cursor:
        cursor.execute(_BEHIND, [written])
        behind = max(0, int(cursor.fetchone()[0] or 0))
    said = f"{behind} bytes behind; the last act that it has is {lag_s or 0:.0f} s old"
    is_late = behind > 0 and (lag_s is None or lag_s > MOST_LAG_S)
    yield (
        warning("replica", f"{said}: exports are read from the primary")
        if is_late
        else right("replica", said)
    )
