"""The datasets as a run holds them of all subjects at once: without what no estimate is made of, and with
each subject as its place among all instead of its code."""

from dataclasses import replace

import polars as pl

from analytics.datasets.build import Datasets, tables_of

_LEFT_OUT = {
    "adtte": ("STARTDT", "AVALU", "CNSR", "CNSDTDSC", "form", "visit", "row_key", "item"),
    "adae": (
        "AELLT", "AELLTCD", "ASTDTF", "ASTDTC", "AENDTF", "AENDTC", "ASTDY", "HSCTDY", "APERIODC",
        "DLTFL", "form",
    ),
}  # fmt: skip
SUBJECT = "SUBJID"


def needed(data: Datasets) -> Datasets:
    """Without the columns that only a reader of the datasets looks at."""
    return replace(data, **{name: getattr(data, name).drop(columns) for name, columns in _LEFT_OUT.items()})


def by_place(data: Datasets) -> Datasets:
    """A subject takes four bytes in each row instead of sixteen; the order of places is that of the codes."""
    order = pl.Enum(data.adsl[SUBJECT].sort())
    return Datasets(
        data.cutoff, *(table.with_columns(pl.col(SUBJECT).cast(order)) for table in tables_of(data))
    )
