"""What the monitoring reads of runs: a run that waits long has no worker."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone

from analytics.runs.models import ENDED, Run, RunState
from trial.installation.measuring import Measure


def runs_by_state() -> Iterator[Measure]:
    counted = dict(Run.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in RunState:
        yield Measure("chimera_runs", "Runs by state.", counted.get(state, 0), {"state": state.value})
    oldest = Run.objects.exclude(state__in=ENDED).aggregate(at=Min("queued_at"))["at"]
    waits_s = (timezone.now() - oldest).total_seconds() if oldest else 0.0
    yield Measure("chimera_oldest_run_seconds", "Age of the oldest run that has not ended.", waits_s)
