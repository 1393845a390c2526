"""Ringing a worker for a file. A dead broker breaks nothing: the sweeper rings again what still waits."""

from analytics.exports.jobs.models import Export
from analytics.runs.ring import send


def ring(number: int) -> None:
    """Tell a worker that a file waits to be made."""
    from analytics.exports.jobs.tasks import make

    send(make, number, f"export {number}")


def ring_waiting() -> int:
    """Ring everything that can be claimed; how many they were."""
    waiting = list(Export.objects.claimable().values_list("pk", flat=True))
    for number in waiting:
        ring(number)
    return len(waiting)
