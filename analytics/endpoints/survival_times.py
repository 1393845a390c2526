"""Overall and progression-free survival, relapse and non-relapse death over time."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.datasets.build import Datasets
from analytics.datasets.time_to_event import CENSORED, EVENT, RELAPSED
from analytics.endpoints.figure import EMPTY_SET, Figure, figure
from analytics.endpoints.sets import DAYS_PER_MONTH, subjects_of
from analytics.survival import SurvivalCurve, cumulative_incidence, kaplan_meier

MONTHS_READ = (1, 3, 6, 12, 24)
MONTHS_AT_RISK = (0, 3, 6, 9, 12, 15, 18)
INCIDENCE_MONTH = 12
RELAPSE, DEATH_WITHOUT_RELAPSE = 1, 2
INCIDENCES = {RELAPSE: "relapse_cif_12m", DEATH_WITHOUT_RELAPSE: "nrm_12m"}
BEYOND = "beyond the longest observed time"
NOT_REACHED = "not reached"
NO_LIMITS = "no limits where survival is 0"


def survival_figures(data: Datasets) -> Iterator[Figure]:
    for code in ("OS", "PFS"):
        rows = data.adtte.filter(pl.col("PARAMCD") == code)
        failed = rows.filter(pl.col("STATUS") == EVENT)
        size, events = rows.height, failed.height
        yield figure(f"{code.lower()}_events_n", events, n=events, size=size, subjects=subjects_of(failed))
        yield from _curve_figures(code.lower(), rows) if size else _nothing_observed(code.lower())
    yield from _incidence_figures(data.adtte.filter(pl.col("PARAMCD") == "PFS"))


def _curve_figures(stem: str, rows: pl.DataFrame) -> Iterator[Figure]:
    """Survival at stated months with limits on the log scale, median with limits, numbers at risk."""
    failed = (rows["STATUS"] == EVENT).to_numpy()
    curve = kaplan_meier(rows["AVAL"].to_numpy(), failed)
    of_all = partial(figure, n=int(failed.sum()), size=rows.height, subjects=subjects_of(rows))
    for month in MONTHS_READ:
        for part, value in percent_at(curve, month * DAYS_PER_MONTH).items():
            reason = BEYOND if month * DAYS_PER_MONTH > curve.time[-1] else NO_LIMITS
            yield of_all(f"{stem}_{month}m{part}", value, reason=reason)
    median = curve.quantile(0.5)
    for part, days in (("", median.value), ("_lo", median.lower), ("_hi", median.upper)):
        months = None if days is None else days / DAYS_PER_MONTH
        yield of_all(f"{stem}_median{part}", months, reason=NOT_REACHED)
    yield from _at_risk(stem, rows)


def percent_at(curve: SurvivalCurve, day: float) -> dict[str, float | None]:
    """In percent. No estimate is extended beyond the longest observed time; where S is 0 it has no limits."""
    read = curve.at([day])
    values = {"": read.survival[0], "_lo": read.lower[0], "_hi": read.upper[0]}
    known = day <= curve.time[-1]
    return {
        part: 100 * float(value) if known and not np.isnan(value) else None for part, value in values.items()
    }


def _at_risk(stem: str, rows: pl.DataFrame) -> Iterator[Figure]:
    for month in MONTHS_AT_RISK:
        there = subjects_of(rows.filter(pl.col("AVAL") >= month * DAYS_PER_MONTH))
        yield figure(f"{stem}_nrisk_{month}m", len(there), n=len(there), size=rows.height, subjects=there)


def _nothing_observed(stem: str) -> Iterator[Figure]:
    parts = [f"{month}m{part}" for month in MONTHS_READ for part in ("", "_lo", "_hi")]
    for part in (*parts, "median", "median_lo", "median_hi"):
        yield figure(f"{stem}_{part}", None, n=0, size=0, reason=EMPTY_SET)
    for month in MONTHS_AT_RISK:
        yield figure(f"{stem}_nrisk_{month}m", 0, n=0, size=0)


def _incidence_figures(rows: pl.DataFrame) -> Iterator[Figure]:
    """One Aalen-Johansen fit on PFS time and cause gives relapse and non-relapse death."""
    times, causes, day = rows["AVAL"].to_numpy(), _causes(rows), INCIDENCE_MONTH * DAYS_PER_MONTH
    curves = cumulative_incidence(times, causes) if times.size else {}
    known = times.size > 0 and day <= times.max()
    for cause, id in INCIDENCES.items():
        share = float(curves[cause].at([day]).incidence[0]) if cause in curves else 0.0
        yield figure(
            id,
            100 * share if known else None,
            n=int((causes == cause).sum()),
            size=rows.height,
            reason=BEYOND if rows.height else EMPTY_SET,
            subjects=subjects_of(rows),
        )


def _causes(rows: pl.DataFrame) -> NDArray[np.int64]:
    """0 censored, 1 relapse or progression, 2 death without it."""
    censored, relapsed = rows["STATUS"].to_numpy() == CENSORED, (rows["EVNTDESC"] == RELAPSED).to_numpy()
    return np.where(censored, 0, np.where(relapsed, RELAPSE, DEATH_WITHOUT_RELAPSE))
