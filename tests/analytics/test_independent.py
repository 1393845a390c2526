"""The figures of any cohort at any cut-off equal those that plain Python makes of its timelines.

The long way is: timeline, pages of the casebook, data cut, datasets, estimators. The short way knows none of
them (`plain.py`).
"""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.endpoints.figure import Figure
from patients.builder.timeline import DAYS, Timeline
from patients.casebook.answers import HeldCasebook
from tests.analytics import plain
from tests.analytics.casebooks import built, figures_at
from tests.patients.builder.strategies import cohorts

SLOW = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
CUTOFFS = [date(2024, 12, 31), date(2025, 2, 1), date(2025, 8, 5)]


pytestmark = pytest.mark.usefixtures("new_registry")


@pytest.fixture(scope="module")
def demo(demo_timelines: list[Timeline]) -> dict[str, HeldCasebook]:
    return built(demo_timelines)


def assert_same(found: dict[str, Figure], expected: dict[str, float | None]) -> None:
    assert found.keys() == expected.keys()
    differing = {
        id: (figure.value, expected[id])
        for id, figure in found.items()
        if figure.value != (None if expected[id] is None else pytest.approx(expected[id], rel=1e-9, abs=1e-9))
    }
    assert differing == {}


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_the_invented_cohort_at_a_cutoff(
    demo: dict[str, HeldCasebook], demo_timelines: list[Timeline], cutoff: date
) -> None:
    assert_same(figures_at(demo, cutoff), plain.figures(demo_timelines, cutoff))


def test_the_invented_cohort_on_every_week_of_the_trial(
    demo: dict[str, HeldCasebook], demo_timelines: list[Timeline]
) -> None:
    weeks = (date(2023, 12, 1) + timedelta(7 * number) for number in range(0, 92, 12))
    for cutoff in weeks:
        assert_same(figures_at(demo, cutoff), plain.figures(demo_timelines, cutoff))


@st.composite
def cohorts_with_cutoffs(draw: st.DrawFn) -> tuple[list[Timeline], date]:
    """The cut-off lies on, just before or just after something that happened, or long after all of it."""
    cohort = draw(cohorts(max_size=8))
    happened = {getattr(timeline, column) for timeline in cohort for column in DAYS} - {None}
    event = draw(st.sampled_from(sorted(happened)))
    return cohort, event + timedelta(draw(st.sampled_from([0, 0, -1, 1, 30, 1000])))


@SLOW
@given(cohorts_with_cutoffs())
def test_any_cohort_at_any_cutoff(case: tuple[list[Timeline], date]) -> None:
    cohort, cutoff = case
    assert_same(figures_at(built(cohort), cutoff), plain.figures(cohort, cutoff))
