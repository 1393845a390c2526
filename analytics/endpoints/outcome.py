"""Response, transplantation, relapse and death, counted."""

from collections.abc import Iterator

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.figure import EMPTY_SET, Figure, figure, share
from analytics.endpoints.sets import DAYS_PER_MONTH, Set, counted, number, spread, subjects_of
from analytics.survival import binomial_interval

_RELAPSED = pl.col("RLPDT").is_not_null()
_DEAD = pl.col("DTHDT").is_not_null()
_REMISSION_MRD_NEGATIVE = pl.col("CRIMRDDT").is_not_null()
_NEGATIVE = _RELAPSED & (pl.col("RLPCD7") == "negative")
_POSITIVE = _RELAPSED & (pl.col("RLPCD7") == "positive")


def outcome_figures(data: Datasets) -> Iterator[Figure]:
    treated = Set.SAF.of(data)
    yield from with_exact_limits("cri", treated, _REMISSION_MRD_NEGATIVE)
    yield from with_exact_limits("hsct", treated, pl.col("HSCTFL"))
    yield from _transplantation(Set.HSCTSET.of(data))
    yield number("dose_in_window_n", treated, pl.col("DOSEFL"))
    yield from _relapse(treated)
    yield from _vital_status(treated)


def with_exact_limits(stem: str, rows: pl.DataFrame, condition: pl.Expr) -> Iterator[Figure]:
    """Count, percentage and its exact 95 % limits (Clopper-Pearson)."""
    yield from counted(stem, rows, condition)
    yield from exact_limits(f"{stem}_pct", rows, condition)


def exact_limits(stem: str, rows: pl.DataFrame, condition: pl.Expr) -> Iterator[Figure]:
    """`STEM_lo` and `STEM_hi` in percent."""
    found = subjects_of(rows.filter(condition))
    limits: dict[str, float | None] = {"lo": None, "hi": None}
    if rows.height:
        interval = binomial_interval(len(found), rows.height)
        limits = {"lo": 100 * interval.lower, "hi": 100 * interval.upper}
    for part, limit in limits.items():
        id = f"{stem}_{part}"
        yield figure(id, limit, n=len(found), size=rows.height, reason=EMPTY_SET, subjects=found)


def _transplantation(grafted: pl.DataFrame) -> Iterator[Figure]:
    interval = (pl.col("TR02SDT") - pl.col("TRTSDT")).dt.total_days()
    yield number("hsct_within_month_n", grafted, interval <= DAYS_PER_MONTH)
    yield from spread("hsct_interval", grafted, interval)
    yield number("no_conditioning_n", grafted, pl.col("NOCONDFL"))
    yield number("no_prophylaxis_n", grafted, pl.col("NOPROPFL"))


def _relapse(treated: pl.DataFrame) -> Iterator[Figure]:
    """`relapse_n` counts CD7-negative relapse alone, `relapse_any_n` every one; times are of every one."""
    yield from counted("relapse", treated, _NEGATIVE)
    yield from counted("relapse_any", treated, _RELAPSED)
    yield number("relapse_cd7pos_n", treated, _POSITIVE)
    relapsed = treated.filter(_RELAPSED)
    negative = relapsed.filter(_NEGATIVE)
    yield share("cd7neg_share_pct", negative.height, relapsed.height, subjects_of(negative))
    yield from exact_limits("cd7neg_share_pct", relapsed, _NEGATIVE)
    interval = (pl.col("RLPDT") - pl.col("TRTSDT")).dt.total_days()
    yield from spread("relapse", relapsed, interval, DAYS_PER_MONTH)


def _vital_status(treated: pl.DataFrame) -> Iterator[Figure]:
    """A death without an earlier or same-day relapse is a non-relapse death whatever the cause written."""
    yield number("alive_n", treated, ~_DEAD)
    yield number("disease_free_n", treated, ~_DEAD & ~_RELAPSED)
    yield number("disease_free_cri_n", treated, ~_DEAD & ~_RELAPSED & pl.col("REMDT").is_not_null())
    yield number("deaths_n", treated, _DEAD)
    cause = pl.col("DTHCAUS")
    yield number("deaths_infection", treated, _DEAD & (cause == "infection"))
    yield number("deaths_relapse", treated, _DEAD & (cause == "relapse_progression"))
    yield number("deaths_other", treated, _DEAD & ~cause.is_in(["infection", "relapse_progression"]))
