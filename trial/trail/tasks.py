"""What the worker does for the trail, every minute."""

from celery import shared_task

from trial.trail.seals import seal_trail


@shared_task(name="trial.trail.seal")
def seal() -> None:
    """Sign what the trail has grown by, and publish it."""
    seal_trail()
