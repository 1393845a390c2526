"""What the figures of a lock draw: steps, bands, censorings and numbers at risk, as plain numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.listed import Values
from analytics.endpoints.sets import DAYS_PER_MONTH
from analytics.survival import cumulative_incidence, kaplan_meier

SURVIVAL_TICKS_MONTHS = (0, 3, 6, 9, 12, 15, 18)
INCIDENCE_TICKS_DAYS = (0, 30, 60, 90, 120, 150, 180)
EVENT, COMPETING = 1, 2


def curves_of(data: Datasets) -> dict[str, Any]:
    """The curves of OS and PFS by month and of acute GVHD by day, with the numbers at risk at the ticks."""
    return {
        "survival": {code: _survival(_rows(data, code)) for code in ("OS", "PFS")},
        "incidence": _incidence(_rows(data, "AGV14")),
    }


def _rows(data: Datasets, code: str) -> pl.DataFrame:
    return data.adtte.filter(pl.col("PARAMCD") == code)


def _at_risk(times: "np.ndarray[Any, np.dtype[np.float64]]", ticks: Sequence[float]) -> list[int]:
    return [int((times >= tick).sum()) for tick in ticks]


def _survival(rows: pl.DataFrame) -> dict[str, Any] | None:
    if not rows.height:
        return None
    days = rows["AVAL"].to_numpy().astype(float)
    events = (rows["STATUS"] == EVENT).to_numpy()
    curve = kaplan_meier(days, events)
    return {
        "time": _plain(curve.time / DAYS_PER_MONTH),
        "survival": _plain(curve.survival),
        "lower": _plain(curve.lower),
        "upper": _plain(curve.upper),
        "n_risk": curve.n_risk.tolist(),
        "n_event": curve.n_event.tolist(),
        "censored": Values(pl.Series(np.sort(days[~events]) / DAYS_PER_MONTH)),
        "at_risk": _at_risk(days, [tick * DAYS_PER_MONTH for tick in SURVIVAL_TICKS_MONTHS]),
    }


def _incidence(rows: pl.DataFrame) -> dict[str, Any] | None:
    if not rows.height:
        return None
    days = rows["AVAL"].to_numpy().astype(float)
    causes = rows["STATUS"].to_numpy().astype(np.int64)
    curves = cumulative_incidence(days, causes)
    return {
        "event": _cause(curves.get(EVENT)),
        "competing": _cause(curves.get(COMPETING)),
        "censored": Values(pl.Series(np.sort(days[causes == 0]))),
        "at_risk": _at_risk(days, INCIDENCE_TICKS_DAYS),
    }


def _cause(curve: Any) -> dict[str, list[float | None]]:
    if curve is None:
        return {"time": [], "incidence": [], "n_risk": [], "n_event": []}
    return {
        "time": _plain(curve.time),
        "incidence": _plain(curve.incidence),
        "n_risk": curve.n_risk.tolist(),
        "n_event": curve.n_event.tolist(),
    }


def _plain(values: Any) -> list[float | None]:
    """Numbers for JSON; where S is 0 the limits are not defined."""
    return [None if np.isnan(value) else float(value) for value in values]
