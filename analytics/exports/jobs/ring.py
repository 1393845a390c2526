"""Ringing a worker for a file. A dead broker breaks nothing: the sweeper rings again what still waits."""

import logging

from analytics.exports.jobs.models import Export

log = logging.getLogger(__name__)


def ring(number: int) -> None:
    """Tell a worker that a file waits to be made."""
    from analytics.exports.jobs.tasks import make

    try:
        make.apply_async((number,), retry=False)
    except Exception as problem:  # whatever the broker's client raises
        log.warning("export %s could not be rung: %s", number, problem)


def ring_waiting() -> int:
    """Ring everything that can be claimed; how many they were."""
    waiting = list(Export.objects.claimable().values_list("pk", flat=True))
    for number in waiting:
        ring(number)
    return len(waiting)
