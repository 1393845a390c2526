"""The life of a part of a run, from the beginning of its run; how a part is claimed says `claims.py`."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from analytics.runs.claims import Claim, ClaimableQuerySet, Lost, beating, claimed
from analytics.runs.models import PartState, Run, RunPart, RunState, Step
from analytics.runs.start import code_version

log = logging.getLogger(__name__)


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
    found = claimed(RunPart.objects.filter(run=run_id), holder)
    return _claimed(found) if found else None


def _claimed(found: Claim) -> RunPart | None:
    """The part of a claim; None if it was cleared away just now."""
    part = RunPart.objects.select_related("run__snapshot").of_claim(found).first()
    if part is not None:
        log.info("run %s: %s %s, claim %s", part.run_id, part.step, part.number, found.number)
        if found.number > 1:
            Run.objects.filter(pk=part.run_id).update(attempts=F("attempts") + 1)
    return part


def _last_claim(part: RunPart) -> ClaimableQuerySet[RunPart]:
    return RunPart.objects.of_claim(Claim(part.pk, part.attempts))


def held(part: RunPart) -> Run:
    """The run of a part whose claim is still the last, its row under lock. Raises Lost."""
    run = Run.objects.select_for_update(of=("self",)).select_related("snapshot").get(pk=part.run_id)
    if run.state != RunState.RUNNING or not _last_claim(part).exists():
        raise Lost(str(part))
    return run


# --- alive ------------------------------------------------------------------------------------------------
def heartbeat(part: RunPart) -> AbstractContextManager[None]:
    """Tell every third of a lease that the worker of this claim is alive."""
    return beating(lambda: _last_claim(part).update(heartbeat=timezone.now()), part)


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
