"""The life of a part: claimed by one worker, alive by its heartbeat, closed once.

A claim is a conditional update, and each claim has a number. Whoever closes a part must still hold its last
claim: a worker that was given up for dead and comes back writes nothing.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from analytics.runs.models import PartState, Run, RunPart, RunState, Step
from analytics.runs.start import code_version

log = logging.getLogger(__name__)


class Lost(Exception):
    """Somebody else holds the part, or nobody any more: its run has ended."""


def begin(run_id: int) -> bool:
    """Whether a run is to be computed by this version of the code; one that waits has its first part then."""
    with transaction.atomic():
        going = (RunState.QUEUED, RunState.RUNNING)
        run = Run.objects.select_for_update().filter(pk=run_id, state__in=going).first()
        if run is None or not _is_ours(run):
            return False
        if run.state == RunState.QUEUED:
            run.state, run.heartbeat, run.attempts = RunState.RUNNING, timezone.now(), run.attempts + 1
            run.save()
            run.parts.create(step=Step.SLICES)
    return True


def _is_ours(run: Run) -> bool:
    """Whether the run asks for this version of the code; during an upgrade it may not."""
    ours = code_version(run.configuration) == run.code_version
    if not ours:
        log.warning("%s waits for another version of the code", run)
    return ours


def claim(run_id: int, holder: str = "") -> RunPart | None:
    """The next part of a run, as claimed for a message; None if there is none to be had."""
    waiting = RunPart.objects.claimable().filter(run=run_id)
    for pk, attempts in waiting.values_list("pk", "attempts"):
        this = RunPart.objects.claimable().filter(pk=pk, attempts=attempts)
        now = timezone.now()
        told = {"state": PartState.RUNNING, "heartbeat": now, "holder": holder, "done": 0}
        if this.update(attempts=attempts + 1, **told):
            return _claimed(pk, attempts + 1)
    return None


def _claimed(pk: int, attempts: int) -> RunPart | None:
    """The part of a claim; None if it was cleared away just now."""
    part = RunPart.objects.select_related("run__snapshot").filter(pk=pk, attempts=attempts).first()
    if part is not None:
        log.info("run %s: %s %s, claim %s", part.run_id, part.step, part.number, attempts)
        if attempts > 1:
            Run.objects.filter(pk=part.run_id).update(attempts=F("attempts") + 1)
    return part


def _last_claim(part: RunPart) -> Any:
    return RunPart.objects.filter(pk=part.pk, attempts=part.attempts, state=PartState.RUNNING)


def held(part: RunPart) -> Run:
    """The run of a part whose claim is still the last, its row under lock. Raises Lost."""
    run = Run.objects.select_for_update(of=("self",)).select_related("snapshot").get(pk=part.run_id)
    if run.state != RunState.RUNNING or not _last_claim(part).exists():
        raise Lost(str(part))
    return run


# --- alive ------------------------------------------------------------------------------------------------
@contextmanager
def heartbeat(part: RunPart) -> Iterator[None]:
    """Tell every third of a lease that the worker of this claim is alive."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(part, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(part: RunPart, stop: threading.Event) -> None:
    """A beat that the database misses is no reason to stop beating."""
    while not stop.wait(settings.RUN_LEASE_SECONDS / 3):
        try:
            _last_claim(part).update(heartbeat=timezone.now())
        except DatabaseError as problem:
            log.warning("%s could not say that its worker is alive: %s", part, problem)
        finally:
            connection.close()


# --- how far ----------------------------------------------------------------------------------------------
TOLD_EVERY = 25  # subjects


def watched(part: RunPart, subjects: Iterable[Any]) -> Iterator[Any]:
    """The subjects one by one, telling now and then how many there were. Raises Lost."""
    for number, subject in enumerate(subjects, 1):
        if number % TOLD_EVERY == 0:
            tell(part, number)
        yield subject


def tell(part: RunPart, done: int) -> None:
    """Say how many subjects of a part are read. Raises Lost."""
    if not _last_claim(part).update(done=done, heartbeat=timezone.now()):
        raise Lost(str(part))
    tell_of_run(part.run)


def tell_of_run(run: Run) -> None:
    """Sum up for those who wait: the step of the run, the subjects that are read in all, the last trouble."""
    parts = RunPart.objects.filter(run=run)
    open_part = parts.exclude(state=PartState.DONE).first()
    troubled = parts.exclude(state=PartState.DONE).exclude(trouble="").last()
    progress = {
        "step": open_part.step if open_part else Step.FINISH,
        "done": parts.aggregate(all=Sum("done"))["all"] or 0,
        "of": run.snapshot.subjects,
        "trouble": troubled.trouble.partition("\n")[0] if troubled else "",
    }
    going = Run.objects.filter(pk=run.pk, state=RunState.RUNNING)
    going.update(progress=progress, heartbeat=timezone.now())
