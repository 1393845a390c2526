"""The way of the subjects through the trial, as CONSORT (2010) draws it: who went on, and who did not.

Each box is what is left of the one before it. Some are transplanted without a remission before: they leave
the way at the remission, and come back to it at the graft.
"""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.sets import Set, by_code

IN_REMISSION = pl.col("REMDT").is_not_null() & (
    pl.col("TR02SDT").is_null() | (pl.col("REMDT") <= pl.col("TR02SDT"))
)
"""CR, CRh or CRi by the policy of the protocol, by the day of the graft."""
WITHOUT_REMISSION = (
    ("transplanted_without_remission", pl.col("HSCTFL")),
    ("relapse_or_progression", pl.col("RLPDT").is_not_null()),
    ("died_without_remission", pl.col("DTHDT").is_not_null()),
    ("no_remission_so_far", pl.lit(value=True)),
)
"""Why there is none; the first that holds."""


def flow_of(data: Datasets) -> list[dict[str, Any]]:
    """The boxes in order, each with who left before the next, by reason, and who joined it again."""
    treated = Set.SAF.of(data)
    remission = treated.filter(IN_REMISSION)
    grafted = Set.HSCTSET.of(data)
    followed = grafted.filter(pl.col(Set.FU3M.value))
    direct = grafted.join(remission, on="SUBJID", how="anti")
    boxes = (
        ("screened", data.adsl, _excluded(data, data.adsl, Set.ENR)),
        ("enrolled", Set.ENR.of(data), _excluded(data, Set.ENR.of(data), Set.SAF)),
        ("infused", treated, _without_remission(treated)),
        ("remission", remission, _excluded(data, remission, Set.HSCTSET)),
        ("transplanted", grafted, _excluded(data, grafted, Set.FU3M)),
        ("followed", followed, iter(())),
    )
    return [
        {
            "code": code,
            **_counted(rows),
            "joined": _counted(direct if code == "transplanted" else direct.clear()),
            "left": [{"reason": reason, **_counted(some)} for reason, some in left if some.height],
        }
        for code, rows, left in boxes
    ]


def _counted(rows: pl.DataFrame) -> dict[str, Any]:
    subjects = by_code(rows)
    return {"n": len(subjects), "subjects": subjects}


def _excluded(data: Datasets, among: pl.DataFrame, one: Set) -> Iterator[tuple[str, pl.DataFrame]]:
    """Those of a box who are outside the next set, by the reason of the set."""
    outside = data.exclusions.filter(pl.col("SET") == one.name).join(among.select("SUBJID"), on="SUBJID")
    for reason in sorted(set(outside["REASON"].to_list())):
        yield reason, outside.filter(pl.col("REASON") == reason)


def _without_remission(treated: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    rest = treated.filter(~IN_REMISSION)
    for reason, why in WITHOUT_REMISSION:
        yield reason, rest.filter(why)
        rest = rest.filter(~why)
