"""Ringing the worker. A dead broker breaks nothing: the sweeper rings again what still waits."""

import logging

from analytics.runs.models import Run

log = logging.getLogger(__name__)


def ring(run_id: int) -> None:
    """Tell the workers that a run waits."""
    from analytics.runs.tasks import recompute

    try:
        recompute.apply_async((run_id,), retry=False)
    except Exception as problem:  # whatever the broker's client raises
        log.warning("run %s could not be rung: %s", run_id, problem)


def ring_waiting() -> int:
    """Ring every run that can be claimed; how many there were."""
    waiting = list(Run.objects.claimable().values_list("pk", flat=True))
    for run_id in waiting:
        ring(run_id)
    return len(waiting)
