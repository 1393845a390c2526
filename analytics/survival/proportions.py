"""A proportion with its limits."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betaincinv

from analytics.survival.arrays import is_whole
from analytics.survival.risk import normal_quantile

BinomialMethod = Literal["clopper-pearson", "wilson"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A proportion with its limits."""

    estimate: float
    lower: float
    upper: float


def binomial_interval(
    x: int, n: int, *, method: BinomialMethod = "clopper-pearson", level: float = 0.95
) -> Interval:
    """A proportion x / n with its limits: exact (Clopper and Pearson, Biometrika 1934;26:404), or Wilson's
    score interval without continuity correction (J Am Stat Assoc 1927;22:209)."""
    z = normal_quantile(level)
    if not is_whole(n) or n < 1:
        raise ValueError(f"n: {n} is not a whole number from 1 up")
    if not is_whole(x) or not 0 <= x <= n:
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
