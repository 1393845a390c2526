"""The analysis sets of section 4.2: how many are in each, and everybody outside it by the reason."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.sets import Set, by_code


def populations_of(data: Datasets) -> list[dict[str, Any]]:
    """The sets in the order of the specification; those in it and those outside are the whole cut."""
    return [
        {
            "set": one.name,
            "subjects": by_code(one.of(data)),
            "excluded": list(_excluded(data, one)),
        }
        for one in Set
    ]


def _excluded(data: Datasets, one: Set) -> Iterator[dict[str, Any]]:
    outside = data.exclusions.filter(pl.col("SET") == one.name)
    for reason in sorted(set(outside["REASON"].to_list())):
        yield {"reason": reason, "subjects": by_code(outside.filter(pl.col("REASON") == reason))}
