"""What the estimators refuse, and what they answer at the edges of what they accept."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from analytics.survival import (
    TestResult,
    binomial_interval,
    cumulative_incidence,
    kaplan_meier,
    logrank,
    reverse_kaplan_meier,
)

NAN, INF = float("nan"), float("inf")

# A `time` that is wrong, and how the message ends; every estimator refuses it the same way.
WRONG_TIMES: dict[str, tuple[Any, str]] = {
    "empty": ([], "time: empty, first bad position 0"),
    "negative": ([1, 2, -3, -4], "time: -3.0 at position 2 is negative or not finite"),
    "nan": ([1, NAN, 2, NAN], "time: nan at position 1 is negative or not finite"),
    "infinite": ([1, 2, 3, INF], "time: inf at position 3 is negative or not finite"),
    "minus infinity": ([-INF, 2, 3, 4], "time: -inf at position 0 is negative or not finite"),
    "missing": ([1, None, 2, 3], "time: None at position 1 is not a number"),
    "text": ([1, 2, "soon", 3], "time: soon at position 2 is not a number"),
    "rows": ([[1, 2], [3, 4]], "time: 2 dimensions where one is wanted, first bad position 0"),
    "ragged": ([1, [2, 3], 4, 5], "time: [2, 3] at position 1 is not a number"),
    "one number": (5, "time: 0 dimensions where one is wanted, first bad position 0"),
}
ESTIMATORS: dict[str, Callable[[Any], object]] = {
    "kaplan_meier": lambda time: kaplan_meier(time, [1, 0, 1, 0]),
    "reverse_kaplan_meier": lambda time: reverse_kaplan_meier(time, [1, 0, 1, 0]),
    "cumulative_incidence": lambda time: cumulative_incidence(time, [1, 0, 2, 0]),
    "logrank": lambda time: logrank(time, [1, 0, 1, 0], ["a", "a", "b", "b"]),
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("wrong", WRONG_TIMES)
def test_a_wrong_time_is_refused_with_its_position(estimator: str, wrong: str) -> None:
    time, message = WRONG_TIMES[wrong]
    with pytest.raises(ValueError, match="time") as refused:
        ESTIMATORS[estimator](time)
    assert str(refused.value) == message


T = [3, 5, 5, 8]
OTHERS: dict[str, tuple[Callable[[], object], str]] = {
    "event too short": (lambda: kaplan_meier(T, [1, 0]), "event: 2 values for 4 times, first bad position 2"),
    "event too long": (
        lambda: kaplan_meier(T, [1, 0, 1, 0, 1]),
        "event: 5 values for 4 times, first bad position 4",
    ),
    "event empty": (lambda: kaplan_meier(T, []), "event: 0 values for 4 times, first bad position 0"),
    "event coded 1 and 2": (
        lambda: kaplan_meier(T, [1, 1, 2, 1]),
        "event: 2 at position 2 is neither 0 nor 1",
    ),
    "event reversed, coded 1 and 2": (
        lambda: reverse_kaplan_meier(T, [1, 2, 2, 1]),
        "event: 2 at position 1 is neither 0 nor 1",
    ),
    "event unknown": (
        lambda: kaplan_meier(T, [1, 0, NAN, 0]),
        "event: nan at position 2 is not a whole number from 0 up",
    ),
    "event of logrank": (
        lambda: logrank(T, [1, 0, 3, 0], [1, 1, 2, 2]),
        "event: 3 at position 2 is neither 0 nor 1",
    ),
    "entry too short": (
        lambda: kaplan_meier(T, [1, 0, 1, 0], entry=[0]),
        "entry: 1 values for 4 times, first bad position 1",
    ),
    "entry not finite": (
        lambda: kaplan_meier(T, [1, 0, 1, 0], entry=[0, 1, -INF, NAN]),
        "entry: -inf at position 2 is not finite",
    ),
    "entry at the time": (
        lambda: kaplan_meier(T, [1, 0, 1, 0], entry=[0, 1, 5, 9]),
        "entry: 5.0 at position 2 is not before its time",
    ),
    "entry after the time": (
        lambda: reverse_kaplan_meier(T, [1, 0, 1, 0], entry=[4, 1, 2, 9]),
        "entry: 4.0 at position 0 is not before its time",
    ),
    "entry of an incidence": (
        lambda: cumulative_incidence(T, [1, 0, 2, 0], entry=[0, 0, 0, 8]),
        "entry: 8.0 at position 3 is not before its time",
    ),
    "cause too long": (
        lambda: cumulative_incidence(T, [1, 0, 2, 0, 1]),
        "cause: 5 values for 4 times, first bad position 4",
    ),
    "cause with a fraction": (
        lambda: cumulative_incidence(T, [1, 0, 1.5, 2.5]),
        "cause: 1.5 at position 2 is not a whole number from 0 up",
    ),
    "cause negative": (
        lambda: cumulative_incidence(T, [1, -1, 2, 0]),
        "cause: -1.0 at position 1 is not a whole number from 0 up",
    ),
    "cause infinite": (
        lambda: cumulative_incidence(T, [1, 0, 2, INF]),
        "cause: inf at position 3 is not a whole number from 0 up",
    ),
    "cause in words": (
        lambda: cumulative_incidence(T, ["relapse", "death", "", ""]),
        "cause: relapse at position 0 is not a number",
    ),
    "group too short": (
        lambda: logrank(T, [1, 0, 1, 0], ["a", "b"]),
        "group: 2 values for 4 times, first bad position 2",
    ),
    "group missing": (
        lambda: logrank(T, [1, 0, 1, 0], np.array(["a", None, "b", None], dtype=object)),
        "group: None at position 1 is missing",
    ),
    "group not a number": (
        lambda: logrank(T, [1, 0, 1, 0], [1, 2, 2, NAN]),
        "group: nan at position 3 is missing",
    ),
    "group in two columns": (
        lambda: logrank(T, [1, 0, 1, 0], [["a", "b"], ["a", "b"]]),
        "group: 2 dimensions where one is wanted, first bad position 0",
    ),
    "one group": (
        lambda: logrank(T, [1, 0, 1, 0], ["a", "a", "a", "a"]),
        "group: a is the only group, two are needed",
    ),
    "conf_type": (
        lambda: kaplan_meier(T, [1, 0, 1, 0], conf_type="logit"),  # type: ignore[arg-type]
        "conf_type: 'logit' is none of log, log-log, plain",
    ),
    "level of a curve": (
        lambda: kaplan_meier(T, [1, 0, 1, 0], level=95),
        "level: 95 is not between 0 and 1",
    ),
    "level of certainty": (
        lambda: kaplan_meier(T, [1, 0, 1, 0], level=1),
        "level: 1 is not between 0 and 1",
    ),
    "level of an incidence": (
        lambda: cumulative_incidence(T, [1, 0, 1, 0], level=0),
        "level: 0 is not between 0 and 1",
    ),
    "level of a proportion": (
        lambda: binomial_interval(1, 2, level=NAN),
        "level: nan is not between 0 and 1",
    ),
    "nobody": (lambda: binomial_interval(0, 0), "n: 0 is not a whole number from 1 up"),
    "part of a person": (
        lambda: binomial_interval(1, 2.5),  # type: ignore[arg-type]
        "n: 2.5 is not a whole number from 1 up",
    ),
    "more than all": (lambda: binomial_interval(20, 19), "x: 20 is not a whole number from 0 to 19"),
    "less than none": (lambda: binomial_interval(-1, 19), "x: -1 is not a whole number from 0 to 19"),
    "unknown count": (
        lambda: binomial_interval(None, 19),  # type: ignore[arg-type]
        "x: None is not a whole number from 0 to 19",
    ),
    "method": (
        lambda: binomial_interval(1, 2, method="wald"),  # type: ignore[arg-type]
        "method: 'wald' is neither clopper-pearson nor wilson",
    ),
    "quantile 0": (lambda: kaplan_meier(T, [1, 0, 1, 0]).quantile(0), "p: 0 is not a probability above 0"),
    "quantile 50": (lambda: kaplan_meier(T, [1, 0, 1, 0]).quantile(50), "p: 50 is not a probability above 0"),
    "quantile 1.1": (
        lambda: kaplan_meier(T, [1, 0, 1, 0]).quantile(1.1),
        "p: 1.1 is not a probability above 0",
    ),
    "moments": (lambda: kaplan_meier(T, [1, 0, 1, 0]).at([1, NAN]), "times: nan at position 1 is no moment"),
}


@pytest.mark.parametrize("wrong", OTHERS)
def test_a_wrong_argument_is_refused_by_name_and_position(wrong: str) -> None:
    call, message = OTHERS[wrong]
    with pytest.raises(ValueError, match=r"^\w+: ") as refused:
        call()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "event",
    [
        [True, False, True, False],
        [1.0, 0.0, 1.0, 0.0],
        np.array([1, 0, 1, 0], dtype=object),
        np.array([1, 0, 1, 0], dtype=np.int8),
        (1, 0, 1, 0),
    ],
    ids=["bool", "float", "object", "int8", "tuple"],
)
def test_events_may_be_of_any_numeric_kind(event: Any) -> None:
    assert kaplan_meier(T, event).survival.tolist() == kaplan_meier(T, [1, 0, 1, 0]).survival.tolist()


def test_times_may_be_decimals() -> None:
    curve = kaplan_meier([Decimal("1.5"), Decimal("2")], [1, 0])
    assert curve.time.tolist() == [1.5, 2.0]


def test_what_is_given_is_not_changed() -> None:
    time, event = np.array([5.0, 3.0, 8.0]), np.array([1, 0, 1])
    kaplan_meier(time, event, entry=np.zeros(3))
    cumulative_incidence(time, event)
    assert time.tolist() == [5, 3, 8]
    assert event.tolist() == [1, 0, 1]


# ---- edges -------------------------------------------------------------------------------------------------


def test_a_death_on_day_0_counts_from_day_0() -> None:
    at = kaplan_meier([0, 4], [1, 0]).at([0, 1])
    assert at.survival.tolist() == [0.5, 0.5]
    assert at.n_risk.tolist() == [2, 1]


def test_a_single_time_gives_a_single_number() -> None:
    at = kaplan_meier(T, [1, 0, 1, 0]).at(4)
    assert float(at.survival) == 0.75
    assert int(at.n_risk) == 3


def test_times_may_be_in_any_order_and_repeat() -> None:
    at = kaplan_meier(T, [1, 0, 1, 0]).at([9, 0, 3, 3])
    assert at.survival.tolist() == pytest.approx([0.5, 1, 0.75, 0.75])
    assert at.n_risk.tolist() == [0, 4, 4, 4]


def test_events_come_before_censorings_of_the_same_day() -> None:
    curve = kaplan_meier([5, 5], [0, 1])
    assert curve.survival.tolist() == [0.5]
    assert (curve.n_event.tolist(), curve.n_censor.tolist()) == ([1], [1])


def test_late_entry_on_a_day_of_an_event_is_not_yet_at_risk() -> None:
    curve = kaplan_meier([4, 6], [1, 1], entry=[0, 4])
    assert curve.n_risk.tolist() == [1, 1]


def test_the_number_at_risk_between_two_observed_times_is_that_of_the_later_one() -> None:
    """R's convention, which with late entries counts those who enter on the way."""
    curve = kaplan_meier([2, 6, 7], [0, 1, 0], entry=[0, 3, 3])
    assert curve.at([0, 2, 2.5, 6, 7, 7.5]).n_risk.tolist() == [1, 1, 2, 2, 1, 0]


def test_the_median_of_a_flat_half_is_its_middle() -> None:
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 0]).quantile(0.5).value == 2.5


def test_a_half_that_floating_point_misses_is_still_a_half() -> None:
    """S = 1 x 0.9 x ... x 5/6 is 0.5 only to the last digit: R's tolerance makes it a half."""
    curve = kaplan_meier(np.arange(1, 11), [1] * 10)
    assert curve.quantile(0.5).value == 5.5
    assert curve.quantile(0.3).value == 3.5


def test_a_curve_that_ends_on_a_half_stays_there_until_the_last_time() -> None:
    assert kaplan_meier([2, 10], [1, 0]).quantile(0.5).value == 6.0


def test_the_last_quantile_is_when_nobody_is_left() -> None:
    """The lower limit reaches 0 at day 2, but the band is undefined from day 3 on: R has no limit either."""
    quantile = kaplan_meier([1, 2, 3], [1, 1, 1], conf_type="plain").quantile(1)
    assert (quantile.value, quantile.lower, quantile.upper) == (3.0, None, None)


def test_where_a_band_rises_again_its_lowest_level_beyond_p_counts() -> None:
    """1 - upper is 0.570 at day 1 and 0.522 at day 3, after heavy censoring: R's limit is day 3."""
    time = [1] * 600 + [2] * 398 + [3, 4]
    event = [1] * 600 + [0] * 398 + [1, 0]
    curve = kaplan_meier(time, event, conf_type="plain")
    assert 1 - curve.upper == pytest.approx([0.5696, 0.5696, 0.5223, 0.5223], abs=1e-3)
    quantile = curve.quantile(0.5)
    assert (quantile.value, quantile.lower, quantile.upper) == (1.0, 1.0, 3.0)


def test_without_any_event_there_is_no_incidence_curve() -> None:
    assert cumulative_incidence([1, 2, 3], [0, 0, 0]) == {}


def test_without_any_event_groups_do_not_differ() -> None:
    assert logrank([1, 2, 3], [0, 0, 0], ["a", "b", "b"]) == TestResult(statistic=0.0, df=0, p_value=1.0)


def test_a_group_gone_before_the_first_event_does_not_count() -> None:
    """R's survdiff leaves out a group without expected events."""
    time, event = [1, 1, 5, 6, 7, 8], [0, 0, 1, 1, 0, 1]
    with_it = logrank(time, event, ["gone", "gone", "a", "b", "a", "b"])
    without = logrank(time[2:], event[2:], ["a", "b", "a", "b"])
    assert with_it.df == without.df == 1
    assert with_it.statistic == pytest.approx(without.statistic)


def test_a_larger_level_gives_a_wider_interval() -> None:
    narrow = kaplan_meier(T, [1, 0, 1, 0], level=0.80).at(5)
    wide = kaplan_meier(T, [1, 0, 1, 0], level=0.99).at(5)
    assert wide.lower < narrow.lower < narrow.upper <= wide.upper


def test_a_million_subjects_give_the_curve_of_their_exponential_law() -> None:
    """Constant hazards 2 and 1 per year: S(t) = exp(-3 t), F_1(t) = 2/3 (1 - exp(-3 t))."""
    rng = np.random.default_rng(20250805)
    time, cause = rng.exponential(1 / 3, 10**6), np.where(rng.random(10**6) < 2 / 3, 1, 2)
    at = kaplan_meier(time, cause > 0).at([0.1, 0.5])
    np.testing.assert_allclose(at.survival, np.exp([-0.3, -1.5]), atol=0.003)
    incidence = cumulative_incidence(time, cause)[1].at([0.1, 0.5])
    np.testing.assert_allclose(incidence.incidence, 2 / 3 * (1 - np.exp([-0.3, -1.5])), atol=0.003)
    share = incidence.incidence
    np.testing.assert_allclose(incidence.std_error, np.sqrt(share * (1 - share) / 10**6), rtol=1e-6)
