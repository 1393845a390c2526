"""What a run comes to: computed plainly in one go, or put in the place of a computation."""

from typing import Any

import pytest

from analytics.datasets.build import build_datasets
from analytics.endpoints.exhibits import bootstrap_exhibit, exhibits_of
from analytics.endpoints.figures import Figure, compute_figures
from analytics.locks.codes import with_codes
from analytics.locks.snapshot import read_snapshot
from analytics.runs import steps
from analytics.runs.models import Run, Step
from trial.protocol.in_force import as_in_force

Results = tuple[list[Figure], dict[str, Any]]


def results_of(run: Run) -> Results:
    """Figures and exhibits of the whole snapshot, without any parts."""
    with as_in_force(run.configuration):
        cutoff, subjects = read_snapshot(run.snapshot.path)
        data = build_datasets(cutoff, with_codes(subjects, run.codes), with_trace=False)
        return compute_figures(data), exhibits_of(data) | bootstrap_exhibit(data)


def comes_to(patch: pytest.MonkeyPatch, results: Results) -> None:
    """Every run comes to these results, whatever its snapshot holds."""
    for step in (Step.DATASETS, Step.FIGURES, Step.EXHIBITS, Step.BOOTSTRAP):
        patch.setitem(steps.COMPUTED_BY, step, lambda part: "")
    patch.setitem(steps.COMPUTED_BY, Step.FINISH, lambda part: results)
