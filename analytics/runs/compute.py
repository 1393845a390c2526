"""Computing a run: claimed by one worker, alive by its heartbeat, finished once.

A claim is a conditional update, and each claim has a number. Whoever finishes must still hold the last
claim: a worker that was given up for dead and comes back writes nothing.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from analytics.datasets.build import build_datasets
from analytics.endpoints.exhibits import exhibits_of
from analytics.endpoints.figures import Figure, compute_figures
from analytics.locks.codes import with_codes
from analytics.locks.snapshot import CutSubject, read_snapshot
from analytics.runs.models import Estimate, Run, RunState
from analytics.runs.start import code_version, environment
from trial.protocol.in_force import as_in_force
from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Change, Place, record_event

log = logging.getLogger(__name__)
TOLD_EVERY = 250  # subjects


def compute_run(run_id: int) -> bool:
    """Compute a run if it can be claimed; whether this call finished it."""
    run = _claim(run_id)
    if run is None:
        return False
    try:
        with _heartbeat(run):
            figures, exhibits = results_of(run)
    except Lost:
        log.info("run %s: claim %s is not the last any more, or was cancelled", run_id, run.attempts)
        return False
    except Exception as problem:
        log.exception("run %s failed", run_id)
        return _fail(run, problem)
    return _finish(run, figures, exhibits)


def results_of(run: Run) -> tuple[list[Figure], dict[str, Any]]:
    """Every figure and the exhibits of the snapshot, under the configuration of the run."""
    with as_in_force(run.configuration):
        cutoff, subjects = read_snapshot(run.snapshot.path)
        coded = with_codes(_watched(run, subjects), run.codes)
        data = build_datasets(cutoff, coded, with_trace=False)
        return compute_figures(data), exhibits_of(data)


class Lost(Exception):
    """Somebody else holds the run, or nobody any more: it was cancelled."""


def _watched(run: Run, subjects: Iterable[CutSubject]) -> Iterator[CutSubject]:
    """The subjects one by one, telling now and then how many there were. Raises Lost."""
    for number, subject in enumerate(subjects, 1):
        if number % TOLD_EVERY == 0:
            _tell(run, number)
        yield subject


def _tell(run: Run, done: int) -> None:
    held = Run.objects.filter(pk=run.pk, attempts=run.attempts, state=RunState.RUNNING)
    if not held.update(progress={"done": done, "of": run.snapshot.subjects}, heartbeat=timezone.now()):
        raise Lost(str(run))


def _claim(run_id: int) -> Run | None:
    """The run as claimed, or None if it is finished, somebody else's, or made for another version.

    The number of the claim is taken under the lock of the row, so that no two workers hold the same.
    """
    with transaction.atomic():
        run = (
            Run.objects.claimable()
            .select_for_update(of=("self",))
            .select_related("snapshot")
            .filter(pk=run_id)
            .first()
        )
        if run is None or not _is_ours(run):
            return None
        run.state, run.heartbeat, run.attempts = RunState.RUNNING, timezone.now(), run.attempts + 1
        run.save()
    log.info("run %s: claim %s", run_id, run.attempts)
    return run


def _is_ours(run: Run) -> bool:
    """Whether the run asks for this version of the code; during an upgrade it may not."""
    ours = code_version(run.configuration) == run.code_version
    if not ours:
        log.warning("%s waits for another version of the code", run)
    return ours


@contextmanager
def _heartbeat(run: Run) -> Iterator[None]:
    """Tell every third of a lease that the worker of this claim is alive."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(run.pk, run.attempts, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(run_id: int, claim: int, stop: threading.Event) -> None:
    """A beat that the database misses is no reason to stop beating."""
    while not stop.wait(settings.RUN_LEASE_SECONDS / 3):
        try:
            Run.objects.filter(pk=run_id, attempts=claim).update(heartbeat=timezone.now())
        except DatabaseError as problem:
            log.warning("run %s could not say that its worker is alive: %s", run_id, problem)
        finally:
            connection.close()


def _held(run: Run) -> bool:
    """Whether this claim is still the last; the row stays under lock."""
    claimed = Run.objects.select_for_update().filter(pk=run.pk, attempts=run.attempts, state=RunState.RUNNING)
    return claimed.first() is not None


def _finish(run: Run, figures: list[Figure], exhibits: dict[str, Any]) -> bool:
    with transaction.atomic(), acting(system_actor("run", Source.TASK)):
        if not _held(run):
            return False
        Estimate.objects.bulk_create(_estimate(run, figure) for figure in figures)
        run.state, run.finished_at, run.result_hash = RunState.DONE, timezone.now(), result_hash(figures)
        run.exhibits, run.environment, run.progress = exhibits, environment(), {}
        run.save()
        record_event("run.finished", Place(about=f"run {run.pk}"), _sealed(run))
    return True


def _sealed(run: Run) -> list[Change]:
    """What the trail signs of a result: of which snapshot, by what, and the result itself."""
    told = {
        "snapshot": ("Snapshot hash", run.snapshot.hash),
        "code_version": ("Version of the code and configuration", run.code_version),
        "environment": ("Environment", json.dumps(run.environment, sort_keys=True)),
        "result_hash": ("Hash of the result", run.result_hash),
    }
    return [Change(item, label, "", value) for item, (label, value) in told.items()]


def _fail(run: Run, problem: Exception) -> bool:
    with transaction.atomic(), acting(system_actor("run", Source.TASK)):
        if not _held(run):
            return False
        run.state, run.finished_at = RunState.FAILED, timezone.now()
        run.error = f"{type(problem).__name__}: {problem}"
        run.save()
        record_event("run.failed", Place(about=f"run {run.pk}"), reason=run.error)
    return True


def _estimate(run: Run, figure: Figure) -> Estimate:
    return Estimate(
        run=run,
        figure=figure.id,
        value=figure.value,
        text=figure.text,
        n=figure.n,
        size=figure.size,
        reason=figure.reason,
        subjects=list(figure.subjects),
    )


def result_hash(figures: list[Figure]) -> str:
    """SHA-256 over all figures at full precision: equal for equal results."""
    content = [(figure.id, repr(figure.value), figure.n, figure.size, figure.reason) for figure in figures]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
