"""A lock by two people with its data cut, and what is locked again after something was unlocked.

What is locked is the business of `patients.entry.locking`; here the cut is made in the same transaction, so
that a lock and its snapshot are there together or not at all.
"""

import logging
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from analytics.locks.models import Lock
from analytics.locks.seal import Asked, make_cut, one_cut_at_a_time
from patients.casebook.page import Subject
from patients.entry.locking import Decided, Extent, lock_again, lock_casebooks
from patients.oversight.casebook_locks import LockRequest, Relocking, Scope, Unlocking
from trial.people.access import Person, SystemPerson
from trial.people.models import Account
from trial.protocol.study import site_today
from trial.trail.actor import Source

log = logging.getLogger(__name__)


def approve_lock(request: LockRequest, *, by: Account, request_id: str = "") -> Lock:
    """Lock what another asked for, and cut the data by its cut-off.

    Raises as `lock_casebooks` does, and ClocksDisagree; nothing was locked then.
    """
    with one_cut_at_a_time(), transaction.atomic():
        decision = lock_casebooks(request, by=by, request_id=request_id)
        extent = Extent.of(request)
        asked = Asked(request.cutoff or site_today(), request.reason, extent, decision=decision)
        return make_cut(asked, by=by, source=Source.WEB)


def relock(unlocking: Unlocking, *, by: Person, source: Source, request_id: str = "") -> list[Lock]:
    """Lock again what was unlocked; then each lock that took the subject in is repeated, by its cut-off, so
    that what changed meanwhile and what it moves can be told. The locks made.

    It is locked again whatever becomes of the cuts: those that fail are made by the worker later. Raises as
    `lock_again` does, and what `make_cut` raises.
    """
    lock_again(unlocking, by=by, source=source, request_id=request_id)
    return repeat_locks(locks_of(unlocking.lock.subject), by=by, source=source)


def repeat_locks(locks: Iterable[Lock], *, by: Person, source: Source) -> list[Lock]:
    """Repeat these locks, each in a transaction of its own, where nothing of them is open; those made."""
    made = (_repeated(lock, by, source) for lock in locks)
    return [lock for lock in made if lock is not None]


def _repeated(lock: Lock, by: Person, source: Source) -> Lock | None:
    """The lock once more, unless somebody else has repeated it."""
    extent = extent_of(lock)
    with one_cut_at_a_time(), transaction.atomic():
        extent.hold()
        if lock.followed_by.exists():
            return None
        asked = Asked(lock.cutoff, lock.reason, extent, decision=lock.decision, follows=lock)
        return make_cut(asked, by=by, source=source)


def extent_of(lock: Lock) -> Extent:
    """What a lock by two people took in."""
    if lock.decision is None:
        raise TypeError(f"{lock} is a cut that nobody decided on")
    return Extent.of(lock.decision.request)


def relocked_since(lock: Lock) -> QuerySet[Relocking]:
    """What was locked again in the casebooks of a lock since it was made."""
    subjects = extent_of(lock).subjects()
    return Relocking.objects.filter(at__gt=lock.made_at, unlocking__lock__subject__in=subjects)


def is_being_repeated(lock: Lock) -> bool:
    """Whether something of a lock was locked again and its next cut is still to come."""
    if lock.decision is None or lock.followed_by.exists():
        return False
    return relocked_since(lock).exists()


def locks_of(subject: Subject) -> list[Lock]:
    """The locks by two people that took a subject in and that none repeats yet."""
    of = {Scope.SUBJECT: subject.code, Scope.SITE: subject.site.code, Scope.STUDY: ""}
    return [lock for lock in _newest_locks() if lock.of == of[Scope(lock.scope)]]


def _newest_locks() -> QuerySet[Lock]:
    made = Lock.objects.exclude(decision=None).filter(followed_by=None).order_by("pk")
    return made.select_related("decision__request__site", "decision__request__subject__site")


def relock_what_is_over() -> int:
    """Lock again every unlocking whose time is over; how many. One that fails keeps no other from it."""
    over = Unlocking.objects.standing().filter(until__lte=timezone.now())
    found = list(over.select_related("lock__subject__site", "decision__request"))
    for unlocking in found:
        try:
            relock(unlocking, by=SystemPerson("lock"), source=Source.TASK)
        except Decided:
            continue
        except Exception:
            log.exception("%s could not be locked again, or its locks not repeated", unlocking)
    return len(found)


def repeat_what_is_missing() -> int:
    """Repeat each lock of which something was locked again and whose cut failed then; how many."""
    missing = [lock for lock in _newest_locks() if relocked_since(lock).exists()]
    return len(repeat_locks(missing, by=SystemPerson("lock"), source=Source.TASK))
