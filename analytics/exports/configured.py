"""Under which configuration the tables of a lock are made."""

from analytics.locks.models import Lock
from analytics.runs.models import CODES, Run
from trial.protocol.in_force import in_force


def configuration_of(lock: Lock) -> dict[str, str]:
    """That of the newest run of the lock; of a lock that has none, what is in force, with its codes."""
    run = Run.objects.of(lock).order_by("-pk").first()
    if run is not None:
        return dict(run.configuration)
    return {**in_force(), CODES: lock.codes} if lock.codes else in_force()
