"""What counts, transfusions, death and relapse say of a graft: the answers of a casebook for the engine.

It has no form of its own: engraftment derives its dates from it, transplantation asks about a failure.
"""

from datetime import date, timedelta
from decimal import Decimal

from patients.forms.anchors import graft_day, infusion_day
from patients.forms.lab_results import counts_since
from patients.grading.counts import Count
from patients.grading.engraftment import (
    GraftCourse,
    neutrophil_engraftment,
    platelet_engraftment,
    primary_graft_failure,
    red_cell_independence,
)
from patients.grading.result import Graded
from patients.items.codelists import COUNTING_RELAPSES
from patients.items.conditions import Answers
from trial.protocol.configuration import setting_as


def hsct_day(answers: Answers, day: date | None) -> int | None:
    """A day of the transplant clock; None without the graft or the day."""
    grafted = graft_day(answers)
    return None if grafted is None or day is None else (day - grafted).days


def neutrophils(answers: Answers, grafted: date) -> Graded:
    """Neutrophil engraftment by the configured limit, with the counts since the infusion."""
    return neutrophil_engraftment(_neutrophil_counts(answers, grafted), setting_as(Decimal, "neut_thr"))


def _neutrophil_counts(answers: Answers, grafted: date) -> list[Count]:
    infused = infusion_day(answers) or grafted
    return counts_since(answers, "NEUT", infused, grafted)


def platelets(answers: Answers, grafted: date, threshold: Decimal | None = None) -> Graded:
    """Platelet engraftment by the configured limit, or by another."""
    counts = counts_since(answers, "PLAT", grafted, grafted)
    limit = setting_as(Decimal, "plt_thr") if threshold is None else threshold
    return platelet_engraftment(counts, transfused(answers, "platelets", grafted), limit)


def transfused(answers: Answers, product: str, grafted: date) -> list[int]:
    """The days of transfusions of a product on the transplant clock."""
    return [
        (row["trf_dt"] - grafted).days
        for row in answers.rows("TRF")
        if row["trf_type"] == product and row["trf_dt"]
    ]


def red_cells(answers: Answers, grafted: date, followed_to: date) -> Graded:
    """Red-cell independence as it is known on a day."""
    return red_cell_independence(transfused(answers, "red_cells", grafted), (followed_to - grafted).days)


def failure(answers: Answers, grafted: date, followed_to: date) -> Graded:
    """Primary graft failure as it is known on a day."""
    died = answers["DTH.dth_dt"]
    relapses = [
        row["rlp_dt"]
        for row in answers.rows("RLP")
        if row["rlp_dt"] and row["rlp_dt"] >= grafted and row["rlp_type"] in COUNTING_RELAPSES
    ]
    return primary_graft_failure(
        GraftCourse(
            neutrophils=_neutrophil_counts(answers, grafted),
            platelets=counts_since(answers, "PLAT", grafted, grafted),
            transfused=transfused(answers, "platelets", grafted),
            followed_to=(followed_to - grafted).days,
            died=(died - grafted).days if died else None,
            relapsed=(min(relapses) - grafted).days if relapses else None,
        ),
        setting_as(Decimal, "neut_thr"),
        setting_as(Decimal, "plt_thr"),
    )


def dated(graded: Graded, grafted: date) -> date | None:
    """The day of a grade as a date."""
    return None if graded.number is None else grafted + timedelta(days=graded.number)
