"""What the worker does for the locks."""

from celery import shared_task

from analytics.locks.locking import relock_what_is_over


@shared_task(name="analytics.locks.relock")
def lock_again() -> int:
    """Lock again what was unlocked until now; how many unlockings that were."""
    return relock_what_is_over()
