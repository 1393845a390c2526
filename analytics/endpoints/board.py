"""What a safety board reads of single subjects, by their codes: enrolment, deaths, serious events, exposure.

Days are counted from the infusion (T0) or the graft (H0), which are day 0; of calendar dates the month of
enrolment alone is told.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.listed import Lines
from analytics.endpoints.sets import Set, subjects_of
from trial.protocol.configuration import setting


def board_of(data: Datasets) -> dict[str, Any]:
    """`enrolment` by month and site with the plan; `deaths` and `serious` events of all enrolled, treated or
    not; `exposure` of each of them."""
    enrolled = Set.ENR.of(data).sort("SUBJID")
    return {
        "enrolment": {"planned": setting("planned_enrolment"), "months": list(_months(enrolled))},
        "deaths": Lines(enrolled.drop_nulls("DTHDT").select(**_DEATH)),
        "serious": Lines(_serious(data, enrolled).select(**_SERIOUS)),
        "exposure": Lines(_exposure(enrolled)),
    }


def _months(enrolled: pl.DataFrame) -> Iterator[dict[str, Any]]:
    by_month = enrolled.with_columns(month=pl.col("ENRLDT").dt.strftime("%Y-%m")).sort("month", "SITEID")
    for (month, site), rows in by_month.group_by("month", "SITEID", maintain_order=True):
        yield {"month": month, "site": site, "subjects": subjects_of(rows)}


def _days(origin: str, day: str) -> pl.Expr:
    return (pl.col(day) - pl.col(origin)).dt.total_days()


_DEATH = {
    "subject": pl.col("SUBJID"),
    "day": _days("TRTSDT", "DTHDT"),
    "day_from_graft": _days("TR02SDT", "DTHDT"),
    "cause": pl.col("DTHCAUS"),
    "related_cart": pl.col("DTHREL"),
    "related_hsct": pl.col("DTHRELGR"),
}
_SERIOUS = {
    "subject": pl.col("SUBJID"),
    "event": pl.col("AESEQ"),
    "preferred": pl.col("AEDECOD"),
    "ctcae_term": pl.col("AETOX"),
    "words": pl.col("AETERM"),
    "grade": pl.col("AETOXGR"),
    "day": _days("TRTSDT", "ASTDT"),
    "lasted": _days("ASTDT", "AENDT"),
    "related_ld": pl.col("AERELLD"),
    "related_cart": pl.col("AEREL"),
    "related_hsct": pl.col("AERELGR"),
    "outcome": pl.col("AEOUT"),
}


def _serious(data: Datasets, enrolled: pl.DataFrame) -> pl.DataFrame:
    events = data.adae.filter("AESER").join(enrolled.select("SUBJID", "TRTSDT"), on="SUBJID")
    return events.sort("SUBJID", "ASTDT", "AESEQ")


def _exposure(enrolled: pl.DataFrame) -> pl.DataFrame:
    return enrolled.select(
        subject="SUBJID",
        lymphodepletion_day=_days("TRTSDT", "LDSDT"),
        lymphodepletion_doses="LDDRUGS",
        infused=pl.col("TRTSDT").is_not_null(),
        dose_per_kg=_plain(enrolled["DOSEKG"]),
        dose_in_window="DOSEFL",
        graft_day=_days("TRTSDT", "TR02SDT"),
        graft_cd34=_plain(enrolled["GRCD34"]),
    )


def _plain(values: pl.Series) -> pl.Series:
    """Without zeros at the end, and never with an exponent."""
    texts = (None if value is None else f"{value.normalize():f}" for value in values)
    return pl.Series(texts, dtype=pl.String)
