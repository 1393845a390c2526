"""What the worker does when it is rung."""

from celery import shared_task

from analytics.runs.compute import compute_run
from analytics.runs.ring import ring_waiting


@shared_task(name="analytics.runs.recompute")
def recompute(run_id: int) -> None:
    """Compute the run, unless somebody else does or has."""
    compute_run(run_id)


@shared_task(name="analytics.runs.sweep")
def sweep() -> None:
    """Ring again what still waits, or whose worker was lost."""
    ring_waiting()
