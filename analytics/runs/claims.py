"""The life of a piece of work: claimed by one worker, alive by its heartbeat, closed once.

A claim is a conditional update, and each claim has a number. Whoever closes a piece must still hold its last
claim: a worker that was given up for dead and comes back writes nothing.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection, models
from django.db.models import Q
from django.utils import timezone

log = logging.getLogger(__name__)
WAITING, RUNNING = "waiting", "running"


class Lost(Exception):
    """Somebody else holds the piece, or nobody any more: the whole of it has ended."""


class Claimable(models.Model):
    """Base of the rows that workers claim; their `state` is `waiting` or `running` until they are closed.

    `attempts` numbers the claims; the last one alone may close the row. `failures` counts the passing
    troubles, of which `trouble` is the last; it is not claimed again before `not_before`. `done` says how far
    the holder of the last claim is, `holder` is the message that brought it.
    """

    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    trouble = models.TextField(blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    done = models.PositiveIntegerField(default=0)
    holder = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Claimable, covariant=True)


class ClaimableQuerySet(models.QuerySet[Row]):
    def claimable(self) -> "ClaimableQuerySet[Row]":
        """Rows that wait and whose time has come, or whose worker has not been heard of for a lease."""
        now = timezone.now()
        lost = now - timedelta(seconds=settings.RUN_LEASE_SECONDS)
        due = Q(not_before=None) | Q(not_before__lte=now)
        return self.filter(Q(due, state=WAITING) | Q(state=RUNNING, heartbeat__lt=lost))

    def held(self) -> "ClaimableQuerySet[Row]":
        """Rows that somebody is at who has been heard of within a lease."""
        lost = timezone.now() - timedelta(seconds=settings.RUN_LEASE_SECONDS)
        return self.filter(state=RUNNING, heartbeat__gte=lost)

    def of_claim(self, claim: "Claim") -> "ClaimableQuerySet[Row]":
        """The row of a claim that is still its last."""
        return self.filter(pk=claim.pk, attempts=claim.number, state=RUNNING)


class Claim(NamedTuple):
    """Which row is claimed, and for which time."""

    pk: int
    number: int


def claimed(rows: ClaimableQuerySet[Row], holder: str) -> Claim | None:
    """The first of these rows that can be claimed, as claimed for a message; None if there is none."""
    for pk, attempts in rows.claimable().values_list("pk", "attempts"):
        this = rows.claimable().filter(pk=pk, attempts=attempts)
        told = {"state": RUNNING, "heartbeat": timezone.now(), "holder": holder, "done": 0}
        if this.update(attempts=attempts + 1, **told):
            return Claim(pk, attempts + 1)
    return None


@contextmanager
def beating(alive: Callable[[], object], what: object) -> Iterator[None]:
    """Tell every third of a lease that the worker of a claim is alive."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(alive, what, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(alive: Callable[[], object], what: object, stop: threading.Event) -> None:
    """A beat that the database misses is no reason to stop beating."""
    while not stop.wait(settings.RUN_LEASE_SECONDS / 3):
        try:
            alive()
        except DatabaseError as problem:
            log.warning("%s could not say that its worker is alive: %s", what, problem)
        finally:
            connection.close()
