"""Ringing the worker. A dead broker breaks nothing: the sweeper rings again what still waits."""

import logging

from celery import Task

from analytics.runs.models import Run

log = logging.getLogger(__name__)


def ring(run_id: int, *, times: int = 1) -> None:
    """Tell so many workers that a run waits, or that there is a part for each of them."""
    from analytics.runs.tasks import recompute

    send(recompute, run_id, f"run {run_id}", times=times)


def send(task: "Task[[int], None]", number: int, about: str, *, times: int = 1) -> None:
    """Send a task with a number so many times."""
    send_with(task, (number,), about, times=times)


def send_with(task: "Task[..., None]", told: tuple[int | str, ...], about: str, *, times: int = 1) -> None:
    """Send a task with what it is told so many times; a broker that does not answer is a line of the log."""
    try:
        for _worker in range(times):
            task.apply_async(told, retry=False)
    except Exception as problem:  # whatever the broker's client raises
        log.warning("%s could not be rung: %s", about, problem)


def ring_waiting() -> int:
    """Ring every run that can be claimed, or of which a part can; how many there were."""
    waiting = list(Run.objects.claimable().values_list("pk", flat=True))
    for run_id in waiting:
        ring(run_id)
    return len(waiting)
