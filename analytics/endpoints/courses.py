"""The courses by day: CRS, neutrophils, donor cells and MRD, each of the subjects that are drawn.

Of a large cohort some subjects are drawn, in the order that each function says; `of` is how many have one.
"""

from decimal import Decimal
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.datasets.courses import Course
from analytics.endpoints.shown import LANES_SHOWN
from patients.grading.haematotoxicity import PROFOUND_UP_TO_10E9_PER_L, SEVERE_UP_TO_10E9_PER_L
from trial.protocol.configuration import setting_as

CRS_LAST_DAY = 30
"""CRS is drawn up to here: it comes within days, and what came later is said beside the picture."""


def crs_of(data: Datasets) -> dict[str, Any]:
    """Grades by day after the infusion, the highest grades first. `later`: subjects with CRS after the last
    day that is drawn; `by_day`: how many of all had CRS on a day."""
    points = _points(data, Course.CRS)
    worst = points.group_by("SUBJID").agg(worst=pl.col("VALUE").max(), days=(pl.col("VALUE") > 0).sum())
    order = worst.sort(["worst", "days", "SUBJID"], descending=[True, True, False])["SUBJID"]
    ill = points.filter(pl.col("VALUE") > 0)
    early = ill.filter(pl.col("DAY") <= CRS_LAST_DAY)
    by_day = early.group_by("DAY").agg(n=pl.len()).sort("DAY")
    return {
        "of": order.len(),
        "ill": ill["SUBJID"].n_unique(),
        "last_day": CRS_LAST_DAY,
        "later": ill.filter(pl.col("DAY") > CRS_LAST_DAY)["SUBJID"].n_unique(),
        "by_day": {"days": by_day["DAY"].to_list(), "n": by_day["n"].to_list()},
        "lanes": _lines(points.filter(pl.col("DAY") <= CRS_LAST_DAY), order),
    }


def neutrophils_of(data: Datasets) -> dict[str, Any]:
    """Counts by day after the infusion, by code; `by_day`: median and quartiles of all counts of a day."""
    points = _points(data, Course.NEUTROPHILS)
    by_day = (
        points.group_by("DAY")
        .agg(
            n=pl.len(),
            median=pl.col("VALUE").median(),
            lower=pl.col("VALUE").quantile(0.25, "linear"),
            upper=pl.col("VALUE").quantile(0.75, "linear"),
        )
        .sort("DAY")
    )
    return {
        **_by_code(points),
        "limits": [float(SEVERE_UP_TO_10E9_PER_L), float(PROFOUND_UP_TO_10E9_PER_L)],
        "by_day": {"days": by_day["DAY"].to_list()}
        | {name: by_day[name].to_list() for name in ("n", "median", "lower", "upper")},
    }


def chimerism_of(data: Datasets) -> dict[str, Any]:
    """The graft donor's cells by day after the graft, by code, and from where on they are full."""
    return {
        **_by_code(_points(data, Course.CHIMERISM), codes=True),
        "full_from": float(setting_as(Decimal, "full_donor")),
    }


def mrd_of(data: Datasets) -> dict[str, Any]:
    """Class, level and methods by day after the infusion, by code."""
    return {
        **_by_code(_points(data, Course.MRD), codes=True),
        "positive_from": float(setting_as(Decimal, "mrd_threshold_pct")),
    }


def _points(data: Datasets, course: Course) -> pl.DataFrame:
    return data.courses.filter(pl.col("COURSE") == course.value)


def _by_code(points: pl.DataFrame, *, codes: bool = False) -> dict[str, Any]:
    order = points["SUBJID"].unique().sort()
    return {"of": order.len(), "lanes": _lines(points, order, codes=codes)}


def _lines(points: pl.DataFrame, order: pl.Series, *, codes: bool = False) -> list[dict[str, Any]]:
    """Days and values of the first subjects of an order, and the codes where these say something."""
    shown = order.head(LANES_SHOWN).to_list()
    parts = points.filter(pl.col("SUBJID").is_in(shown)).sort("DAY").partition_by("SUBJID", as_dict=True)
    found = {subject: rows for (subject,), rows in parts.items()}
    return [
        {
            "subject": subject,
            "days": found[subject]["DAY"].to_list(),
            "values": found[subject]["VALUE"].to_list(),
            **({"codes": found[subject]["CODE"].to_list()} if codes else {}),
        }
        for subject in shown
        if subject in found
    ]
