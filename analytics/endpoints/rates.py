"""The rates of section 4.3 with exact 95 % limits (Clopper-Pearson), each with its set and its subjects."""

from dataclasses import asdict
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.sets import Set, by_code
from analytics.endpoints.toxicity import FULL_DONOR_FROM_PCT
from analytics.survival import binomial_interval

RESPONSE_BY_DAY = 28


def _by_day_28(column: str) -> pl.Expr:
    """A date from T0 to day 28, day 28 included."""
    return ((pl.col(column) - pl.col("TRTSDT")).dt.total_days() <= RESPONSE_BY_DAY).fill_null(value=False)


_RELAPSED = pl.col("RLPDT").is_not_null()
# Each rate: its code, its set, who of the set it is a rate of, and who is counted.
RATES = (
    ("remission_by_day_28", Set.RESPEV, pl.lit(True), _by_day_28("REMDT")),
    ("mrd_negative_remission_by_day_28", Set.RESPEV, pl.lit(True), _by_day_28("CRIMRDDT")),
    ("strict_remission_by_day_28", Set.RESPEV, pl.lit(True), _by_day_28("REMSDT")),
    ("full_chimerism", Set.CHIMEV, pl.lit(True), pl.col("CHIM1PCT") >= FULL_DONOR_FROM_PCT),
    ("transplanted", Set.SAF, pl.lit(True), pl.col("HSCTFL")),
    ("manufactured", Set.ENR, pl.lit(True), pl.col("MFGFL").fill_null(value=False)),
    ("cd7_negative_relapse", Set.SAF, _RELAPSED, pl.col("RLPCD7").eq_missing(pl.lit("negative"))),
    ("chronic_gvhd", Set.CGEV, pl.lit(True), pl.col("CGONDT").is_not_null()),
)


def rates_of(data: Datasets) -> list[dict[str, Any]]:
    """Estimates are shares from 0 to 1, null of an empty set."""
    return [
        {"code": code, "set": of.name, **rate(of.of(data).filter(among), condition)}
        for code, of, among, condition in RATES
    ]


def rate(rows: pl.DataFrame, condition: pl.Expr) -> dict[str, Any]:
    """How many of these subjects fulfil a condition, with exact limits."""
    found = by_code(rows.filter(condition))
    limits: dict[str, float | None] = dict.fromkeys(("estimate", "lower", "upper"))
    if rows.height:
        limits = asdict(binomial_interval(len(found), rows.height))
    return {
        "n": len(found),
        "size": rows.height,
        **limits,
        "subjects": found,
        "of": by_code(rows),
    }
