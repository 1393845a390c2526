"""Estimators of survival and incidence: arrays in, frozen dataclasses out.

Times are numbers of any unit, counted from the origin, and are compared exactly. Events come before
censorings at equal times. A subject with `entry` is at risk on (entry, time]. Results agree with R's
`survfit`, its `quantile`, `survdiff`, `binom.test`, with `etm` for Aalen's variance and with the test of
`cmprsk::cuminc`. Where S has fallen to 0 its standard error and its limits are undefined: NaN.

A wrong argument raises ValueError, which names the argument and its first bad position, counted from 0.
`python -m analytics.survival` runs them on the data of a file.
"""

from analytics.survival.comparison import TestResult, gray_test, logrank
from analytics.survival.competing import IncidenceAt, IncidenceCurve, cumulative_incidence
from analytics.survival.product_limit import (
    QUANTILE_TOLERANCE,
    ConfType,
    Quantile,
    SurvivalAt,
    SurvivalCurve,
    kaplan_meier,
    reverse_kaplan_meier,
)
from analytics.survival.proportions import BinomialMethod, Interval, binomial_interval

__all__ = [
    "QUANTILE_TOLERANCE",
    "BinomialMethod",
    "ConfType",
    "IncidenceAt",
    "IncidenceCurve",
    "Interval",
    "Quantile",
    "SurvivalAt",
    "SurvivalCurve",
    "TestResult",
    "binomial_interval",
    "cumulative_incidence",
    "gray_test",
    "kaplan_meier",
    "logrank",
    "reverse_kaplan_meier",
]
