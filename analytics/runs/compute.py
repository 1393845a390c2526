"""Computing a run: part after part, for as long as one can be claimed.

One worker alone computes all of a run; several that are rung share its parts. The database row is the truth.
"""

import logging
import time
from contextlib import suppress

from analytics.runs.claims import Lost
from analytics.runs.closing import close, give_up
from analytics.runs.failure import LOST_AT_MOST, WorkerLost, WorkersLost
from analytics.runs.models import PartState, RunPart
from analytics.runs.parts import begin, claim, heartbeat
from analytics.runs.steps import COMPUTED_BY
from trial.protocol.in_force import as_in_force

log = logging.getLogger(__name__)


def compute_run(run_id: int, *, seconds: float = float("inf"), holder: str = "") -> bool:
    """Compute what can be claimed of a run, and after so many seconds no other part; whether the run ended
    by this call. `holder` names the message that asks for it."""
    until = time.monotonic() + seconds
    if not begin(run_id):
        return False
    while (part := claim(run_id, holder)) is not None:
        if _compute(part):
            return True
        if time.monotonic() > until:
            break
    return False


def _compute(part: RunPart) -> bool:
    """Compute a part; whether the run ended by it."""
    try:
        return _computed(part)
    except Lost:
        log.info("%s: claim %s is not the last any more, or the run has ended", part, part.attempts)
        return False


def _computed(part: RunPart) -> bool:
    try:
        _refuse_if_lost_again_and_again(part)
        with heartbeat(part), as_in_force(part.run.configuration):
            made = COMPUTED_BY[part.step](part)
        return close(part, made)
    except Lost:
        raise
    except Exception as problem:
        log.exception("%s failed", part)
        return give_up(part, problem)


def give_up_for_lost(holder: str) -> None:
    """A message comes again when the process was lost that had it: the part that it held is tried again, or
    fails its run, as after any trouble that passes."""
    for part in RunPart.objects.filter(holder=holder, state=PartState.RUNNING):
        log.warning("%s lost its worker", part)
        with suppress(Lost):
            give_up(part, WorkerLost("the process that computed was ended, or had no memory left"))


def _refuse_if_lost_again_and_again(part: RunPart) -> None:
    """A part that takes every worker down (by more memory than there is) must not do so for ever."""
    lost = part.attempts - 1 - part.failures
    if lost > LOST_AT_MOST:
        raise WorkersLost(f"{lost} workers were lost at {part.step} {part.number}")
