"""The analysis sets, and counting in them."""

from collections.abc import Iterator
from enum import Enum

import numpy as np
import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.figure import EMPTY_SET, Figure, figure, share
from analytics.endpoints.listed import Subjects

DAYS_PER_MONTH = 30.4375  # 365.25 / 12


class Set(Enum):
    """The sets by their flag in ADSL; their rules stand in `analytics.datasets.analysis_sets`."""

    ENR = "ENRLFL"
    SAF = "SAFFL"
    DLTEV = "DLTEVLFL"
    RESPEV = "RESPFL"
    HSCTSET = "HSCTFL"
    ENGEV = "ENGFL"
    CHIMEV = "CHIMFL"
    AGEV = "AGFL"
    CGEV = "CGFL"
    FU3M = "FU3FL"

    def of(self, data: Datasets) -> pl.DataFrame:
        """The subjects of the set."""
        return data.adsl.filter(pl.col(self.value))


def subjects_of(rows: pl.DataFrame) -> Subjects:
    """Whose rows they are, in their order."""
    return Subjects(rows["SUBJID"])


def by_code(rows: pl.DataFrame) -> Subjects:
    """Whose rows they are, each once, in the order of the codes."""
    return Subjects(rows["SUBJID"].unique().sort())


def counted(stem: str, rows: pl.DataFrame, condition: pl.Expr) -> Iterator[Figure]:
    """`STEM_n` and `STEM_pct`: those of a set that fulfil a condition."""
    found = rows.filter(condition)
    yield number(f"{stem}_n", rows, condition)
    yield share(f"{stem}_pct", found.height, rows.height, subjects_of(found))


def number(id: str, rows: pl.DataFrame, condition: pl.Expr) -> Figure:
    """How many of a set fulfil a condition."""
    found = rows.filter(condition)
    return figure(id, found.height, n=found.height, size=rows.height, subjects=subjects_of(found))


def spread(stem: str, rows: pl.DataFrame, days: pl.Expr, unit_days: float = 1) -> Iterator[Figure]:
    """Median (R's type 7), smallest and largest of a span in days, of those of a set who have one."""
    known = rows.with_columns(days.alias("days")).drop_nulls("days")
    numbers = known["days"].to_numpy() / unit_days  # Polars multiplies by the reciprocal, a last digit off
    for name, pick in (("median", np.median), ("min", np.min), ("max", np.max)):
        yield figure(
            f"{stem}_{name}",
            float(pick(numbers)) if numbers.size else None,
            n=known.height,
            size=rows.height,
            reason=EMPTY_SET,
            subjects=subjects_of(known),
        )
