"""Turns of a worker at a job: whoever is killed meanwhile, it is done once.

A worker claims the row of the job, works, and closes the row. It may be killed at any moment: the row is then
claimed again. What is made is put in its place before, so that no row is held meanwhile: the file of an
export under the number of the claim, tables under a name that says what they are. A long job is left now and
then, so that the worker does other things as well, and gone on with in its next turn. A passing trouble is
tried again as in a run; whatever else fails says why.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from django.db import models, transaction
from django.utils import timezone

from analytics.runs import failure
from analytics.runs.claims import (
    RUNNING,
    WAITING,
    Claim,
    Claimable,
    ClaimableQuerySet,
    Lost,
    beating,
    claimed,
)
from analytics.runs.failure import LOST_AT_MOST, WorkerLost, WorkersLost

log = logging.getLogger(__name__)
DONE, FAILED = "done", "failed"


class Job(Claimable):
    """Base of the rows. `done` of `of` pieces are made; `turns` counts the claims before that are no trouble:
    a worker left it for other work, or they are forgiven; of one that failed `error` says why."""

    state: str
    of = models.PositiveIntegerField(default=0)
    turns = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        abstract = True


J = TypeVar("J", bound=Job)
Watch = Callable[[int, int], None]
"""Is told how many pieces of how many are made; what it raises ends the turn."""
Close = Callable[[J], None]
"""Tells the row, which is held meanwhile, of what was made and lies in its place already."""
Work = Callable[[J, Watch], Close[J]]


class TurnOver(Exception):
    """The worker has other things to do for so many seconds at least; what is made is kept."""

    def __init__(self, seconds: float = 0) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def take_turn(
    jobs: ClaimableQuerySet[J], work: Work[J], clear: Close[J], *, seconds: float, holder: str
) -> bool:
    """Work at the first of these jobs that can be claimed, for so many seconds; whether it is to be gone on
    with. However the turn ends, `clear` removes what it left. `holder` names the message that asks for it."""
    claim = claimed(jobs, holder)
    if claim is None:
        return False
    job = jobs.get(pk=claim.pk)
    try:
        return _worked(jobs, job, claim, work, time.monotonic() + seconds)
    except Lost:
        log.info("%s: claim %s is not the last any more", job, claim.number)
        return False
    finally:
        clear(job)


def _worked(jobs: ClaimableQuerySet[J], job: J, claim: Claim, work: Work[J], until: float) -> bool:
    def watch(done: int, of: int) -> None:
        if not jobs.of_claim(claim).update(done=done, of=of, heartbeat=timezone.now()):
            raise Lost(str(job))
        if time.monotonic() > until:
            raise TurnOver

    try:
        _refuse_if_lost_again_and_again(job)
        with beating(lambda: jobs.of_claim(claim).update(heartbeat=timezone.now()), job):
            close = work(job, watch)
            _close(jobs, claim, close)
    except Lost:
        raise
    except TurnOver as over:
        _leave(jobs, claim, over.seconds)
        return True
    except Exception as problem:
        log.exception("%s failed", job)
        _give_up(jobs, claim, problem)
    return False


def _close(jobs: ClaimableQuerySet[J], claim: Claim, close: Close[J]) -> None:
    with transaction.atomic():
        row = _held(jobs, claim)
        row.state, row.finished_at, row.trouble, row.done = DONE, timezone.now(), "", row.of
        close(row)
        row.save()


def _held(jobs: ClaimableQuerySet[J], claim: Claim) -> J:
    """The row of a claim that is still its last, under lock. Raises Lost."""
    held: ClaimableQuerySet[J] = jobs.select_for_update(of=("self",))
    if (row := held.of_claim(claim).first()) is None:
        raise Lost(str(claim))
    return row


def _leave(jobs: ClaimableQuerySet[J], claim: Claim, seconds: float) -> None:
    """Let it wait for its next turn, which is no failure."""
    with transaction.atomic():
        row = _held(jobs, claim)
        row.state, row.turns = WAITING, row.turns + 1
        row.not_before = timezone.now() + timedelta(seconds=seconds) if seconds else None
        row.save()


def _give_up(jobs: ClaimableQuerySet[J], claim: Claim, problem: Exception) -> None:
    """Let it be tried again later, or fail. Raises Lost."""
    with transaction.atomic():
        row = _held(jobs, claim)
        if failure.is_tried_again(problem, row.failures):
            row.state, row.failures = WAITING, row.failures + 1
            row.trouble = failure.reason(problem)
            row.not_before = timezone.now() + failure.delay(row.failures)
        else:
            row.state, row.finished_at = FAILED, timezone.now()
            row.error = failure.reason(problem, tries=row.failures + 1)
        row.save()


def give_up_for_lost(jobs: ClaimableQuerySet[J], holder: str) -> None:
    """A message comes again when the process was lost that had it: what it worked at is tried again."""
    for job in jobs.filter(holder=holder, state=RUNNING):
        log.warning("%s lost its worker", job)
        lost = WorkerLost("the process that was at work was ended, or had no memory left")
        with suppress(Lost):
            _give_up(jobs, Claim(job.pk, job.attempts), lost)


def forgive(jobs: ClaimableQuerySet[J], job: J) -> None:
    """A piece is made that is kept: troubles and lost workers of before count no more, only those of what is
    still to be made."""
    jobs.of_claim(Claim(job.pk, job.attempts)).update(failures=0, turns=job.attempts - 1)


def _refuse_if_lost_again_and_again(job: Job) -> None:
    lost = job.attempts - 1 - job.failures - job.turns
    if lost > LOST_AT_MOST:
        raise WorkersLost(f"{lost} workers were lost at it")
