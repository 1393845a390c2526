"""CRS, cytopenia, chimerism at one month, acute and chronic GVHD."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.figure import EMPTY_SET, Figure, figure
from analytics.endpoints.outcome import exact_limits
from analytics.endpoints.sets import DAYS_PER_MONTH, Set, counted, number, subjects_of
from analytics.endpoints.survival_times import BEYOND
from analytics.survival import cumulative_incidence

THREE_MONTHS_DAYS = 3 * DAYS_PER_MONTH
HUNDRED_DAYS = 100
FULL_DONOR_FROM_PCT = 95


def toxicity_figures(data: Datasets) -> Iterator[Figure]:
    treated, grafted = Set.SAF.of(data), Set.HSCTSET.of(data)
    for name, low, high in (("g0", 0, 0), ("g12", 1, 2), ("g3", 3, 3), ("g4", 4, 4)):
        yield from counted(f"crs_{name}", treated, pl.col("CRSMAX").is_between(low, high))
    yield from counted("cytopenia_g34", treated, pl.col("CYTMAX") >= 3)
    yield from _acute(data, grafted)
    yield from _chimerism(treated, grafted)
    yield from _chronic(grafted)


def _acute(data: Datasets, grafted: pl.DataFrame) -> Iterator[Figure]:
    """The worst grade after the graft over all follow-up, and cumulative incidences by Aalen-Johansen."""
    worst = pl.col("AGMAX")
    yield from counted("agvhd_any", grafted, worst >= 1)
    yield from counted("agvhd_g12", grafted, worst.is_between(1, 2))
    yield from counted("agvhd_g3", grafted, worst == 3)
    yield from counted("agvhd_g4", grafted, worst == 4)
    yield number("agvhd_resolved_n", grafted, pl.col("AGRESDT").is_not_null())
    incidences = (
        ("agvhd_cif_3m", "AGV14", THREE_MONTHS_DAYS),
        ("agvhd_cif_3m_cmprsk", "AGV14", THREE_MONTHS_DAYS),  # the same estimate under its other name
        ("agvhd_cif_3m_relapse_competing", "AGV14R", THREE_MONTHS_DAYS),
        ("agvhd_cif_100d", "AGV14", HUNDRED_DAYS),
        ("agvhd24_cif_100d", "AGV24", HUNDRED_DAYS),
        ("agvhd34_cif_100d", "AGV34", HUNDRED_DAYS),
    )
    for id, code, day in incidences:
        yield _incidence(id, data.adtte.filter(pl.col("PARAMCD") == code), day)


def _incidence(id: str, rows: pl.DataFrame, day: float) -> Figure:
    size, events = rows.height, int((rows["STATUS"] == 1).sum())
    subjects = subjects_of(rows)
    if not size:
        return figure(id, None, n=0, size=0, reason=EMPTY_SET)
    times = rows["AVAL"].to_numpy()
    if day > times.max():
        return figure(id, None, n=events, size=size, reason=BEYOND, subjects=subjects)
    curves = cumulative_incidence(times, rows["STATUS"].to_numpy().astype(np.int64))
    value = float(curves[1].at([day]).incidence[0]) if 1 in curves else 0.0
    return figure(id, 100 * value, n=events, size=size, subjects=subjects)


def _chimerism(treated: pl.DataFrame, grafted: pl.DataFrame) -> Iterator[Figure]:
    """Full donor: 95 % or more."""
    yield number("chimerism_evaluable", grafted, pl.col(Set.CHIMEV.value))
    evaluable = grafted.filter(pl.col(Set.CHIMEV.value))
    full = pl.col("CHIM1PCT") >= FULL_DONOR_FROM_PCT
    yield from counted("chimerism_full", evaluable, full)
    yield from exact_limits("chimerism_full_pct", evaluable, full)
    yield number("chimerism_mixed_relapsed", evaluable, ~full & _relapsed_first(treated))


def _relapsed_first(treated: pl.DataFrame) -> pl.Expr:
    """The shortest time from infusion to relapse of SAF; all that tie."""
    interval = (pl.col("RLPDT") - pl.col("TRTSDT")).dt.total_days()
    shortest = treated.select(interval.min()).item()
    return pl.lit(False) if shortest is None else (interval == shortest).fill_null(False)


def _chronic(grafted: pl.DataFrame) -> Iterator[Figure]:
    yield number("cgvhd_evaluable", grafted, pl.col(Set.CGEV.value))
    yield number("cgvhd_n", grafted.filter(pl.col(Set.CGEV.value)), pl.col("CGONDT").is_not_null())
