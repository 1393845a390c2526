"""Exploratory estimates by diagnosis, donor source and earlier transplant, each with a test of difference.

The trial is not sized for them, no test is corrected for the others, and a reader must be told so: each
subgroup says that it is exploratory.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl

from analytics.datasets.build import Datasets
from analytics.datasets.time_to_event import EVENT
from analytics.endpoints.rates import rate
from analytics.endpoints.sets import DAYS_PER_MONTH, Set, by_code
from analytics.endpoints.times import estimates
from analytics.survival import TestResult, gray_test, logrank

TWELVE_MONTHS, THREE_MONTHS = 12 * DAYS_PER_MONTH, 3 * DAYS_PER_MONTH
GROUPS = {
    "diagnosis": pl.col("DXTYPE"),
    "donor_source": pl.col("DONCLASS"),
    "prior_transplant": pl.when(pl.col("PRALLO") >= 1).then(pl.lit("yes")).otherwise(pl.lit("no")),
}
UNKNOWN = ""
REMISSION_MRD_NEGATIVE = pl.col("CRIMRDDT").is_not_null()


def subgroups_of(data: Datasets) -> dict[str, Any]:
    """OS and PFS at 12 months, MRD-negative remission and acute GVHD at 3 months by each grouping, and of all
    as one group."""
    return {
        "exploratory": True,
        "overall": _overall(data),
        "groupings": [_grouping(data, code, of) for code, of in GROUPS.items()],
    }


def _grouping(data: Datasets, code: str, of: pl.Expr) -> dict[str, Any]:
    labelled = data.adsl.with_columns(group=of.fill_null(UNKNOWN))
    groups = labelled.select("SUBJID", "group")
    return {
        "code": code,
        "members": list(_each(groups, lambda own: {"subjects": by_code(own)})),
        "os": _survival(data, groups, "OS"),
        "pfs": _survival(data, groups, "PFS"),
        "remission": _remission(labelled.filter(Set.SAF.value)),
        "acute_gvhd": _acute(data, groups),
    }


def _overall(data: Datasets) -> dict[str, Any]:
    """Who is behind these estimates stands with the endpoints and the sets."""
    found = _grouping(data, "all", pl.lit("all"))
    found["remission"]["groups"] = [
        {part: value for part, value in group.items() if part not in ("subjects", "of")}
        for group in found["remission"]["groups"]
    ]
    return {part: found[part] for part in ("os", "pfs", "remission", "acute_gvhd")}


def _survival(data: Datasets, groups: pl.DataFrame, code: str) -> dict[str, Any]:
    rows = _rows(data, groups, code)
    days, died = rows["AVAL"].to_numpy(), (rows["STATUS"] == EVENT).to_numpy()
    test = logrank(days, died, rows["group"].to_list()) if _are_comparable(rows) else None
    found = _each(rows, lambda own: estimates(own, [TWELVE_MONTHS], competing=False))
    return {"groups": list(found), "test": _told("logrank", test)}


def _acute(data: Datasets, groups: pl.DataFrame) -> dict[str, Any]:
    rows = _rows(data, groups, "AGV14")
    days, causes = rows["AVAL"].to_numpy(), rows["STATUS"].to_numpy().astype(np.int64)
    tests = gray_test(days, causes, rows["group"].to_list()) if _are_comparable(rows) else {}
    found = _each(rows, lambda own: estimates(own, [THREE_MONTHS], competing=True))
    return {"groups": list(found), "test": _told("gray", tests.get(EVENT))}


def _remission(rows: pl.DataFrame) -> dict[str, Any]:
    """Rates with exact limits; of so few subjects no test is made."""
    return {"groups": list(_each(rows, lambda own: rate(own, REMISSION_MRD_NEGATIVE))), "test": None}


def _rows(data: Datasets, groups: pl.DataFrame, code: str) -> pl.DataFrame:
    rows = data.adtte.filter(pl.col("PARAMCD") == code)
    return rows.join(groups, on="SUBJID").sort("SUBJID")


def _each(rows: pl.DataFrame, told: Callable[[pl.DataFrame], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for label in sorted(set(rows["group"].to_list())):
        yield {"group": label, **told(rows.filter(pl.col("group") == label))}


def _are_comparable(rows: pl.DataFrame) -> bool:
    return rows["group"].n_unique() > 1


def _told(name: str, test: TestResult | None) -> dict[str, Any] | None:
    """Null where there is nothing to compare; a statistic that is not defined is null, too."""
    if test is None:
        return None
    values = {"statistic": test.statistic, "p_value": test.p_value}
    known = {part: None if np.isnan(value) else float(value) for part, value in values.items()}
    return {"name": name, "df": test.df, **known}
