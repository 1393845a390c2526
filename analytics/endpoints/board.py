"""What a safety board reads of single subjects, by their codes: enrolment, deaths, serious events, exposure.

Days are counted from the infusion (T0) or the graft (H0), which are day 0; of calendar dates the month of
enrolment alone is told.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.sets import Set, subjects_of
from trial.protocol.configuration import setting


def board_of(data: Datasets) -> dict[str, Any]:
    """`enrolment` by month and site with the plan; `deaths` and `serious` events of all enrolled, treated or
    not; `exposure` of each of them."""
    enrolled = Set.ENR.of(data).sort("SUBJID")
    return {
        "enrolment": {"planned": setting("planned_enrolment"), "months": list(_months(enrolled))},
        "deaths": [_death(row) for row in enrolled.drop_nulls("DTHDT").to_dicts()],
        "serious": list(_serious(data, enrolled)),
        "exposure": [_exposure(row) for row in enrolled.to_dicts()],
    }


def _months(enrolled: pl.DataFrame) -> Iterator[dict[str, Any]]:
    by_month = enrolled.with_columns(month=pl.col("ENRLDT").dt.strftime("%Y-%m")).sort("month", "SITEID")
    for (month, site), rows in by_month.group_by("month", "SITEID", maintain_order=True):
        yield {"month": month, "site": site, "subjects": subjects_of(rows)}


def _death(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "subject": row["SUBJID"],
        "day": _days(row["TRTSDT"], row["DTHDT"]),
        "day_from_graft": _days(row["TR02SDT"], row["DTHDT"]),
        "cause": row["DTHCAUS"],
        "related_cart": row["DTHREL"],
        "related_hsct": row["DTHRELGR"],
    }


def _serious(data: Datasets, enrolled: pl.DataFrame) -> Iterator[dict[str, Any]]:
    events = data.adae.filter("AESER").join(enrolled.select("SUBJID", "TRTSDT"), on="SUBJID")
    for row in events.sort("SUBJID", "ASTDT", "AESEQ").to_dicts():
        yield {
            "subject": row["SUBJID"],
            "event": row["AESEQ"],
            "preferred": row["AEDECOD"],
            "ctcae_term": row["AETOX"],
            "words": row["AETERM"],
            "grade": row["AETOXGR"],
            "day": _days(row["TRTSDT"], row["ASTDT"]),
            "lasted": _days(row["ASTDT"], row["AENDT"]),
            "related_ld": row["AERELLD"],
            "related_cart": row["AEREL"],
            "related_hsct": row["AERELGR"],
            "outcome": row["AEOUT"],
        }


def _exposure(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "subject": row["SUBJID"],
        "lymphodepletion_day": _days(row["TRTSDT"], row["LDSDT"]),
        "lymphodepletion_doses": row["LDDRUGS"],
        "infused": row["TRTSDT"] is not None,
        "dose_per_kg": _plain(row["DOSEKG"]),
        "dose_in_window": row["DOSEFL"],
        "graft_day": _days(row["TRTSDT"], row["TR02SDT"]),
        "graft_cd34": _plain(row["GRCD34"]),
    }


def _plain(value: Decimal | None) -> str | None:
    """Without zeros at the end, and never with an exponent."""
    return None if value is None else f"{value.normalize():f}"


def _days(origin: date | None, day: date | None) -> int | None:
    return None if origin is None or day is None else (day - origin).days
