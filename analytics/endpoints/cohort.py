"""Who is in the analysis, and how long each was followed."""

from collections.abc import Iterator

import polars as pl

from analytics.datasets.build import Datasets
from analytics.datasets.time_to_event import CENSORED, EVENT
from analytics.endpoints.figure import EMPTY_SET, Figure, figure
from analytics.endpoints.sets import DAYS_PER_MONTH, Set, counted, number, spread, subjects_of
from analytics.survival import reverse_kaplan_meier

DAYS_PER_YEAR = 365.25
THREE_MONTHS_DAYS = 3 * DAYS_PER_MONTH
DIAGNOSES = {"dx_aml": "aml", "dx_tlbl": "t_lbl", "dx_tall": "t_all"}


def cohort_figures(data: Datasets) -> Iterator[Figure]:
    enrolled = Set.ENR.of(data)
    yield number("enrolled_n", enrolled, pl.col("ENRLFL"))
    yield number("saf_n", enrolled, pl.col("SAFFL"))
    yield from spread("age", enrolled, pl.col("AGEDAYS"), DAYS_PER_YEAR)
    yield from counted("male", enrolled, pl.col("SEX") == "M")
    for stem, code in DIAGNOSES.items():
        yield from counted(stem, enrolled, pl.col("DXTYPE") == code)
    yield from _follow_up(data)


def _follow_up(data: Datasets) -> Iterator[Figure]:
    """Observed: to death or the last day known alive. Potential: to the cut-off."""
    observed, treated = data.adtte.filter(pl.col("PARAMCD") == "OS"), Set.SAF.of(data)
    yield from counted("fu_ge_3m", treated, pl.col(Set.FU3M.value))
    possible = (pl.lit(data.cutoff) - pl.col("TRTSDT")).dt.total_days() >= THREE_MONTHS_DAYS
    yield from counted("fu_ge_3m_potential", treated, possible)
    yield from spread("fu", observed, pl.col("AVAL"), DAYS_PER_MONTH)
    yield _reverse_median(data.adtte.filter(pl.col("PARAMCD") == "FUREV"))


def _reverse_median(rows: pl.DataFrame) -> Figure:
    """Kaplan-Meier median with alive at last contact as the event and death as censoring."""
    median = None
    if rows.height:
        died = (rows["STATUS"] == CENSORED).to_numpy()
        median = reverse_kaplan_meier(rows["AVAL"].to_numpy(), died).quantile(0.5).value
    return figure(
        "fu_reverse_km_median",
        None if median is None else median / DAYS_PER_MONTH,
        n=int((rows["STATUS"] == EVENT).sum()),
        size=rows.height,
        reason="the curve does not fall to one half" if rows.height else EMPTY_SET,
        subjects=subjects_of(rows),
    )
