"""Dose-limiting toxicity by criterion: what the criteria make of the data, and what the adjudication says.

The criteria (section 4.1 of the specification) are configuration, and from memory: which of them hold, and
their limits, are told with the values that they were derived with.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.listed import Lines, Subjects
from analytics.endpoints.sets import Set, by_code
from patients.forms.dose_limiting_toxicity import RULES
from trial.protocol.configuration import setting

CRITERIA = tuple(code.code for code in RULES.codes)
SETTINGS = (
    *(f"dlt_{criterion.lower()}" for criterion in CRITERIA),
    "dlt_window_days",
    "dlt_improved_days",
    "dlt_iec_hs_days",
    "dlt_lasting_days",
    "dlt_aplasia_after_day",
)


def subjects_with_toxicity(data: Datasets) -> Subjects:
    """Who of SAF met a criterion in the window."""
    return by_code(_met(data))


def dose_limiting_of(data: Datasets) -> dict[str, Any]:
    """`criteria` with the events that meet each and the items behind them; `differences` between what is
    derived and what is adjudicated; `open`: who has an event of which it cannot be told yet."""
    return {
        "settings": {key: str(setting(key)) for key in SETTINGS},
        "source": "specification 4.1",
        "criteria": [_criterion(criterion, data) for criterion in CRITERIA],
        "differences": Lines(pl.DataFrame(_differences(data), schema=_DIFFERENCE)),
        "open": _open(data),
    }


def _met(data: Datasets) -> pl.DataFrame:
    return data.addl.join(Set.SAF.of(data).select("SUBJID"), on="SUBJID", how="semi").sort("SUBJID", "AESEQ")


def _criterion(criterion: str, data: Datasets) -> dict[str, Any]:
    found = _met(data).filter(pl.col("CRIT") == criterion)
    return {"code": criterion, "subjects": by_code(found), "events": Lines(_events(found))}


def _events(found: pl.DataFrame) -> pl.DataFrame:
    """Each event once, with its items: form, visit, row key and name."""
    return found.group_by(subject="SUBJID", event="AESEQ", maintain_order=True).agg(
        start=pl.col("ASTDT").first().dt.strftime("%Y-%m-%d"),
        items=pl.concat_list("form", "visit", "row_key", "item"),
    )


_DIFFERENCE: dict[str, pl.DataType | type[pl.DataType]] = {
    "subject": pl.String,
    "derived": pl.List(pl.String),
    "adjudicated": pl.Boolean,
    "adjudicated_rules": pl.List(pl.String),
}


def _differences(data: Datasets) -> Iterator[dict[str, Any]]:
    """Those of SAF for whom the form says something else than the criteria, or says nothing yet of what they
    find; of a toxicity in both, other criteria."""
    criteria = _met(data).group_by("SUBJID").agg(pl.col("CRIT").unique().sort())
    derived = dict(criteria.iter_rows())
    treated = Set.SAF.of(data).select("SUBJID", "DLTOCFL", "DLTRULES").sort("SUBJID")
    for subject, occurred, told in treated.iter_rows():
        met, rules = derived.get(subject, []), (told or "").split()
        if bool(met) != bool(occurred) or (occurred and rules != met):
            yield {
                "subject": subject,
                "derived": met,
                "adjudicated": occurred,
                "adjudicated_rules": rules,
            }


def _open(data: Datasets) -> Subjects:
    treated = Set.SAF.of(data).select("SUBJID")
    return by_code(data.adae.filter(pl.col("DLTDRV").is_null()).join(treated, on="SUBJID", how="semi"))
