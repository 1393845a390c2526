"""Survival by Kaplan and Meier, its bands and its quantiles."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from analytics.survival.arrays import Counts, Floats, durations, events_of, moments_of
from analytics.survival.bands import band_of, limits
from analytics.survival.risk import count_at, normal_quantile, risk_table, step

ConfType = Literal["log", "log-log", "plain"]

# How near S must come to a quantile to count as equal to it: R's `tolerance` of quantile.survfit.
QUANTILE_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


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
        when = moments_of(times)
        return SurvivalAt(
            n_risk=np.append(self.n_risk, 0)[np.searchsorted(self.time, when, side="left")],
            survival=step(self.time, self.survival, when, before=1.0),
            std_error=step(self.time, self.std_error, when, before=0.0),
            lower=step(self.time, self.lower, when, before=1.0),
            upper=step(self.time, self.upper, when, before=1.0),
        )

    def quantile(self, p: float) -> Quantile:
        """Smallest t with S(t) <= 1 - p; where S equals 1 - p on an interval, the middle of that interval.

        The limits are the same crossing of the lower and of the upper band (Brookmeyer and Crowley,
        Biometrics 1982;38:29). Equality holds within `QUANTILE_TOLERANCE`, as in R's `quantile.survfit`.
        """
        if not 0 < p <= 1:
            raise ValueError(f"p: {p} is not a probability above 0")
        bands = (self.survival, self.lower, self.upper)
        return Quantile(*(crossing(self.time, 1 - band, p) for band in bands))


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
    band, z = band_of(conf_type), normal_quantile(level)
    times, entries = durations(time, entry)
    died_at = times[events_of(event, times.size)]
    risk = risk_table(times, entries)
    died = count_at(risk.time, died_at)
    survival, relative = _product_limit(died, risk.n_risk)
    lower, upper = limits(band, survival, relative, z)
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
    times, _ = durations(time, entry)
    under_observation = ~events_of(event, times.size)
    return kaplan_meier(times, under_observation, entry=entry, conf_type=conf_type, level=level)


def _product_limit(died: Counts, at_risk: Counts) -> tuple[Floats, Floats]:
    """S(t), and the standard error of log S(t): infinite once everybody at risk has died."""
    n, d = at_risk.astype(np.float64), died.astype(np.float64)
    with np.errstate(divide="ignore"):
        log_variance: Floats = np.cumsum(d / (n * (n - d)), dtype=np.float64)
    return np.cumprod(1 - d / n, dtype=np.float64), np.sqrt(log_variance)


def crossing(time: Floats, fallen: Floats, p: float) -> float | None:
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
