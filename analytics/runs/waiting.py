"""Waiting for a run: for a worker that is there, else for one that is started, at last in this process."""

import time
from collections.abc import Callable

from analytics.runs.compute import compute_run
from analytics.runs.models import ENDED, Run, RunPart
from analytics.runs.own_worker import LOG, Worker, own_worker
from analytics.runs.ring import ring

UNCLAIMED_SECONDS = 2.0
RING_SECONDS = 10.0
WORKER_SECONDS = 60.0
POLL_SECONDS = 0.05


def wait_for(run: Run, say: Callable[[str], object]) -> Run:
    """Wait until a run is done or failed, and `say` what is done for it.

    A run that nobody has claimed in time gets a worker of this command's own. Where that one cannot be rung
    or is lost, the run is computed here: the row is all that this needs.
    """
    if _ends(run, UNCLAIMED_SECONDS):
        return run
    with own_worker() as worker:
        say(f"no worker has claimed run {run.pk}: started one, process {worker.pid}, log {LOG}")
        served = _serves(worker, run)
    if not served:
        say(f"that worker did not finish run {run.pk}: it is computed in this process")
    while not served:
        compute_run(run.pk)
        served = _ends(run, UNCLAIMED_SECONDS)
    return run


def _serves(worker: Worker, run: Run) -> bool:
    """Whether the run ends while the worker is there. It is rung again: a message dies with who took it."""
    until = time.monotonic() + WORKER_SECONDS
    while not _ends(run, RING_SECONDS, worker):
        if worker.poll() is not None or time.monotonic() > until:
            return False
        ring(run.pk)
    return True


def _ends(run: Run, unclaimed: float, worker: Worker | None = None) -> bool:
    """Wait for the end of a run; False once nobody has held it for so many seconds, or its worker is gone.

    Who holds a part of a run either ends it or falls silent for a lease, so that is waited for, also where
    other parts still wait. The row is fresh after.
    """
    since = time.monotonic()
    while True:
        run.refresh_from_db()
        if run.state in ENDED:
            return True
        if _is_held(run):
            since = time.monotonic()
        elif time.monotonic() > since + unclaimed or (worker and worker.poll() is not None):
            return False
        time.sleep(POLL_SECONDS)


def _is_held(run: Run) -> bool:
    """Whether somebody is at it, or there is nothing of it to be had."""
    parts = RunPart.objects.filter(run=run)
    return parts.held().exists() or not Run.objects.claimable().filter(pk=run.pk).exists()
