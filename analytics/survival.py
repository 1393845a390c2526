"""Estimators of survival and incidence: arrays in, frozen dataclasses out.

Times are numbers of any unit, counted from the origin, and are compared exactly. Events come before
censorings at equal times. A subject with `entry` is at risk on (entry, time]. Results agree with R's
`survfit`, its `quantile`, `survdiff`, `binom.test`, with `etm` for Aalen's variance and with the test of
`cmprsk::cuminc`. Where S has fallen to 0 its standard error and its limits are undefined: NaN.

A wrong argument raises ValueError, which names the argument and its first bad position, counted from 0.
`python -m analytics.survival` runs them on the data of a file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, chdtrc, ndtri

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
ConfType = Literal["log", "log-log", "plain"]
BinomialMethod = Literal["clopper-pearson", "wilson"]

# How near S must come to a quantile to count as equal to it: R's `tolerance` of quantile.survfit.
QUANTILE_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))
# Below this share of the largest singular value, a direction of the log-rank variance carries nothing.
_SINGULAR = 1e-10


# ---- what comes out ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalAt:
    """A survival curve read at chosen times; `n_risk` counts those at risk just before each of them."""

    n_risk: Counts
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of the time to event with its limits; None where the curve or the band never reaches it."""

    value: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """A product-limit curve over the distinct observed times; `std_error` is that of S(t), not of log S."""

    time: Floats
    n_risk: Counts
    n_event: Counts
    n_censor: Counts
    survival: Floats
    std_error: Floats
    lower: Floats
    upper: Floats

    def at(self, times: ArrayLike) -> SurvivalAt:
        """The step function at `times`: 1 before the first step, extended beyond the last.

        `n_risk` is that of the first observed time at or after t, as R's `summary(fit, times)` counts it:
        without late entries exactly the subjects with time >= t, and 0 beyond the last observed time.
        """
        when = _moments(times)
        return SurvivalAt(
            n_risk=np.append(self.n_risk, 0)[np.searchsorted(self.time, when, side="left")],
            survival=_step(self.time, self.survival, when, before=1.0),
            std_error=_step(self.time, self.std_error, when, before=0.0),
            lower=_step(self.time, self.lower, when, before=1.0),
            upper=_step(self.time, self.upper, when, before=1.0),
        )

    def quantile(self, p: float) -> Quantile:
        """Smallest t with S(t) <= 1 - p; where S equals 1 - p on an interval, the middle of that interval.

        The limits are the same crossing of the lower and of the upper band (Brookmeyer and Crowley,
        Biometrics 1982;38:29). Equality holds within `QUANTILE_TOLERANCE`, as in R's `quantile.survfit`.
        """
        if not 0 < p <= 1:
            raise ValueError(f"p: {p} is not a probability above 0")
        bands = (self.survival, self.lower, self.upper)
        return Quantile(*(_crossing(self.time, 1 - band, p) for band in bands))


@dataclass(frozen=True, slots=True, eq=False)
class IncidenceAt:
    """The incidence of one cause read at chosen times."""

    incidence: Floats
    std_error: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, eq=False)
class IncidenceCurve:
    """The cumulative incidence of one cause over the distinct observed times; `n_event` counts this cause."""

    time: Floats
    n_risk: Counts
    n_event: Counts
    incidence: Floats
    std_error: Floats
    lower: Floats
    upper: Floats

    def at(self, times: ArrayLike) -> IncidenceAt:
        """The step function at `times`: 0 before the first step, extended beyond the last."""
        when = _moments(times)
        curves = (self.incidence, self.std_error, self.lower, self.upper)
        return IncidenceAt(*(_step(self.time, values, when, before=0.0) for values in curves))


@dataclass(frozen=True, slots=True)
class TestResult:
    """A statistic that is chi-squared on `df` degrees of freedom when the groups do not differ."""

    __test__: ClassVar[bool] = False  # pytest would collect a class named Test...

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A proportion with its limits."""

    estimate: float
    lower: float
    upper: float


# ---- Kaplan-Meier ------------------------------------------------------------------------------------------


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    conf_type: ConfType = "log",
    level: float = 0.95,
) -> SurvivalCurve:
    """S(t) = prod over t_j <= t of (1 - d_j / n_j); variance S(t)^2 sum of d_j / (n_j (n_j - d_j)).

    Kaplan and Meier, J Am Stat Assoc 1958;53:457; Greenwood 1926; late entry as in Andersen, Borgan, Gill and
    Keiding, Statistical Models Based on Counting Processes, 1993, IV.3. `event` is 1 (or True) for an event,
    0 for a censoring. Pointwise limits on the scale of `conf_type`, never below 0, never above 1.
    """
    band, z = _band(conf_type), _normal_quantile(level)
    times, entries = _durations(time, entry)
    died_at = times[_events(event, times.size)]
    risk = _risk_table(times, entries)
    died = _count_at(risk.time, died_at)
    survival, relative = _product_limit(died, risk.n_risk)
    lower, upper = _limits(band, survival, relative, z)
    return SurvivalCurve(
        time=risk.time,
        n_risk=risk.n_risk,
        n_event=died,
        n_censor=risk.n_leave - died,
        survival=survival,
        std_error=np.multiply(survival, relative, out=np.full_like(survival, np.nan), where=survival > 0),
        lower=lower,
        upper=upper,
    )


def reverse_kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    conf_type: ConfType = "log",
    level: float = 0.95,
) -> SurvivalCurve:
    """Potential follow-up: the Kaplan-Meier curve of the censoring, in which an event censors.

    Schemper and Smith, Control Clin Trials 1996;17:343. The roles are swapped whole: at equal times those
    still under observation come before those with the event, as in R's `survfit(Surv(time, 1 - event) ~ 1)`.
    """
    times, _ = _durations(time, entry)
    under_observation = ~_events(event, times.size)
    return kaplan_meier(times, under_observation, entry=entry, conf_type=conf_type, level=level)


def _product_limit(died: Counts, at_risk: Counts) -> tuple[Floats, Floats]:
    """S(t), and the standard error of log S(t): infinite once everybody at risk has died."""
    n, d = at_risk.astype(np.float64), died.astype(np.float64)
    with np.errstate(divide="ignore"):
        log_variance: Floats = np.cumsum(d / (n * (n - d)), dtype=np.float64)
    return np.cumprod(1 - d / n, dtype=np.float64), np.sqrt(log_variance)


_Bounds = tuple[Floats, Floats]
_Band = Callable[[Floats, Floats, float], _Bounds]


def _log_band(estimate: Floats, relative: Floats, z: float) -> _Bounds:
    """S exp(-+ z se / S)."""
    return estimate * np.exp(-z * relative), estimate * np.exp(z * relative)


def _log_log_band(estimate: Floats, relative: Floats, z: float) -> _Bounds:
    """S to the power exp(+- z se / (S |log S|)).

    While S is still 1 the exponent is undefined and R has no limits. Ours are 1, which is 1 to any power.
    """
    power = np.exp(z * relative / -np.log(estimate))
    return estimate**power, estimate ** (1 / power)


def _plain_band(estimate: Floats, relative: Floats, z: float) -> _Bounds:
    """S -+ z se."""
    return estimate * (1 - z * relative), estimate * (1 + z * relative)


_BANDS: dict[str, _Band] = {"log": _log_band, "log-log": _log_log_band, "plain": _plain_band}


def _band(conf_type: str) -> _Band:
    if conf_type not in _BANDS:
        raise ValueError(f"conf_type: {conf_type!r} is none of {', '.join(_BANDS)}")
    return _BANDS[conf_type]


def _limits(band: _Band, survival: Floats, relative: Floats, z: float) -> _Bounds:
    """The band inside [0, 1], undefined where nobody survives."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        lower, upper = band(survival, relative, z)
    gone = survival == 0
    return np.where(gone, np.nan, np.maximum(lower, 0.0)), np.where(gone, np.nan, np.minimum(upper, 1.0))


# ---- competing risks ---------------------------------------------------------------------------------------


def cumulative_incidence(
    time: ArrayLike, cause: ArrayLike, *, entry: ArrayLike | None = None, level: float = 0.95
) -> dict[int, IncidenceCurve]:
    """Aalen-Johansen: F_k(t) = sum over t_j <= t of S(t_j -) d_kj / n_j, S being free of every cause.

    Aalen and Johansen, Scand J Stat 1978;5:141. `cause` is 0 for a censoring and 1, 2, ... for the causes;
    the answer has a curve for each cause that occurs. The variance is Aalen's, as in R's `survfit` and
    `etm`; `cmprsk::cuminc` has another. Limits on the log scale, F exp(-+ z se / F), capped at 1; they are 0
    while F is still 0.
    """
    z = _normal_quantile(level)
    times, entries = _durations(time, entry)
    causes = _whole_numbers("cause", cause, times.size)
    risk = _risk_table(times, entries)
    labels = [int(label) for label in np.unique(causes) if label > 0]
    died = {label: _count_at(risk.time, times[causes == label]) for label in labels}
    state = _event_free(risk, sum(died.values(), start=np.zeros_like(risk.n_risk)))
    return {label: _incidence_curve(risk, state, died[label], z) for label in labels}


@dataclass(frozen=True, slots=True, eq=False)
class _EventFree:
    """The state that every cause leaves: numbers at risk, S(t -), and Greenwood's terms d / (n (n - d))."""

    n_risk: Floats
    before: Floats
    greenwood: Floats


def _event_free(risk: "_RiskTable", died: Counts) -> _EventFree:
    n, d = risk.n_risk.astype(np.float64), died.astype(np.float64)
    survival = np.cumprod(1 - d / n)
    # Where everybody leaves at once no incidence changes afterwards: the term is multiplied by 0.
    greenwood = np.divide(d, n * (n - d), out=np.zeros_like(n), where=n > d)
    return _EventFree(n_risk=n, before=np.append(1.0, survival[:-1]), greenwood=greenwood)


def _incidence_curve(risk: "_RiskTable", state: _EventFree, died: Counts, z: float) -> IncidenceCurve:
    incidence: Floats = np.cumsum(state.before * died / state.n_risk)
    std_error = np.sqrt(_aalen_variance(state, died, incidence))
    relative = np.divide(std_error, incidence, out=np.zeros_like(incidence), where=incidence > 0)
    with np.errstate(over="ignore"):
        lower, upper = _log_band(incidence, relative, z)
    return IncidenceCurve(risk.time, risk.n_risk, died, incidence, std_error, lower, np.minimum(upper, 1.0))


def _aalen_variance(state: _EventFree, died: Counts, incidence: Floats) -> Floats:
    """The variance of F_k(t): Andersen, Borgan, Gill and Keiding 1993, IV.4.

    The sum over t_j <= t of  (F_k(t) - F_k(t_j))^2 d_j / (n_j (n_j - d_j))
    + S(t_j -)^2 d_kj (n_j - d_kj) / n_j^3  - 2 (F_k(t) - F_k(t_j)) S(t_j -) d_kj / n_j^2,
    sorted here by powers of F_k(t), so that each of the three sums is a running one.
    """
    n, f, g = state.n_risk, incidence, state.greenwood
    share = state.before * died / n**2
    own = state.before * share * (n - died) / n
    constant = np.cumsum(f * (f * g + 2 * share) + own)
    linear, square = np.cumsum(f * g + share), np.cumsum(g)
    return np.maximum(constant - f * (2 * linear - f * square), 0.0)


# ---- comparison --------------------------------------------------------------------------------------------


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> TestResult:
    """The log-rank test of equal hazards in two or more groups: Z' V^- Z, chi-squared.

    Z_g = sum over event times of d_gj - d_j n_gj / n_j, and V is its hypergeometric variance, V_gh = sum of
    d_j (n_j - d_j) / (n_j - 1) (n_gj / n_j) (1[g = h] - n_hj / n_j). Mantel, Cancer Chemother Rep
    1966;50:163; Peto and Peto, J R Stat Soc A 1972;135:185. The degrees of freedom are the rank of V: a group
    that has left before the first event does not count, and without any event the answer is 0 on 0 df, p = 1.
    """
    times, _ = _durations(time, None)
    died = _events(event, times.size)
    groups = _groups(group, times.size)
    when = np.unique(times[died])
    at_risk = np.stack([_at_or_after(when, np.sort(times[own])) for own in groups])
    deaths = np.stack([_count_at(when, times[own & died]) for own in groups])
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


# ---- Gray's test -------------------------------------------------------------------------------------------


def gray_test(time: ArrayLike, cause: ArrayLike, group: ArrayLike) -> dict[int, TestResult]:
    """Gray's test of equal incidence of a cause in two or more groups, for each cause that occurs.

    Gray, Ann Stat 1988;16:1141, with weight 1 (rho = 0): the score compares, at each time of the cause, its
    events in a group with those expected of the subdistribution hazard of all groups. Variance and treatment
    of ties as in R's `cmprsk::cuminc`. The degrees of freedom are the rank of the variance, as in `logrank`.
    Once the pooled incidence has come to 1 a later event has no expectation: statistic and p are NaN. That
    happens in small groups, of which one ends before the other begins.
    """
    times, _ = _durations(time, None)
    causes = _whole_numbers("cause", cause, times.size)
    groups = _groups(group, times.size)
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
        np.stack([_at_or_after(when, np.sort(times[one])) for one in groups], axis=1).astype(np.float64),
        np.stack([_count_at(when, times[one & own]) for one in groups], axis=1).astype(np.float64),
        np.stack([_count_at(when, times[one & other]) for one in groups], axis=1).astype(np.float64),
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


# ---- proportions -------------------------------------------------------------------------------------------


def binomial_interval(
    x: int, n: int, *, method: BinomialMethod = "clopper-pearson", level: float = 0.95
) -> Interval:
    """A proportion x / n with its limits: exact (Clopper and Pearson, Biometrika 1934;26:404), or Wilson's
    score interval without continuity correction (J Am Stat Assoc 1927;22:209)."""
    z = _normal_quantile(level)
    if not _is_whole(n) or n < 1:
        raise ValueError(f"n: {n} is not a whole number from 1 up")
    if not _is_whole(x) or not 0 <= x <= n:
        raise ValueError(f"x: {x} is not a whole number from 0 to {n}")
    if method == "clopper-pearson":
        return Interval(x / n, *_clopper_pearson(x, n, (1 - level) / 2))
    if method == "wilson":
        return Interval(x / n, *_wilson(x, n, z))
    raise ValueError(f"method: {method!r} is neither clopper-pearson nor wilson")


def _clopper_pearson(x: int, n: int, tail: float) -> tuple[float, float]:
    """Quantiles of the beta distribution; one-sided at the ends of the scale."""
    lower = float(betaincinv(x, n - x + 1, tail)) if x > 0 else 0.0
    upper = float(betaincinv(x + 1, n - x, 1 - tail)) if x < n else 1.0
    return lower, upper


def _wilson(x: int, n: int, z: float) -> tuple[float, float]:
    """(x + z^2/2 -+ z sqrt(x (n - x) / n + z^2/4)) / (n + z^2)."""
    centre, scale = x + z**2 / 2, n + z**2
    half = z * np.sqrt(x * (n - x) / n + z**2 / 4)
    lower = float((centre - half) / scale) if x > 0 else 0.0
    upper = float((centre + half) / scale) if x < n else 1.0
    return lower, upper


# ---- counting ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _RiskTable:
    """The distinct observed times, how many are at risk just before each, how many leave at it."""

    time: Floats
    n_risk: Counts
    n_leave: Counts


def _risk_table(times: Floats, entries: Floats | None) -> _RiskTable:
    ordered = np.sort(times)
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    distinct = ordered[first]
    n_risk = times.size - first
    if entries is not None:
        n_risk = n_risk - _at_or_after(distinct, np.sort(entries))  # who enters at t is not at risk at t
    return _RiskTable(time=distinct, n_risk=n_risk, n_leave=np.diff(np.append(first, times.size)))


def _at_or_after(when: Floats, ordered: Floats) -> Counts:
    """How many of the ordered values lie at or after each moment."""
    return ordered.size - np.searchsorted(ordered, when, side="left")


def _count_at(when: Floats, values: Floats) -> Counts:
    """How many of the values fall on each of the ordered moments, which hold them all."""
    return np.diff(np.searchsorted(np.sort(values), when, side="right"), prepend=0)


def _step(knots: Floats, values: Floats, when: Floats, *, before: float) -> Floats:
    """A right-continuous step function, which is `before` ahead of its first knot."""
    read: Floats = np.append(before, values)[np.searchsorted(knots, when, side="right")]
    return read


def _crossing(time: Floats, fallen: Floats, p: float) -> float | None:
    """When 1 - S comes to p: the middle between the first time at p and the next time above it.

    A band may rise and fall; then the lowest level from p up counts, at its first time. A curve that ends at
    p stays there until the last observed time.
    """
    levels, first = np.unique(np.append(0.0, fallen), return_index=True)
    moments = np.append(0.0, time)[first]
    reached = _place(levels + QUANTILE_TOLERANCE, p)
    passed = _place(levels - QUANTILE_TOLERANCE, p)
    if reached is not None and abs(levels[np.argmax(first)] - p) < QUANTILE_TOLERANCE:
        return float((moments[reached] + time[-1]) / 2)
    if reached is None or passed is None:
        return None
    return float((moments[reached] + moments[passed]) / 2)


def _place(levels: Floats, p: float) -> int | None:
    """The first of the ascending levels from p up; undefined ones stand last and do not count."""
    place = int(np.searchsorted(levels, p, side="left"))
    return place if place < levels.size and not np.isnan(levels[place]) else None


def _normal_quantile(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError(f"level: {level} is not between 0 and 1")
    return float(ndtri((1 + level) / 2))


# ---- what is refused ---------------------------------------------------------------------------------------


def _durations(time: ArrayLike, entry: ArrayLike | None) -> tuple[Floats, Floats | None]:
    times = _numbers("time", time)
    if times.size == 0:
        raise ValueError("time: empty, first bad position 0")
    _refuse("time", times, ~np.isfinite(times) | (times < 0), "is negative or not finite")
    if entry is None:
        return times, None
    entries = _numbers("entry", entry)
    _refuse_length("entry", entries, times.size)
    _refuse("entry", entries, ~np.isfinite(entries), "is not finite")
    _refuse("entry", entries, entries >= times, "is not before its time")
    return times, entries


def _events(event: ArrayLike, size: int) -> NDArray[np.bool_]:
    """Who had the event. A status coded 1 and 2 is refused: read as 0 and 1 it would turn the curve round."""
    numbers = _whole_numbers("event", event, size)
    _refuse("event", numbers, numbers > 1, "is neither 0 nor 1")
    return numbers.astype(np.bool_)


def _whole_numbers(name: str, values: ArrayLike, size: int) -> Counts:
    numbers = _numbers(name, values)
    _refuse_length(name, numbers, size)
    whole = (numbers >= 0) & (numbers < 2**53) & (np.floor(numbers) == numbers)
    _refuse(name, numbers, ~whole, "is not a whole number from 0 up")
    return numbers.astype(np.int64)


def _groups(group: ArrayLike, size: int) -> list[NDArray[np.bool_]]:
    """Who belongs to each of the groups, in the order of their labels."""
    labels = np.asarray(group)
    _refuse_dimensions("group", labels)
    _refuse_length("group", labels, size)
    missing = np.array([label is None or label != label for label in labels.tolist()])
    _refuse("group", labels, missing, "is missing")
    found = np.unique(labels)
    if found.size < 2:
        raise ValueError(f"group: {found[0]} is the only group, two are needed")
    return [labels == label for label in found]


def _numbers(name: str, values: ArrayLike) -> Floats:
    array = _array(values)
    _refuse_dimensions(name, array)
    if array.dtype == object:
        odd = np.array([not _is_number(value) for value in array], dtype=np.bool_)
        _refuse(name, array, odd, "is not a number")
    return array.astype(np.float64)


def _array(values: ArrayLike) -> NDArray[Any]:
    """Numbers as numbers; anything else as the objects given, so that the odd one among them can be named."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        return np.asarray(values, dtype=object)
    return array if array.dtype.kind in "biuf" else np.asarray(values, dtype=object)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str | bytes)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and float(value).is_integer()


def _moments(times: ArrayLike) -> Floats:
    when = np.asarray(times, dtype=np.float64)
    _refuse("times", when.ravel(), np.isnan(when.ravel()), "is no moment")
    return when


def _refuse(name: str, values: NDArray[Any], bad: NDArray[np.bool_], why: str) -> None:
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(f"{name}: {values[first]} at position {first} {why}")


def _refuse_length(name: str, values: NDArray[Any], size: int) -> None:
    if values.size != size:
        first = min(values.size, size)
        raise ValueError(f"{name}: {values.size} values for {size} times, first bad position {first}")


def _refuse_dimensions(name: str, values: NDArray[Any]) -> None:
    if values.ndim != 1:
        raise ValueError(f"{name}: {values.ndim} dimensions where one is wanted, first bad position 0")


if __name__ == "__main__":
    from analytics.survival_of_file.command import main

    raise SystemExit(main())
