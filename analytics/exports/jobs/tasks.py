"""What the worker does for files that were asked for."""

from celery import Task, shared_task

from analytics.exports.jobs.asking import expire_what_is_over
from analytics.exports.jobs.making import give_up_for_lost, make_export
from analytics.exports.jobs.places import clear_what_was_left
from analytics.exports.jobs.ring import ring, ring_waiting

TURN_SECONDS = 60.0


@shared_task(name="analytics.exports.make", bind=True)
def make(self: "Task[[int], None]", number: int) -> None:
    """Make the file. A long one is left for a moment now and then: the same worker seals the trail."""
    message = self.request.id or ""
    if (self.request.delivery_info or {}).get("redelivered"):
        give_up_for_lost(message)
    if make_export(number, seconds=TURN_SECONDS, holder=message):
        ring(number)


@shared_task(name="analytics.exports.sweep")
def sweep() -> None:
    """Ring again what still waits, or whose worker was lost; remove the files whose time is over."""
    ring_waiting()
    expire_what_is_over()
    clear_what_was_left()
