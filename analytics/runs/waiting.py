"""Waiting for a run, and computing it here where nobody else does."""

import time

from analytics.runs.compute import compute_run
from analytics.runs.models import Run, RunState

UNCLAIMED_SECONDS = 2.0
POLL_SECONDS = 0.05


def wait_for(run: Run) -> Run:
    """Wait until a run is done or failed.

    If no worker has claimed it in time, or its worker was lost, this process becomes its worker: the row is
    all that a worker needs, so it also works where the broker is dead.
    """
    while not _finished(run, within=UNCLAIMED_SECONDS):
        compute_run(run.pk)
    return run


def _finished(run: Run, *, within: float) -> bool:
    """Whether the run ends within so many seconds; the row is fresh afterwards."""
    until = time.monotonic() + within
    while True:
        run.refresh_from_db()
        if run.state in (RunState.DONE, RunState.FAILED):
            return True
        if time.monotonic() > until:
            return False
        time.sleep(POLL_SECONDS)
