"""Limits around a curve, on the scales that R knows."""

from collections.abc import Callable

import numpy as np

from analytics.survival.arrays import Floats

Bounds = tuple[Floats, Floats]
Band = Callable[[Floats, Floats, float], Bounds]


def log_band(estimate: Floats, relative: Floats, z: float) -> Bounds:
    """S exp(-+ z se / S)."""
    return estimate * np.exp(-z * relative), estimate * np.exp(z * relative)


def _log_log_band(estimate: Floats, relative: Floats, z: float) -> Bounds:
    """S to the power exp(+- z se / (S |log S|)).

    While S is still 1 the exponent is undefined and R has no limits. Ours are 1, which is 1 to any power.
    """
    power = np.exp(z * relative / -np.log(estimate))
    return estimate**power, estimate ** (1 / power)


def _plain_band(estimate: Floats, relative: Floats, z: float) -> Bounds:
    """S -+ z se."""
    return estimate * (1 - z * relative), estimate * (1 + z * relative)


_BANDS: dict[str, Band] = {"log": log_band, "log-log": _log_log_band, "plain": _plain_band}


def band_of(conf_type: str) -> Band:
    if conf_type not in _BANDS:
        raise ValueError(f"conf_type: {conf_type!r} is none of {', '.join(_BANDS)}")
    return _BANDS[conf_type]


def limits(band: Band, survival: Floats, relative: Floats, z: float) -> Bounds:
    """The band inside [0, 1], undefined where nobody survives."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        lower, upper = band(survival, relative, z)
    gone = survival == 0
    return np.where(gone, np.nan, np.maximum(lower, 0.0)), np.where(gone, np.nan, np.minimum(upper, 1.0))
