"""Whether groups differ: the log-rank test, and that of Gray."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from analytics.survival.arrays import Counts, Floats, durations, events_of, groups_of, whole_numbers
from analytics.survival.risk import at_or_after, count_at

# Below this share of the largest singular value, a direction of the log-rank variance carries nothing.
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True)
class TestResult:
    """A statistic that is chi-squared on `df` degrees of freedom when the groups do not differ."""

    __test__: ClassVar[bool] = False  # pytest would collect a class named Test...

    statistic: float
    df: int
    p_value: float


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> TestResult:
    """The log-rank test of equal hazards in two or more groups: Z' V^- Z, chi-squared.

    Z_g = sum over event times of d_gj - d_j n_gj / n_j, and V is its hypergeometric variance, V_gh = sum of
    d_j (n_j - d_j) / (n_j - 1) (n_gj / n_j) (1[g = h] - n_hj / n_j). Mantel, Cancer Chemother Rep
    1966;50:163; Peto and Peto, J R Stat Soc A 1972;135:185. The degrees of freedom are the rank of V: a group
    that has left before the first event does not count, and without any event the answer is 0 on 0 df, p = 1.
    """
    times, _ = durations(time, None)
    died = events_of(event, times.size)
    groups = groups_of(group, times.size)
    when = np.unique(times[died])
    at_risk = np.stack([at_or_after(when, np.sort(times[own])) for own in groups])
    deaths = np.stack([count_at(when, times[own & died]) for own in groups])
    return _chi_squared(*_logrank_score(deaths.astype(np.float64), at_risk.astype(np.float64)))


def _logrank_score(deaths: Floats, at_risk: Floats) -> tuple[Floats, Floats]:
    """Score and variance, from deaths and numbers at risk by group (rows) and event time (columns)."""
    n, d = at_risk.sum(axis=0), deaths.sum(axis=0)
    share = at_risk / n
    weight = d * (n - d) / np.maximum(n - 1, 1)
    variance = np.diag(share @ weight) - (share * weight) @ share.T
    return (deaths - d * share).sum(axis=1), variance


def _chi_squared(score: Floats, variance: Floats) -> TestResult:
    """Z' V^- Z. The scores sum to 0, so one group is redundant."""
    if not np.isfinite(variance).all():
        return TestResult(statistic=np.nan, df=score.size - 1, p_value=np.nan)
    solved, _, rank, _ = np.linalg.lstsq(variance[:-1, :-1], score[:-1], rcond=_SINGULAR)
    statistic, df = float(score[:-1] @ solved), int(rank)
    return TestResult(statistic=statistic, df=df, p_value=float(chdtrc(df, statistic)) if df else 1.0)


def gray_test(time: ArrayLike, cause: ArrayLike, group: ArrayLike) -> dict[int, TestResult]:
    """Gray's test of equal incidence of a cause in two or more groups, for each cause that occurs.

    Gray, Ann Stat 1988;16:1141, with weight 1 (rho = 0): the score compares, at each time of the cause, its
    events in a group with those expected of the subdistribution hazard of all groups. Variance and treatment
    of ties as in R's `cmprsk::cuminc`. The degrees of freedom are the rank of the variance, as in `logrank`.
    Once the pooled incidence has come to 1 a later event has no expectation: statistic and p are NaN. That
    happens in small groups, of which one ends before the other begins.
    """
    times, _ = durations(time, None)
    causes = whole_numbers("cause", cause, times.size)
    groups = groups_of(group, times.size)
    labels = [int(label) for label in np.unique(causes) if label > 0]
    return {label: _chi_squared(*_gray_score(times, causes, groups, label)) for label in labels}


def _gray_score(
    times: Floats, causes: Counts, groups: list[NDArray[np.bool_]], cause: int
) -> tuple[Floats, Floats]:
    """The scores of the groups, and their variance."""
    own, other = causes == cause, (causes > 0) & (causes != cause)
    when = np.unique(times[causes > 0])
    course = _Course.of(len(groups))
    for column in zip(
        np.stack([at_or_after(when, np.sort(times[one])) for one in groups], axis=1).astype(np.float64),
        np.stack([count_at(when, times[one & own]) for one in groups], axis=1).astype(np.float64),
        np.stack([count_at(when, times[one & other]) for one in groups], axis=1).astype(np.float64),
        strict=True,
    ):
        course.pass_over(*column)
    return course.score, course.variance()


@dataclass(slots=True)
class _Course:
    """What Gray's test knows of the groups just before a time of events, and what has added up until then.

    `free` is S_g of every cause and `incidence` F_g, each of its own group; `pooled` is the incidence that
    all groups share if they do not differ. In the paper's words `weight` is the integral of the weights c_ij;
    the three sums are those of its formula for the variance, by powers of `weight`.
    """

    free: Floats
    incidence: Floats
    pooled: float
    score: Floats
    weight: Floats
    constant: Floats
    linear: Floats
    square: Floats

    @classmethod
    def of(cls, size: int) -> "_Course":
        def nothing() -> Floats:
            return np.zeros((size, size))

        one, none = np.ones(size), np.zeros(size)
        return cls(one, none, 0.0, none.copy(), nothing(), nothing(), nothing(), none.copy())

    def pass_over(self, at_risk: Floats, own: Floats, other: Floats) -> None:
        """One time of events: those at risk just before it, and the events, by group."""
        there = at_risk > 0
        n = np.where(there, at_risk, 1.0)
        left = np.where(there, self.free * (n - own - other) / n, self.free)
        still = np.where(there, at_risk / np.where(there, self.free, 1.0), 0.0)
        events = own.sum()
        pooled = self.pooled + events / still.sum()
        expected = still * (1 - self.incidence)
        self.score = self.score + own - events * expected / expected.sum()
        a = np.diag(still) - np.outer(still, still) / still.sum()
        ratio = np.divide(1 - pooled, left, out=np.zeros_like(left), where=left > 0)
        if events:
            rate = events / (still.sum() * (1 - self.pooled)) if self.pooled < 1 - _SINGULAR else np.nan
            self.weight = self.weight + a * rate
            self._add(a, 1 - ratio, self._own_share(events, still, n) * there)
        self._add(np.zeros_like(a), -ratio, self._other_share(other, n))
        self.free, self.incidence, self.pooled = left, self.incidence + self.free * own / n * there, pooled

    def _own_share(self, events: float, still: Floats, n: Floats) -> Floats:
        """What the events of the cause add to the variance of each group; less where several tie."""
        total = still.sum()
        tied = 1 - (events - 1) / (total * self.free - 1) if events > 1 else np.ones_like(n)
        share: Floats = tied * self.free * events / (total * n)
        return share

    def _other_share(self, other: Floats, n: Floats) -> Floats:
        """What the events of the other causes add to it."""
        tied = 1 - np.maximum(other - 1, 0) / np.maximum(n - 1, 1)
        return tied * self.free**2 * other / n**2

    def _add(self, a: Floats, factor: Floats, share: Floats) -> None:
        residual = a - factor * self.weight
        self.constant = self.constant + (residual * share) @ residual.T
        self.linear = self.linear + residual * factor * share
        self.square = self.square + factor**2 * share

    def variance(self) -> Floats:
        """That of the scores, once every time is passed."""
        crossed = self.weight @ self.linear.T
        whole: Floats = self.constant + crossed + crossed.T + (self.weight * self.square) @ self.weight.T
        return whole
