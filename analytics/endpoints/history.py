"""Earlier therapy, product and donor."""

from collections.abc import Iterator

import polars as pl

from analytics.datasets.build import Datasets
from analytics.endpoints.figure import Figure
from analytics.endpoints.sets import Set, counted, number
from patients.forms.donor import HAPLO, PRIOR


def history_figures(data: Datasets) -> Iterator[Figure]:
    enrolled = Set.ENR.of(data)
    yield from counted("prior_lines_ge3", enrolled, pl.col("PRLINES") >= 3)
    yield from counted("prior_allo", enrolled, pl.col("PRALLO") >= 1)
    yield number("prior_allo_two_n", enrolled, pl.col("PRALLO") == 2)
    yield number("prior_cll1_n", enrolled, pl.col("PRCLL1") >= 1)
    yield from counted("src_new_haplo", enrolled, pl.col("DONCLASS") == HAPLO)
    yield from counted("src_prior_donor", enrolled, (pl.col("DONCLASS") == PRIOR) & (pl.col("PRALLO") >= 1))
    for group in ("offspring", "parent", "sibling"):
        yield from counted(f"donor_{group}", enrolled, pl.col("DONGRP") == group)
    yield from counted("mfg_success", enrolled, pl.col("MFGFL"))
