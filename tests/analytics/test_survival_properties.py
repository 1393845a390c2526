"""What must hold of the estimators in every cohort."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analytics.survival import (
    ConfType,
    SurvivalCurve,
    binomial_interval,
    cumulative_incidence,
    kaplan_meier,
    logrank,
    reverse_kaplan_meier,
)
from tests.analytics.cohorts import MONTH_DAYS, Cohort, cohorts, unhurried

CURVE_FIELDS = ("time", "n_risk", "n_event", "n_censor", "survival", "std_error", "lower", "upper")
conf_types = st.sampled_from(("log", "log-log", "plain"))
levels = st.floats(0.5, 0.999)


def assert_same_curve(one: SurvivalCurve, other: SurvivalCurve) -> None:
    for field in CURVE_FIELDS:
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), err_msg=field)


# ---- Kaplan-Meier ------------------------------------------------------------------------------------------


@unhurried
@given(cohorts(), conf_types, levels, st.booleans())
def test_survival_falls_from_one_and_its_limits_hold_it(
    cohort: Cohort, conf_type: ConfType, level: float, late: bool
) -> None:
    entry = cohort.entry if late else None
    curve = kaplan_meier(cohort.time, cohort.event, entry=entry, conf_type=conf_type, level=level)
    assert np.all(np.diff(curve.survival) <= 0)
    assert np.all((curve.survival >= 0) & (curve.survival <= 1))
    alive = curve.survival > 0
    assert np.all((curve.lower[alive] >= 0) & (curve.lower[alive] <= curve.survival[alive] + 1e-12))
    assert np.all((curve.survival[alive] <= curve.upper[alive] + 1e-12) & (curve.upper[alive] <= 1))
    undefined = [curve.std_error[~alive], curve.lower[~alive], curve.upper[~alive]]
    assert np.isnan(np.concatenate(undefined)).all()


@unhurried
@given(cohorts(), st.booleans())
def test_counts_of_a_curve_add_up(cohort: Cohort, late: bool) -> None:
    curve = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry if late else None)
    assert curve.n_event.sum() == cohort.event.sum()
    assert curve.n_event.sum() + curve.n_censor.sum() == cohort.time.size
    entered = cohort.entry if late else np.full_like(cohort.time, -1)
    expected = [int(np.sum((entered < t) & (cohort.time >= t))) for t in curve.time]
    assert curve.n_risk.tolist() == expected


@unhurried
@given(cohorts(), st.randoms(use_true_random=False), conf_types)
def test_the_order_of_the_subjects_does_not_matter(
    cohort: Cohort, random: object, conf_type: ConfType
) -> None:
    order = np.arange(cohort.time.size)
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = cohort.reordered(order)
    one = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry, conf_type=conf_type)
    assert_same_curve(
        one, kaplan_meier(shuffled.time, shuffled.event, entry=shuffled.entry, conf_type=conf_type)
    )
    incidences = cumulative_incidence(cohort.time, cohort.cause, entry=cohort.entry)
    again = cumulative_incidence(shuffled.time, shuffled.cause, entry=shuffled.entry)
    for cause, curve in incidences.items():
        np.testing.assert_array_equal(curve.incidence, again[cause].incidence)
        np.testing.assert_array_equal(curve.std_error, again[cause].std_error)


@unhurried
@given(cohorts(), conf_types)
def test_days_or_months_make_no_difference_but_to_the_times(cohort: Cohort, conf_type: ConfType) -> None:
    days = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry, conf_type=conf_type)
    months = kaplan_meier(
        cohort.time / MONTH_DAYS, cohort.event, entry=cohort.entry / MONTH_DAYS, conf_type=conf_type
    )
    for field in CURVE_FIELDS[1:]:
        np.testing.assert_array_equal(getattr(days, field), getattr(months, field), err_msg=field)
    in_days, in_months = days.quantile(0.5), months.quantile(0.5)
    for d, m in zip(
        (in_days.value, in_days.lower, in_days.upper),
        (in_months.value, in_months.lower, in_months.upper),
        strict=True,
    ):
        assert (d is None and m is None) or m == pytest.approx(d / MONTH_DAYS)


@unhurried
@given(cohorts())
def test_without_censoring_the_curve_is_the_share_still_alive(cohort: Cohort) -> None:
    curve = kaplan_meier(cohort.time, np.ones_like(cohort.cause))
    share = np.array([np.mean(cohort.time > t) for t in curve.time])
    np.testing.assert_allclose(curve.survival, share, atol=1e-12)
    some = share > 0
    binomial = np.sqrt(share * (1 - share) / cohort.time.size)
    np.testing.assert_allclose(curve.std_error[some], binomial[some], atol=1e-12)


@unhurried
@given(cohorts())
def test_an_entry_before_everybody_leaves_is_no_entry(cohort: Cohort) -> None:
    at_the_origin = np.zeros_like(cohort.time)
    assert_same_curve(
        kaplan_meier(cohort.time, cohort.event),
        kaplan_meier(cohort.time, cohort.event, entry=at_the_origin),
    )


@unhurried
@given(cohorts(), st.lists(st.floats(0, 15), min_size=1))
def test_a_curve_read_at_a_time_holds_the_last_step_and_counts_who_is_left(
    cohort: Cohort, times: list[float]
) -> None:
    curve = kaplan_meier(cohort.time, cohort.event)
    at = curve.at(times)
    for place, t in enumerate(times):
        past = curve.time <= t
        expected = curve.survival[past][-1] if past.any() else 1.0
        assert at.survival[place] == expected
        assert at.n_risk[place] == np.sum(cohort.time >= t)


@unhurried
@given(cohorts(), conf_types)
def test_a_curve_read_at_its_own_times_is_itself(cohort: Cohort, conf_type: ConfType) -> None:
    curve = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry, conf_type=conf_type)
    at = curve.at(curve.time)
    for field in ("n_risk", "survival", "std_error", "lower", "upper"):
        np.testing.assert_array_equal(getattr(at, field), getattr(curve, field), err_msg=field)


# ---- quantiles ---------------------------------------------------------------------------------------------


def expected_quantile(curve: SurvivalCurve, p: float) -> float | None:
    """The definition, read from the steps one by one."""
    below = [t for t, s in zip(curve.time, curve.survival, strict=True) if s <= 1 - p + 1e-9]
    if not below:
        return None
    further = [t for t, s in zip(curve.time, curve.survival, strict=True) if s < 1 - p - 1e-9]
    on_it = abs(curve.at(below[0]).survival - (1 - p)) < 1e-9
    if not on_it:
        return float(below[0])
    return float((below[0] + (further[0] if further else curve.time[-1])) / 2)


@unhurried
@given(cohorts(), st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5, 0.6, 2 / 3, 0.75, 0.9]))
def test_a_quantile_is_where_survival_comes_to_it(cohort: Cohort, p: float) -> None:
    curve = kaplan_meier(cohort.time, cohort.event)
    assert curve.quantile(p).value == expected_quantile(curve, p)


@unhurried
@given(cohorts(), conf_types, st.floats(0.05, 0.95))
def test_the_limits_of_a_quantile_stand_on_both_sides_of_it(
    cohort: Cohort, conf_type: ConfType, p: float
) -> None:
    quantile = kaplan_meier(cohort.time, cohort.event, conf_type=conf_type).quantile(p)
    assume(quantile.value is not None)
    assert quantile.lower is None or quantile.lower <= quantile.value
    assert quantile.upper is None or quantile.upper >= quantile.value


# ---- the reverse curve -------------------------------------------------------------------------------------


@unhurried
@given(cohorts(), conf_types)
def test_the_reverse_curve_is_the_curve_of_the_censoring(cohort: Cohort, conf_type: ConfType) -> None:
    reverse = reverse_kaplan_meier(cohort.time, cohort.event, entry=cohort.entry, conf_type=conf_type)
    assert_same_curve(
        reverse, kaplan_meier(cohort.time, ~cohort.event, entry=cohort.entry, conf_type=conf_type)
    )
    once_more = reverse_kaplan_meier(cohort.time, ~cohort.event, entry=cohort.entry, conf_type=conf_type)
    assert_same_curve(
        once_more, kaplan_meier(cohort.time, cohort.event, entry=cohort.entry, conf_type=conf_type)
    )


@unhurried
@given(cohorts())
def test_survival_times_its_reverse_is_the_share_still_in_view(cohort: Cohort) -> None:
    """S(t) G(t) = (number with time > t) / n, where no event and no censoring share a time."""
    time = cohort.time + np.where(cohort.event, 0, 0.5)
    forth = kaplan_meier(time, cohort.event)
    back = reverse_kaplan_meier(time, cohort.event)
    share = np.array([np.mean(time > t) for t in forth.time])
    np.testing.assert_allclose(forth.survival * back.survival, share, atol=1e-12)


# ---- competing risks ---------------------------------------------------------------------------------------


@unhurried
@given(cohorts(), st.booleans())
def test_incidences_and_survival_sum_to_one(cohort: Cohort, late: bool) -> None:
    entry = cohort.entry if late else None
    curves = cumulative_incidence(cohort.time, cohort.cause, entry=entry)
    survival = kaplan_meier(cohort.time, cohort.event, entry=entry).survival
    total = sum((curve.incidence for curve in curves.values()), start=survival)
    np.testing.assert_allclose(total, 1, atol=1e-12)


@unhurried
@given(cohorts(), levels, st.booleans())
def test_incidence_rises_from_zero_and_its_limits_hold_it(cohort: Cohort, level: float, late: bool) -> None:
    entry = cohort.entry if late else None
    curves = cumulative_incidence(cohort.time, cohort.cause, entry=entry, level=level)
    assert sorted(curves) == sorted(set(cohort.cause.tolist()) - {0})
    for cause, curve in curves.items():
        assert np.all(np.diff(curve.incidence, prepend=0) >= 0)
        assert np.all((curve.lower >= 0) & (curve.lower <= curve.incidence + 1e-12))
        assert np.all((curve.incidence <= curve.upper + 1e-12) & (curve.upper <= 1))
        assert np.isfinite(curve.std_error).all()
        assert curve.n_event.sum() == np.sum(cohort.cause == cause)


@unhurried
@given(cohorts(), st.booleans())
def test_with_a_single_cause_incidence_is_one_minus_survival(cohort: Cohort, late: bool) -> None:
    assume(cohort.event.any())
    entry = cohort.entry if late else None
    curve = cumulative_incidence(cohort.time, cohort.event, entry=entry)[1]
    km = kaplan_meier(cohort.time, cohort.event, entry=entry)
    alive = km.survival > 0
    np.testing.assert_allclose(curve.incidence, 1 - km.survival, atol=1e-12)
    np.testing.assert_allclose(curve.std_error[alive], km.std_error[alive], atol=1e-7)


@unhurried
@given(cohorts())
def test_the_names_of_the_causes_do_not_matter(cohort: Cohort) -> None:
    renamed = np.array([0, 7, 3])[cohort.cause]
    curves = cumulative_incidence(cohort.time, cohort.cause)
    for cause, name in ((1, 7), (2, 3)):
        if cause in curves:
            other = cumulative_incidence(cohort.time, renamed)[name]
            np.testing.assert_array_equal(curves[cause].incidence, other.incidence)


# ---- log-rank ----------------------------------------------------------------------------------------------


@unhurried
@given(cohorts(), st.data())
def test_logrank_does_not_depend_on_the_names_of_the_groups(cohort: Cohort, data: st.DataObject) -> None:
    size = cohort.time.size
    group = np.array(data.draw(st.lists(st.integers(0, 2), min_size=size, max_size=size)))
    assume(np.unique(group).size > 1)
    one = logrank(cohort.time, cohort.event, group)
    other = logrank(cohort.time, cohort.event, np.array(["c", "b", "a"])[group])
    assert one.df == other.df <= np.unique(group).size - 1
    assert one.statistic == pytest.approx(other.statistic, abs=1e-8)
    assert 0 <= one.p_value <= 1


@unhurried
@given(cohorts())
def test_a_group_does_not_differ_from_its_own_copy(cohort: Cohort) -> None:
    size = cohort.time.size
    result = logrank(np.tile(cohort.time, 2), np.tile(cohort.event, 2), np.repeat(["a", "b"], size))
    assert result.statistic == pytest.approx(0, abs=1e-12)
    assert result.p_value == pytest.approx(1, abs=1e-6)


# ---- proportions -------------------------------------------------------------------------------------------


@unhurried
@given(st.integers(1, 500), st.data(), st.sampled_from(("clopper-pearson", "wilson")), levels)
def test_a_binomial_interval_holds_the_proportion_and_mirrors(
    n: int, data: st.DataObject, method: str, level: float
) -> None:
    x = data.draw(st.integers(0, n))
    interval = binomial_interval(x, n, method=method, level=level)  # type: ignore[arg-type]
    mirrored = binomial_interval(n - x, n, method=method, level=level)  # type: ignore[arg-type]
    assert 0 <= interval.lower <= interval.estimate <= interval.upper <= 1
    assert interval.lower == pytest.approx(1 - mirrored.upper, abs=1e-10)
    assert (interval.lower == 0) == (x == 0)
    assert (interval.upper == 1) == (x == n)
    wider = binomial_interval(x, n, method=method, level=(1 + level) / 2)  # type: ignore[arg-type]
    assert wider.lower <= interval.lower
    assert wider.upper >= interval.upper
