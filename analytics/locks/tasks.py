"""What the worker does for the locks."""

from celery import shared_task

from analytics.locks.locking import relock_what_is_over, repeat_what_is_missing


@shared_task(name="analytics.locks.relock")
def lock_again() -> int:
    """Lock again what was unlocked until now; how many unlockings that were. Cuts that failed are made."""
    over = relock_what_is_over()
    repeat_what_is_missing()
    return over
