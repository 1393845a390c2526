"""Whether what a lock says still is what the locked casebooks hold.

A plain cut is the state of the data as known at its moment: entry goes on, and nothing of it grows stale. A
lock is meant to be the last word; what is saved after it, in casebooks that two people unlocked, makes it
stale until they are locked again, and then the lock that repeats it tells what changed.
"""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from analytics.locks.locking import extent_of
from analytics.locks.models import Lock
from patients.oversight.casebook_locks import Unlocking
from trial.trail.hiding import HIDDEN
from trial.trail.models import TrailChange, TrailEvent

WRITING = ("page.saved", "subject.checked", HIDDEN)
"""The acts by which a row of a casebook can become another."""

_of_values = TrailChange.objects.filter(event=OuterRef("act")).exclude(item__contains="query.")
"""What changed in an act beside queries, which are no data."""


def saves_since(lock: Lock) -> int:
    """How many acts have changed something in the casebooks of a lock since it was made; of a plain cut none
    count."""
    if lock.decision_id is None:
        return 0
    subjects = extent_of(lock).subjects().order_by().values("code")
    since = TrailEvent.objects.filter(action__in=WRITING, at__gt=lock.made_at, subject__in=subjects)
    return since.filter(Exists(_of_values)).count()


def open_casebooks(lock: Lock) -> list[str]:
    """The casebooks of a lock of which something is unlocked now."""
    if lock.decision_id is None:
        return []
    standing = Unlocking.objects.standing().filter(lock__subject__in=extent_of(lock).subjects())
    return list(standing.order_by("lock__subject__code").values_list("lock__subject__code", flat=True))


def repeated_by(lock: Lock) -> Lock | None:
    """The newest lock that repeats this one."""
    found, later = None, lock.followed_by.order_by("pk").first()
    while later is not None:
        found, later = later, later.followed_by.order_by("pk").first()
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How a lock stands to what is recorded now. `is_stale`: something was saved in its casebooks since, and
    no lock repeats it yet."""

    open_casebooks: tuple[str, ...]
    saves: int
    follows: Lock | None
    repeated_by: Lock | None

    @property
    def is_stale(self) -> bool:
        return bool(self.saves) and self.repeated_by is None


def standing_of(lock: Lock) -> Standing:
    return Standing(tuple(open_casebooks(lock)), saves_since(lock), lock.follows, repeated_by(lock))
