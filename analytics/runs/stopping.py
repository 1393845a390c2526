"""Stopping a run that is not finished, and letting one that failed or was stopped wait again, by hand."""

from functools import partial

from django.db import transaction

from analytics.runs.closing import end
from analytics.runs.models import Run, RunState
from analytics.runs.ring import ring
from analytics.runs.start import queue_again
from trial.people.access import Person, actor_at
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event


class TooLate(Exception):
    """The run is not in the state that was seen."""


def cancel_run(run: Run, *, by: Person, site: str, request_id: str = "") -> None:
    """Stop a run that waits or is computed: whoever computes it writes nothing. Raises TooLate."""
    with transaction.atomic(), acting(actor_at(by, site=site, source=Source.WEB, request_id=request_id)):
        held = Run.objects.select_for_update().get(pk=run.pk)
        if held.state not in (RunState.QUEUED, RunState.RUNNING):
            raise TooLate(str(held))
        end(held, RunState.CANCELLED)
        record_event("run.cancelled", Place(about=f"run {run.pk}"))


def restart_run(run: Run, *, by: Person, site: str, request_id: str = "") -> None:
    """Let a run that failed or was cancelled wait again, and ring. Raises TooLate."""
    with transaction.atomic(), acting(actor_at(by, site=site, source=Source.WEB, request_id=request_id)):
        Run.objects.select_for_update().get(pk=run.pk)
        if not queue_again(run):
            raise TooLate(str(run))
        record_event("run.restarted", Place(about=f"run {run.pk}"))
        transaction.on_commit(partial(ring, run.pk), robust=True)
