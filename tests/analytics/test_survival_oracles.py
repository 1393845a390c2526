"""The estimators against two independent ones: statsmodels, and Aalen's variance by matrices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff
from statsmodels.stats.proportion import proportion_confint

from analytics.survival import binomial_interval, cumulative_incidence, kaplan_meier, logrank
from tests.analytics.cohorts import Cohort, cohorts, random_cohort, unhurried

SAMPLES = [(seed, size, ties) for seed, size in ((1, 30), (2, 200), (3, 2000)) for ties in (False, True)]


@pytest.mark.parametrize(("seed", "size", "ties"), SAMPLES)
def test_kaplan_meier_is_that_of_statsmodels(seed: int, size: int, ties: bool) -> None:
    cohort = random_cohort(seed, size, ties=ties)
    theirs = SurvfuncRight(cohort.time, cohort.event.astype(int))
    ours = kaplan_meier(cohort.time, cohort.event).at(theirs.surv_times)
    alive = theirs.surv_prob > 0
    np.testing.assert_array_equal(ours.n_risk, theirs.n_risk)
    np.testing.assert_allclose(ours.survival, theirs.surv_prob, atol=1e-12)
    np.testing.assert_allclose(ours.std_error[alive], theirs.surv_prob_se[alive], atol=1e-12)


@pytest.mark.parametrize(("seed", "size", "ties"), SAMPLES)
def test_kaplan_meier_with_late_entries_is_that_of_statsmodels(seed: int, size: int, ties: bool) -> None:
    cohort = random_cohort(seed, size, ties=ties)
    theirs = SurvfuncRight(cohort.time, cohort.event.astype(int), entry=cohort.entry)
    curve = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry)
    own = np.isin(curve.time, theirs.surv_times)
    same = np.isin(theirs.surv_times, curve.time)
    np.testing.assert_array_equal(curve.n_risk[own], theirs.n_risk[same])
    np.testing.assert_allclose(curve.survival[own], theirs.surv_prob[same], atol=1e-12)


@pytest.mark.parametrize(("seed", "size", "ties"), SAMPLES)
def test_incidences_are_those_of_statsmodels(seed: int, size: int, ties: bool) -> None:
    cohort = random_cohort(seed, size, ties=ties)
    theirs = CumIncidenceRight(cohort.time, cohort.cause)
    ours = cumulative_incidence(cohort.time, cohort.cause)
    for cause, curve in ours.items():
        at = curve.at(theirs.times)
        np.testing.assert_allclose(at.incidence, theirs.cinc[cause - 1], atol=1e-12)
        np.testing.assert_allclose(at.std_error, theirs.cinc_se[cause - 1], atol=1e-9)


@pytest.mark.parametrize(("seed", "size", "ties"), SAMPLES)
@pytest.mark.parametrize("groups", [2, 3, 5])
def test_logrank_is_that_of_statsmodels(seed: int, size: int, ties: bool, groups: int) -> None:
    cohort = random_cohort(seed, size, ties=ties)
    group = np.random.default_rng(seed + 100).integers(0, groups, size)
    statistic, p_value = survdiff(cohort.time, cohort.event.astype(int), group)
    ours = logrank(cohort.time, cohort.event, group)
    assert ours.df == groups - 1
    assert ours.statistic == pytest.approx(statistic, abs=1e-9)
    assert ours.p_value == pytest.approx(p_value, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 19, 100, 1000])
@pytest.mark.parametrize(("method", "theirs"), [("clopper-pearson", "beta"), ("wilson", "wilson")])
def test_binomial_intervals_are_those_of_statsmodels(n: int, method: str, theirs: str) -> None:
    for x in {0, 1, n // 3, n // 2, n - 1, n}:
        lower, upper = proportion_confint(x, n, alpha=0.05, method=theirs)
        ours = binomial_interval(x, n, method=method)  # type: ignore[arg-type]
        assert (ours.lower, ours.upper) == pytest.approx((lower, upper), abs=1e-9)


# ---- Aalen's variance by matrices --------------------------------------------------------------------------


def one_step(
    row: NDArray[np.float64], variance: NDArray[np.float64], left: NDArray[np.float64], n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """State probabilities and their covariance after `left` of the n at risk went to states 1, 2, ...

    Andersen, Borgan, Gill and Keiding 1993, IV.4: the covariance is carried along by I + dA and grows by the
    Greenwood-type covariance of dA, of which only the row of state 0 is not empty.
    """
    out = np.concatenate(([-left.sum()], left))
    transition = np.eye(row.size)
    transition[0] += out / n
    leaving = np.zeros((row.size, row.size))
    leaving[1:, 1:] = (n * np.diag(left) - np.outer(left, left)) / n**3
    leaving[0, 1:] = leaving[1:, 0] = -leaving[1:, 1:].sum(axis=0)
    leaving[0, 0] = leaving[1:, 1:].sum()
    return row @ transition, transition.T @ variance @ transition + row[0] ** 2 * leaving


@unhurried
@given(cohorts(), st.booleans())
def test_the_variance_of_an_incidence_is_aalens_by_matrices(cohort: Cohort, late: bool) -> None:
    entry = cohort.entry if late else np.full_like(cohort.time, -1)
    curves = cumulative_incidence(cohort.time, cohort.cause, entry=entry)
    row, variance = np.array([1.0, 0.0, 0.0]), np.zeros((3, 3))
    for place, t in enumerate(np.unique(cohort.time)):
        n = int(np.sum((entry < t) & (cohort.time >= t)))
        left = np.array([np.sum((cohort.time == t) & (cohort.cause == cause)) for cause in (1, 2)])
        row, variance = one_step(row, variance, left.astype(float), n)
        for cause, curve in curves.items():
            assert curve.incidence[place] == pytest.approx(row[cause], rel=1e-9, abs=1e-12)
            assert curve.std_error[place] ** 2 == pytest.approx(variance[cause, cause], rel=1e-9, abs=1e-12)
