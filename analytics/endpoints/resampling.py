"""The bootstrap of S(12 months) of OS and PFS: how far its limits are from those on the log scale.

Exploratory: the limits that are reported are Greenwood's on the log scale. Shares from 0 to 1, days.
"""

from typing import Any

import polars as pl

from analytics.bootstrap import bootstrap_survival
from analytics.datasets.build import Datasets
from analytics.datasets.ends.ending import EVENT
from analytics.endpoints.sets import DAYS_PER_MONTH, subjects_of
from analytics.endpoints.times import BEYOND, EMPTY
from analytics.survival import kaplan_meier
from trial.protocol.configuration import setting_as

ENDPOINTS = ("OS", "PFS")
DAY = 12 * DAYS_PER_MONTH


def bootstrap_of(data: Datasets) -> list[dict[str, Any]]:
    """Both endpoints, each with the two intervals and what the replicates were drawn with; the seed is a
    setting of the study, which stands in the configuration of the run."""
    seed = setting_as(int, "bootstrap_seed")
    rows = {code: data.adtte.filter(pl.col("PARAMCD") == code) for code in ENDPOINTS}
    return [_told(code, found.sort("SUBJID"), seed) for code, found in rows.items()]


def _told(code: str, rows: pl.DataFrame, seed: int) -> dict[str, Any]:
    told = {"code": code, "day": DAY, "size": rows.height, "subjects": subjects_of(rows)}
    times, died = rows["AVAL"].to_numpy().astype(float), (rows["STATUS"] == EVENT).to_numpy()
    if not times.size or times.max() < DAY:
        return told | {"estimate": None, "reason": BEYOND if times.size else EMPTY}
    greenwood = kaplan_meier(times, died).at([DAY])
    drawn = bootstrap_survival(times, died, DAY, seed=seed)
    return told | {
        "estimate": drawn.survival,
        "log": _limits(greenwood.lower[0], greenwood.upper[0]),
        "percentile": _limits(drawn.lower, drawn.upper),
        "level": drawn.level,
        "replicates": drawn.replicates,
        "seed": drawn.seed,
        "reason": "",
    }


def _limits(lower: float, upper: float) -> dict[str, float | None]:
    """Where nobody survives the limits on the log scale are not defined."""
    return {"lower": _plain(lower), "upper": _plain(upper)}


def _plain(value: float) -> float | None:
    return None if value != value else float(value)
