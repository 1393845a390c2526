"""Closing a part: what it computed is kept and the next stage begins; the last part of all writes the
estimates, once, and signs them in the trail. A failure is tried again, or ends the run."""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from analytics.endpoints.figures import Figure
from analytics.endpoints.listed import Roster, kept, roster_of
from analytics.runs import failure, files
from analytics.runs.models import Estimate, PartState, Run, RunPart, RunState, Step
from analytics.runs.parts import held, tell_of_run
from analytics.runs.ring import ring
from analytics.runs.start import environment
from analytics.runs.steps import STAGES, Results
from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Change, Place, record_event

HELPERS_AT_MOST = 64


def close(part: RunPart, made: Any) -> bool:
    """Keep what a part has computed, if its claim is still the last; whether the run has ended by it.

    Raises Lost, and nothing is kept.
    """
    with transaction.atomic(), acting(system_actor("run", Source.TASK)):
        run = held(part)
        _KEPT_BY.get(part.step, _keep_hash)(run, part, made)
        part.state, part.trouble = PartState.DONE, ""
        part.save(update_fields=("state", "trouble", "hash"))
        if part.step == Step.FINISH:
            end(run, RunState.DONE)
            record_event("run.finished", Place(about=f"run {run.pk}"), _sealed(run))
            return True
        _begin_next_stage(run, part)
        tell_of_run(run)
    return False


def _keep_hash(run: Run, part: RunPart, made: str) -> None:
    part.hash = made


def _keep_slices(run: Run, part: RunPart, made: list[dict[str, Any]]) -> None:
    rows = (RunPart(run=run, step=Step.DATASETS, number=n, slice=one) for n, one in enumerate(made))
    RunPart.objects.bulk_create(rows)
    _ring_helpers(run, len(made) - 1)


def _keep_results(run: Run, part: RunPart, made: Results) -> None:
    figures, run.exhibits = made
    roster = roster_of(run.exhibits)
    Estimate.objects.bulk_create(_estimate(run, figure, roster) for figure in figures)
    run.result_hash, run.environment = result_hash(figures), environment()


_KEPT_BY: dict[str, Callable[[Run, RunPart, Any], None]] = {
    Step.SLICES: _keep_slices,
    Step.FINISH: _keep_results,
}


def _begin_next_stage(run: Run, part: RunPart) -> None:
    """If this part was the last of its stage. The row of the run is held: of two parts that are closed at
    once, the second sees the first."""
    if not run.parts.exclude(state=PartState.DONE).exists():
        stage = next(number for number, steps in enumerate(STAGES) if part.step in steps)
        steps = STAGES[stage + 1]
        RunPart.objects.bulk_create(RunPart(run=run, step=step) for step in steps)
        _ring_helpers(run, len(steps) - 1)


def _ring_helpers(run: Run, parts: int) -> None:
    """Who closes a part goes on by itself; a study of one slice is not worth another's coming."""
    if run.parts.filter(step=Step.DATASETS).count() > 1:
        transaction.on_commit(partial(ring, run.pk, times=min(parts, HELPERS_AT_MOST)), robust=True)


def give_up(part: RunPart, problem: Exception) -> bool:
    """Let a part that failed be tried again later, or fail its run; whether the run has ended by it.

    Raises Lost, and nothing is kept.
    """
    where = failure.where(problem)
    with transaction.atomic(), acting(system_actor("run", Source.TASK)):
        run = held(part)
        if failure.is_tried_again(problem, part.failures):
            _put_off(part, f"{failure.reason(problem)}\n{where}")
            tell_of_run(run)
            return False
        run.error, run.traceback = failure.reason(problem, tries=part.failures + 1), where
        end(run, RunState.FAILED)
        record_event("run.failed", Place(about=f"run {run.pk}"), reason=run.error)
    return True


def _put_off(part: RunPart, trouble: str) -> None:
    part.state, part.trouble, part.failures = PartState.WAITING, trouble, part.failures + 1
    part.not_before = timezone.now() + failure.delay(part.failures)
    part.save(update_fields=("state", "trouble", "failures", "not_before"))


def end(run: Run, state: RunState) -> None:
    """The run is over: nobody computes any more, and its parts are cleared away."""
    run.state, run.finished_at, run.progress = state, timezone.now(), {}
    run.save()
    parts = frozenset(run.parts.values_list("pk", flat=True))
    run.parts.all().delete()
    transaction.on_commit(partial(files.clear, parts), robust=True)


def _sealed(run: Run) -> list[Change]:
    """What the trail signs of a result: of which snapshot, by what, and the result itself."""
    told = {
        "snapshot": ("Snapshot hash", run.snapshot.hash),
        "code_version": ("Version of the code and configuration", run.code_version),
        "environment": ("Environment", json.dumps(run.environment, sort_keys=True)),
        "result_hash": ("Hash of the result", run.result_hash),
    }
    return [Change(item, label, "", value) for item, (label, value) in told.items()]


def _estimate(run: Run, figure: Figure, roster: Roster) -> Estimate:
    return Estimate(
        run=run,
        figure=figure.id,
        value=figure.value,
        text=figure.text,
        n=figure.n,
        size=figure.size,
        reason=figure.reason,
        subjects=kept(figure.subjects, roster),
    )


def result_hash(figures: list[Figure]) -> str:
    """SHA-256 over all figures at full precision: equal for equal results."""
    content = [(figure.id, repr(figure.value), figure.n, figure.size, figure.reason) for figure in figures]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
