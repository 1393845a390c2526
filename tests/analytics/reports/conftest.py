"""The invented cohort as its data cut holds it, what a run comes to for it, and its finished lock."""

from datetime import date

import pytest

from analytics.datasets.build import build_datasets
from analytics.endpoints.exhibits import bootstrap_exhibit, exhibits_of
from analytics.endpoints.figures import compute_figures
from analytics.locks import seal
from analytics.locks.cut import all_records
from analytics.locks.models import Lock
from analytics.locks.snapshot import CutSubject, casebook_of
from analytics.runs.compute import compute_run
from analytics.runs.start import run_of
from patients.builder.timeline import Timeline
from tests.analytics.casebooks import CutContent, built, content, cut_instead, without_database
from tests.analytics.computing import Results, comes_to
from trial.people.access import SystemPerson
from trial.trail.actor import Source

CUTOFF = date(2025, 8, 5)


def cut_of(timelines: list[Timeline]) -> list[CutContent]:
    with without_database():
        casebooks = built(timelines)
        return [content(all_records(book), CUTOFF, subject) for subject, book in casebooks.items()]


@pytest.fixture(scope="session")
def cohort(demo_timelines: list[Timeline]) -> list[CutContent]:
    return cut_of(demo_timelines)


@pytest.fixture(scope="session")
def results_of_cohort(cohort: list[CutContent]) -> Results:
    """Figures and exhibits, computed once for all tests of the pages that show them."""
    with without_database():
        subjects = (CutSubject(facts, casebook_of(facts, values)) for facts, values in cohort)
        data = build_datasets(CUTOFF, subjects, with_trace=False)
        return compute_figures(data), exhibits_of(data) | bootstrap_exhibit(data)


@pytest.fixture
def lock(
    db: None, cohort: list[CutContent], results_of_cohort: Results, monkeypatch: pytest.MonkeyPatch
) -> Lock:
    """The finished lock of the cohort."""
    with monkeypatch.context() as patch:
        patch.setattr(seal, "_cut", cut_instead(cohort))
        comes_to(patch, results_of_cohort)
        made = seal.make_lock(CUTOFF, "interim", by=SystemPerson("lock"), source=Source.COMMAND)
        assert compute_run(run_of(made.snapshot).pk)
    return made
