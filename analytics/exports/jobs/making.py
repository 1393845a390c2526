"""Making a file that was asked for: once, whoever is killed meanwhile.

A worker claims the row, writes a draft and closes the row with the file. It may be killed at any moment: the
row is then claimed again, and the draft is nobody's. A passing trouble is tried again as in a run; whatever
else fails says why.
"""

import logging
import time
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from analytics.exports.files import MadeFile, digest_of
from analytics.exports.jobs import places
from analytics.exports.jobs.models import Export, ExportQuerySet, ExportState
from analytics.exports.jobs.wish import write_wished
from analytics.runs import failure
from analytics.runs.claims import Claim, Lost, beating, claimed
from analytics.runs.failure import LOST_AT_MOST, WorkerLost, WorkersLost

log = logging.getLogger(__name__)


class TurnOver(Exception):
    """The worker has other things to do; the files that are made are kept."""


def make_export(number: int, *, seconds: float = float("inf"), holder: str = "") -> bool:
    """Make a file, if it can be claimed, for so many seconds; whether it is to be gone on with. `holder`
    names the message that asks for it."""
    claim = claimed(Export.objects.filter(pk=number), holder)
    if claim is None:
        return False
    export = Export.objects.select_related("lock__snapshot").get(pk=number)
    try:
        return _made(export, claim, time.monotonic() + seconds)
    except Lost:
        log.info("%s: claim %s is not the last any more", export, claim.number)
        return False
    finally:
        places.draft_of(export).unlink(missing_ok=True)


def _made(export: Export, claim: Claim, until: float) -> bool:
    def watch(done: int, of: int) -> None:
        told = {"done": done, "of": of, "heartbeat": timezone.now()}
        if not Export.objects.of_claim(claim).update(**told):
            raise Lost(str(export))
        if time.monotonic() > until:
            raise TurnOver

    try:
        _refuse_if_lost_again_and_again(export)
        with beating(lambda: Export.objects.of_claim(claim).update(heartbeat=timezone.now()), export):
            made = write_wished(export, places.draft_of(export), watch)
            digest = digest_of(made.path)
        _close(export, claim, made, digest)
    except Lost:
        raise
    except TurnOver:
        return _leave(claim)
    except Exception as problem:
        log.exception("%s failed", export)
        _give_up(export, claim, problem)
    return False


def _close(export: Export, claim: Claim, made: MadeFile, digest: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        row = _held(claim)
        row.state, row.finished_at = ExportState.DONE, now
        row.expires_at = now + timedelta(hours=settings.EXPORT_KEPT_HOURS)
        row.name, row.media_type, row.digest, row.rows = made.name, made.media_type, digest, made.rows
        row.size, row.trouble, row.done = made.path.stat().st_size, "", row.of
        row.save()
        places.put(export)


def _held(claim: Claim) -> Export:
    """The row of a claim that is still its last, under lock. Raises Lost."""
    rows: ExportQuerySet = Export.objects.select_for_update()
    if (row := rows.of_claim(claim).first()) is None:
        raise Lost(str(claim))
    return row


def _leave(claim: Claim) -> bool:
    """Let it wait for its next turn, which is no failure."""
    with transaction.atomic():
        row = _held(claim)
        row.state, row.turns = ExportState.WAITING, row.turns + 1
        row.save()
    return True


def _give_up(export: Export, claim: Claim, problem: Exception) -> None:
    """Let it be tried again later, or fail. Raises Lost."""
    with transaction.atomic():
        row = _held(claim)
        if failure.is_tried_again(problem, row.failures):
            row.state, row.failures = ExportState.WAITING, row.failures + 1
            row.trouble = failure.reason(problem)
            row.not_before = timezone.now() + failure.delay(row.failures)
        else:
            row.state, row.finished_at = ExportState.FAILED, timezone.now()
            row.error = failure.reason(problem, tries=row.failures + 1)
        row.save()


def give_up_for_lost(holder: str) -> None:
    """A message comes again when the process was lost that had it: what it made is tried again."""
    for export in Export.objects.filter(holder=holder, state=ExportState.RUNNING):
        log.warning("%s lost its worker", export)
        lost = WorkerLost("the process that made the file was ended, or had no memory left")
        with suppress(Lost):
            _give_up(export, Claim(export.pk, export.attempts), lost)


def _refuse_if_lost_again_and_again(export: Export) -> None:
    lost = export.attempts - 1 - export.failures - export.turns
    if lost > LOST_AT_MOST:
        raise WorkersLost(f"{lost} workers were lost at it")
