"""Every endpoint of ADTTE at its stated times: Kaplan-Meier, or Aalen-Johansen where it has competing events.

Shares from 0 to 1, times in days. Nothing is said beyond the longest observed time of an endpoint; what is
known at that time stands in `at_longest`. Limits are on the log scale; the variance of incidences is Aalen's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from analytics.datasets.build import Datasets
from analytics.datasets.ends.ending import COMPETING, EVENT, Parameter
from analytics.datasets.parameters import PARAMETERS
from analytics.endpoints.listed import Values
from analytics.endpoints.sets import DAYS_PER_MONTH, subjects_of
from analytics.survival import Quantile, cumulative_incidence, kaplan_meier

MONTHS = tuple(month * DAYS_PER_MONTH for month in (1, 3, 6, 12))
# Where an endpoint asks for days of its own beside the months.
DAYS = {"NEUTENG": (28, 42), "PLTENG": (28, 42, 100, 180), "EFS": (28,), "CMVR": (100,), "ANYINF": (100,)}
DAYS |= dict.fromkeys(("AGV14", "AGV24", "AGV34", "AGV14R", "NRMH", "CIRH"), (100,))
BEYOND = "beyond"
EMPTY = "empty"


def times_of(data: Datasets) -> list[dict[str, Any]]:
    """The endpoints in the order of the specification."""
    return [_told(one, data.adtte.filter(pl.col("PARAMCD") == one.code)) for one in PARAMETERS]


def _told(parameter: Parameter, rows: pl.DataFrame) -> dict[str, Any]:
    """With day and status of each subject, of which every number of the endpoint is made."""
    competing = bool(parameter.words(COMPETING))
    moments = sorted({*MONTHS, *DAYS.get(parameter.code, ())})
    found = rows.sort("SUBJID")
    return {
        "code": parameter.code,
        "origin": parameter.origin.name,
        "method": "aalen_johansen" if competing else "kaplan_meier",
        "limits": "log",
        **estimates(found, moments, competing=competing),
        "subjects": subjects_of(found),
        "days": Values(found["AVAL"]),
        "status": Values(found["STATUS"]),
    }


_Values = dict[str, float | None]
_NOTHING: _Values = dict.fromkeys(("estimate", "lower", "upper"))


def estimates(rows: pl.DataFrame, moments: Sequence[float], *, competing: bool) -> dict[str, Any]:
    """How many rows of one endpoint end in what, the curve at the moments, and its median."""
    times, status = rows["AVAL"].to_numpy().astype(float), rows["STATUS"].to_numpy().astype(np.int64)
    last = [float(times.max())] if times.size else []
    read, median = (_incidence if competing else _survival)(times, status, [*moments, *last])
    told = [_at(day, values, times) for day, values in zip([*moments, *last], read, strict=True)]
    return {
        "size": rows.height,
        "events": int((status == EVENT).sum()),
        "competing": int((status == COMPETING).sum()),
        "times": told[: len(moments)],
        "at_longest": told[-1] if last else None,
        "median": median,
    }


def _at(day: float, values: _Values, times: Any) -> dict[str, Any]:
    reason = EMPTY if not times.size else BEYOND if day > times.max() else ""
    return {"day": day, "n_risk": int((times >= day).sum()), **values, "reason": reason}


def _survival(times: Any, status: Any, moments: Sequence[float]) -> tuple[list[_Values], _Values]:
    if not times.size:
        return [_NOTHING] * len(moments), _quantile(None)
    curve = kaplan_meier(times, status == EVENT)
    at = curve.at(moments)
    return _known(moments, times, at.survival, at.lower, at.upper), _quantile(curve.quantile(0.5))


def _incidence(times: Any, status: Any, moments: Sequence[float]) -> tuple[list[_Values], _Values]:
    """An incidence has no median: competing events may keep it below one half for good."""
    if not times.size:
        return [_NOTHING] * len(moments), _quantile(None)
    curve = cumulative_incidence(times, status).get(EVENT)
    if curve is None:
        zeros = np.zeros(len(moments))
        return _known(moments, times, zeros, zeros, zeros), _quantile(None)
    at = curve.at(moments)
    return _known(moments, times, at.incidence, at.lower, at.upper), _quantile(None)


def _known(moments: Sequence[float], times: Any, *curves: Any) -> list[_Values]:
    names = ("estimate", "lower", "upper")
    return [
        dict(zip(names, map(_plain, values), strict=True)) if day <= times.max() else _NOTHING
        for day, *values in zip(moments, *curves, strict=True)
    ]


def _quantile(found: Quantile | None) -> _Values:
    if found is None:
        return dict(_NOTHING)
    return {"estimate": found.value, "lower": found.lower, "upper": found.upper}


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
