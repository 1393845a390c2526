"""The incidence of one of several causes, by Aalen and Johansen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analytics.survival.arrays import Counts, Floats, durations, moments_of, whole_numbers
from analytics.survival.bands import log_band
from analytics.survival.risk import RiskTable, count_at, normal_quantile, risk_table, step


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
        when = moments_of(times)
        curves = (self.incidence, self.std_error, self.lower, self.upper)
        return IncidenceAt(*(step(self.time, values, when, before=0.0) for values in curves))


def cumulative_incidence(
    time: ArrayLike, cause: ArrayLike, *, entry: ArrayLike | None = None, level: float = 0.95
) -> dict[int, IncidenceCurve]:
    """Aalen-Johansen: F_k(t) = sum over t_j <= t of S(t_j -) d_kj / n_j, S being free of every cause.

    Aalen and Johansen, Scand J Stat 1978;5:141. `cause` is 0 for a censoring and 1, 2, ... for the causes;
    the answer has a curve for each cause that occurs. The variance is Aalen's, as in R's `survfit` and
    `etm`; `cmprsk::cuminc` has another. Limits on the log scale, F exp(-+ z se / F), capped at 1; they are 0
    while F is still 0.
    """
    z = normal_quantile(level)
    times, entries = durations(time, entry)
    causes = whole_numbers("cause", cause, times.size)
    risk = risk_table(times, entries)
    labels = [int(label) for label in np.unique(causes) if label > 0]
    died = {label: count_at(risk.time, times[causes == label]) for label in labels}
    state = _event_free(risk, sum(died.values(), start=np.zeros_like(risk.n_risk)))
    return {label: _incidence_curve(risk, state, died[label], z) for label in labels}


@dataclass(frozen=True, slots=True, eq=False)
class _EventFree:
    """The state that every cause leaves: numbers at risk, S(t -), and Greenwood's terms d / (n (n - d))."""

    n_risk: Floats
    before: Floats
    greenwood: Floats


def _event_free(risk: RiskTable, died: Counts) -> _EventFree:
    n, d = risk.n_risk.astype(np.float64), died.astype(np.float64)
    survival = np.cumprod(1 - d / n)
    # Where everybody leaves at once no incidence changes afterwards: the term is multiplied by 0.
    greenwood = np.divide(d, n * (n - d), out=np.zeros_like(n), where=n > d)
    return _EventFree(n_risk=n, before=np.append(1.0, survival[:-1]), greenwood=greenwood)


def _incidence_curve(risk: RiskTable, state: _EventFree, died: Counts, z: float) -> IncidenceCurve:
    incidence: Floats = np.cumsum(state.before * died / state.n_risk)
    std_error = np.sqrt(_aalen_variance(state, died, incidence))
    relative = np.divide(std_error, incidence, out=np.zeros_like(incidence), where=incidence > 0)
    with np.errstate(over="ignore"):
        lower, upper = log_band(incidence, relative, z)
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
