"""The safety tables of section 4.1: how many of a set had which worst grade, with the subjects of each row.

The row of grade 0 is everybody else of the set: nobody graded them worse. Where a grade needs counts that are
not there (ICAHT), the subjects without an answer stand in a row of their own, `grade` null.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.datasets.periods import CAR_T_DAYS, GRAFT_DAYS
from analytics.endpoints.listed import Lines
from analytics.endpoints.sets import Set, by_code, subjects_of

SEVERE_FROM_GRADE = 3
REACTIVATION = "viral_reactivation"
UNDER_TREATMENT = ("cart", "hsct")
# Each table: its name, its set, the column of the worst grade, the highest grade.
GRADED = (
    ("crs", Set.SAF, "CRSMAX", 5),
    ("icans", Set.SAF, "ICANSMAX", 5),
    ("iec_hs", Set.SAF, "IECHSMAX", 5),
    ("cytopenia", Set.SAF, "CYTMAX", 4),
    ("neutrophils", Set.SAF, "NEUTMAX", 4),
    ("platelets", Set.SAF, "PLATMAX", 4),
    ("haemoglobin", Set.SAF, "HGBMAX", 4),
    ("lymphocytes", Set.SAF, "LYMMAX", 4),
    ("acute_gvhd_before_graft", Set.SAF, "AGPREMAX", 4),
    ("acute_gvhd_after_graft", Set.HSCTSET, "AGMAX", 4),
)
# Without an answer there is no grade 0.
JUDGED = (
    ("icaht_early_before_graft", Set.SAF, "ICAHTEP", 4),
    ("icaht_early", Set.SAF, "ICAHTE", 4),
    ("icaht_late", Set.SAF, "ICAHTL", 4),
)


def safety_of(data: Datasets) -> dict[str, Any]:
    """`grades` by table, `infections`, `serious` events, and `dlt`."""
    grades = [
        _table(name, one.of(data), one, pl.col(column).fill_null(0), top) for name, one, column, top in GRADED
    ]
    grades += [_table(name, one.of(data), one, pl.col(column), top) for name, one, column, top in JUDGED]
    return {
        "grades": grades,
        "infections": _infections(data),
        "serious": _serious(data),
        "dlt": _dose_limiting(data),
    }


def _table(name: str, rows: pl.DataFrame, of: Set, grade: pl.Expr, highest: int) -> dict[str, Any]:
    """The subjects of each grade; together they are the set."""
    graded = rows.select("SUBJID", grade.alias("grade")).sort("SUBJID")
    found = [_row(level, graded.filter(pl.col("grade") == level)) for level in range(highest + 1)]
    unknown = graded.filter(pl.col("grade").is_null())
    found += [_row(None, unknown)] if unknown.height else []
    severe = graded.filter(pl.col("grade") >= SEVERE_FROM_GRADE)
    return {"name": name, "set": of.name, "size": rows.height, "rows": found, "severe": subjects_of(severe)}


def _row(grade: int | None, rows: pl.DataFrame) -> dict[str, Any]:
    return {"grade": grade, "subjects": subjects_of(rows)}


# --- infections -------------------------------------------------------------------------------------------
def _infections(data: Datasets) -> dict[str, Any]:
    """Those that began from T0 on in the periods of section 4.1, viral reactivation apart.

    `days_at_risk` are the days of these periods on which the subjects of SAF were known to be alive.
    """
    treated = Set.SAF.of(data)
    under = data.adin.filter(pl.col("APERIODC").is_in(UNDER_TREATMENT))
    found = under.join(treated.select("SUBJID"), on="SUBJID", how="semi").sort("SUBJID", "ASEQ")
    days = _days_at_risk(data)
    disease = found.filter(pl.col("INFCLASS").ne_missing(REACTIVATION))
    reactivated = found.filter(pl.col("INFCLASS") == REACTIVATION)
    return {
        "size": treated.height,
        "days_at_risk": days,
        "disease": _counted(disease, treated, days),
        "reactivation": _counted(reactivated, treated, days),
        "by_class": list(_by(found, "INFCLASS")),
        "by_organism": list(_by(found, "INFORG")),
        "by_site": list(_by(_each_site(found), "INFSITE")),
        "neutropenic": _episodes(found.filter("INFNEUT")),
    }


def _each_site(found: pl.DataFrame) -> pl.DataFrame:
    """A row for each site of an infection."""
    return found.with_columns(pl.col("INFSITE").str.split(" ")).explode("INFSITE")


def _counted(found: pl.DataFrame, treated: pl.DataFrame, days: int) -> dict[str, Any]:
    """Episodes, their rate, and the worst grade of each subject of SAF."""
    worst = found.group_by("SUBJID").agg(pl.col("INFGR").max())
    graded = treated.select("SUBJID").join(worst, on="SUBJID", how="left")
    return {
        **_episodes(found),
        "per_100_days": 100 * found.height / days if days else None,
        "worst": _table("infection", graded, Set.SAF, pl.col("INFGR").fill_null(0), 5),
    }


def _by(found: pl.DataFrame, column: str) -> Iterator[dict[str, Any]]:
    """The episodes of each code, the most frequent first, then by code."""
    codes = (
        found.group_by(column)
        .len()
        .sort(pl.col("len"), pl.col(column).fill_null(""), descending=[True, False])
    )
    for code in codes[column].to_list():
        yield {"code": code or "", **_episodes(found.filter(pl.col(column).eq_missing(code)))}


def _episodes(found: pl.DataFrame) -> dict[str, Any]:
    """How many, of whom, and which rows of the casebook."""
    return {
        "episodes": found.height,
        "subjects": by_code(found),
        "rows": Lines(found.select(subject="SUBJID", visit="visit", row_key="row_key")),
    }


def _days_at_risk(data: Datasets) -> int:
    """T0 to min(H0 - 1, T0 + 90) and H0 to H0 + 100, first and last day included, while known to be alive."""
    ends = data.adtte.filter(pl.col("PARAMCD") == "OS").select("SUBJID", "ADT")
    known = Set.SAF.of(data).join(ends, on="SUBJID")
    before_graft = pl.col("TR02SDT").dt.offset_by("-1d")
    first = pl.min_horizontal(pl.col("TRTSDT").dt.offset_by(f"{CAR_T_DAYS}d"), before_graft, "ADT")
    second = pl.min_horizontal(pl.col("TR02SDT").dt.offset_by(f"{GRAFT_DAYS}d"), "ADT")
    days = _days("TRTSDT", first) + _days("TR02SDT", second).fill_null(0)
    return int(known.select(days.sum()).item())


def _days(begin: str, last: pl.Expr) -> pl.Expr:
    """Both days included; none where the last comes first."""
    return ((last - pl.col(begin)).dt.total_days() + 1).clip(lower_bound=0)


# --- serious events and dose-limiting toxicity ------------------------------------------------------------
def _serious(data: Datasets) -> dict[str, Any]:
    """Serious events of SAF from the infusion on; those related to the product for life."""
    treated = Set.SAF.of(data)
    serious = data.adae.filter("AESER").join(treated.select("SUBJID"), on="SUBJID", how="semi")
    found = serious.sort("SUBJID", "AESEQ")
    return {
        "size": treated.height,
        "emergent": _events(found.filter("TRTEMFL")),
        "later": _events(found.filter(~pl.col("TRTEMFL").fill_null(value=True))),
        "fatal": _events(found.filter(pl.col("AETOXGR") == 5)),
    }


def _events(found: pl.DataFrame) -> dict[str, Any]:
    return {
        "events": found.height,
        "subjects": by_code(found),
        "rows": Lines(found.select(subject="SUBJID", visit="visit", row_key="row_key", grade="AETOXGR")),
    }


def _dose_limiting(data: Datasets) -> dict[str, Any]:
    """Of DLTEV, those with a dose-limiting toxicity as the adjudication says."""
    evaluable = Set.DLTEV.of(data).sort("SUBJID")
    return {
        "size": evaluable.height,
        "evaluated_subjects": subjects_of(evaluable),
        "subjects": subjects_of(evaluable.filter("DLTOCFL")),
    }
