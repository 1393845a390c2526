"""From a value of a dataset to the page, the item and the history version that it was made from."""

import polars as pl

from analytics.datasets.build import Datasets
from analytics.locks.models import Lock
from analytics.locks.sources import sources_of

_PLACE = ["subject", "visit", "form", "row_key"]


def traced(datasets: Datasets, lock: Lock) -> pl.DataFrame:
    """The trace of the datasets with the page and history ids as they were at the lock."""
    return with_versions(datasets.trace, lock)


def with_versions(rows: pl.DataFrame, lock: Lock) -> pl.DataFrame:
    """Rows that name a place (form, visit, row_key), each with the ids of its page and of the version of its
    row at the lock."""
    places = sources_of(lock, rows["SUBJID"].unique())
    return rows.join(places, left_on=["SUBJID", "visit", "form", "row_key"], right_on=_PLACE, how="left")
