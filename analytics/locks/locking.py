"""A lock by two people with its data cut, and what is locked again after something was unlocked.

What is locked is the business of `patients.entry.locking`; here the cut is made in the same transaction, so
that a lock and its snapshot are there together or not at all.
"""

import logging

from django.db import transaction
from django.utils import timezone

from analytics.locks.models import Lock
from analytics.locks.seal import Asked, make_cut
from patients.casebook.page import Subject
from patients.entry.locking import Decided, Extent, lock_again, lock_casebooks
from patients.oversight.casebook_locks import LockRequest, Scope, Unlocking
from trial.people.access import Person, SystemPerson
from trial.people.models import Account
from trial.protocol.study import site_today
from trial.trail.actor import Source

log = logging.getLogger(__name__)


def approve_lock(request: LockRequest, *, by: Account, request_id: str = "") -> Lock:
    """Lock what another asked for, and cut the data by its cut-off.

    Raises as `lock_casebooks` does, and ClocksDisagree; nothing was locked then.
    """
    with transaction.atomic():
        decision = lock_casebooks(request, by=by, request_id=request_id)
        extent = Extent.of(request)
        list(extent.subjects().select_for_update(of=("self",)))  # what was locked before may be open now
        asked = Asked(request.cutoff or site_today(), request.reason, extent, decision=decision)
        return make_cut(asked, by=by, source=Source.WEB)


def relock(unlocking: Unlocking, *, by: Person, source: Source, request_id: str = "") -> list[Lock]:
    """Lock again what was unlocked. Each lock that took the subject in is repeated, by its cut-off, so that
    what changed meanwhile and what it moves can be told; the locks made.

    Raises as `lock_again` does.
    """
    with transaction.atomic():
        lock_again(unlocking, by=by, source=source, request_id=request_id)
        return [_repeated(lock, by, source) for lock in locks_of(unlocking.lock.subject)]


def _repeated(lock: Lock, by: Person, source: Source) -> Lock:
    extent = _extent_of(lock)
    list(extent.subjects().select_for_update(of=("self",)))
    return make_cut(
        Asked(lock.cutoff, lock.reason, extent, decision=lock.decision, follows=lock), by=by, source=source
    )


def _extent_of(lock: Lock) -> Extent:
    request = lock.decision.request if lock.decision else None
    return Extent() if request is None else Extent.of(request)


def locks_of(subject: Subject) -> list[Lock]:
    """The locks by two people that took a subject in and that none repeats yet."""
    made = Lock.objects.exclude(decision=None).filter(followed_by=None)
    of = {Scope.SUBJECT: subject.code, Scope.SITE: subject.site.code, Scope.STUDY: ""}
    found = made.select_related("decision__request__site", "decision__request__subject__site")
    return [lock for lock in found.order_by("pk") if lock.of == of[Scope(lock.scope)]]


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
            log.exception("%s could not be locked again", unlocking)
    return len(found)
