"""What the worker does when it is rung."""

from celery import Task, shared_task

from analytics.runs import files
from analytics.runs.compute import compute_run, give_up_for_lost
from analytics.runs.models import Run
from analytics.runs.ring import ring, ring_waiting
from trial.storage import kept

TURN_SECONDS = 60.0


@shared_task(name="analytics.runs.recompute", bind=True)
def recompute(self: "Task[[int], None]", run_id: int) -> None:
    """Compute what there is to do of the run. A long one is left for a moment now and then, so that the same
    worker seals the trail and sends its mails meanwhile."""
    message = self.request.id or ""
    if (self.request.delivery_info or {}).get("redelivered"):
        give_up_for_lost(message)
    ended = compute_run(run_id, seconds=TURN_SECONDS, holder=message)
    if not ended and Run.objects.claimable().filter(pk=run_id).exists():
        ring(run_id)


@shared_task(name="analytics.runs.sweep")
def sweep() -> None:
    """Ring again what still waits, or whose worker was lost, or whose time to be tried again has come."""
    ring_waiting()
    files.clear_what_was_left()
    kept.clear_what_was_left()
