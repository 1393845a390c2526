"""Dose-limiting toxicity by criterion: what the criteria make of the data, and what the adjudication says.

The criteria (section 4.1 of the specification) are configuration, and from memory: which of them hold, and
their limits, are told with the values that they were derived with.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.sets import Set, subjects_of
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


def subjects_with_toxicity(data: Datasets) -> list[str]:
    """Who of SAF met a criterion in the window."""
    return subjects_of(_met(data).select("SUBJID").unique(maintain_order=True))


def dose_limiting_of(data: Datasets) -> dict[str, Any]:
    """`criteria` with the events that meet each and the items behind them; `differences` between what is
    derived and what is adjudicated; `open`: who has an event of which it cannot be told yet."""
    return {
        "settings": {key: str(setting(key)) for key in SETTINGS},
        "source": "specification 4.1",
        "criteria": [_criterion(criterion, data) for criterion in CRITERIA],
        "differences": list(_differences(data)),
        "open": _open(data),
    }


def _met(data: Datasets) -> pl.DataFrame:
    return data.addl.join(Set.SAF.of(data).select("SUBJID"), on="SUBJID", how="semi").sort("SUBJID", "AESEQ")


def _criterion(criterion: str, data: Datasets) -> dict[str, Any]:
    found = _met(data).filter(pl.col("CRIT") == criterion)
    events = found.partition_by("SUBJID", "AESEQ", maintain_order=True)
    return {
        "code": criterion,
        "subjects": subjects_of(found.select("SUBJID").unique(maintain_order=True)),
        "events": [_event(rows) for rows in events],
    }


def _event(rows: pl.DataFrame) -> dict[str, Any]:
    first = rows.row(0, named=True)
    return {
        "subject": first["SUBJID"],
        "event": first["AESEQ"],
        "start": first["ASTDT"].isoformat(),
        "items": rows.select("form", "visit", "row_key", "item").rows(),
    }


def _differences(data: Datasets) -> Iterator[dict[str, Any]]:
    """Those of SAF for whom the form says something else than the criteria, or says nothing yet of what they
    find; of a toxicity in both, other criteria."""
    derived = {
        subject: rows["CRIT"].unique().sort().to_list()
        for (subject,), rows in _met(data).group_by("SUBJID", maintain_order=True)
    }
    for row in Set.SAF.of(data).sort("SUBJID").to_dicts():
        met, occurred = derived.get(row["SUBJID"], []), row["DLTOCFL"]
        rules = (row["DLTRULES"] or "").split()
        if bool(met) != bool(occurred) or (occurred and rules != met):
            yield {
                "subject": row["SUBJID"],
                "derived": met,
                "adjudicated": occurred,
                "adjudicated_rules": rules,
            }


def _open(data: Datasets) -> list[str]:
    treated = Set.SAF.of(data).select("SUBJID")
    events = data.adae.filter(pl.col("DLTDRV").is_null()).join(treated, on="SUBJID", how="semi")
    return sorted(set(subjects_of(events)))
