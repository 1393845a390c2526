"""A lane for each treated subject: how long it was observed, and what happened on which day."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.datasets.time_to_event import EVENT
from analytics.endpoints.shown import LANES_SHOWN

MARKS = {
    "remission": "REMDT",
    "graft": "TR02SDT",
    "acute_gvhd": "AGONDT",
    "relapse": "RLPDT",
    "death": "DTHDT",
}
"""What is marked on a lane, by its date in ADSL."""


def swimmer_of(data: Datasets) -> dict[str, Any]:
    """The lanes of the longest observed; `of` is how many subjects there are."""
    return {"of": _ordered(data).height, "lanes": list(islice(lanes_of(data), LANES_SHOWN))}


def lanes_of(data: Datasets) -> Iterator[dict[str, Any]]:
    """Each lane, the longest first, in days from the infusion. It ends with death, the last day known alive
    or the cut-off, as overall survival does."""
    return map(_lane, _ordered(data).iter_rows(named=True))


def _ordered(data: Datasets) -> pl.DataFrame:
    lengths = data.adtte.filter(pl.col("PARAMCD") == "OS").select(
        "SUBJID", "AVAL", died=pl.col("STATUS") == EVENT
    )
    dates = data.adsl.select("SUBJID", "TRTSDT", *MARKS.values())
    return dates.join(lengths, on="SUBJID").sort(["AVAL", "SUBJID"], descending=[True, False])


def _lane(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "subject": row["SUBJID"],
        "days": row["AVAL"],
        "died": row["died"],
        "marks": dict(_marks(row)),
    }


def _marks(row: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Within the lane: what is dated after its end was not known at the cut-off."""
    for code, column in MARKS.items():
        if row[column] is not None:
            day = (row[column] - row["TRTSDT"]).days
            if 0 <= day <= row["AVAL"]:
                yield code, day
