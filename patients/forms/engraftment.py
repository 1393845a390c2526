"""ENG: engraftment and graft function, a summary at the visits from one month on, entered by the transplant
physician, signed by the investigator.

The dates are proposed by the engine from counts and transfusions; that of the neutrophils is confirmed, which
ends the daily counts.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms import graft_course
from patients.forms.anchors import graft_day, infusion_day
from patients.forms.graft_course import dated, hsct_day
from patients.forms.lab_results import counts_since
from patients.grading.engraftment import FAILURE_BY_DAY, fell
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import NO, YES, choices
from patients.items.conditions import Answers, judged, when, when_filled
from patients.items.item import Derivation
from patients.items.limits import NOT_IN_FUTURE, must, not_before, numbered, other_than
from patients.items.types import BooleanItem, DateItem, MultiItem
from trial.protocol.configuration import setting_as
from trial.protocol.visits import visit_type

FULL_PLATELETS_10E9_PER_L = Decimal(50)
USUAL_UNTIL_HSCT_DAY = 28
CONFIRMED_WITHIN_DAYS = 1
TRANSFUSED_WITHIN_DAYS = 7
HOST_BELOW_DONOR_PCT = 5
_HM1 = visit_type("HM1")
FIRST_MONTH_FROM_HSCT_DAY = (_HM1.target_day or 0) - _HM1.before
_TRANSPLANTED = when("HSCT.hsct_done", YES)


# ---- what is derived ---------------------------------------------------------------------------------------


def _fell(answers: Answers) -> bool | None:
    """Since the infusion."""
    infused = infusion_day(answers)
    if infused is None:
        return None
    return fell(counts_since(answers, "NEUT", infused, infused), setting_as(Decimal, "neut_thr"))


def _proposed(engine: Callable[..., Any], *more: Any) -> Callable[[Answers], date | None]:
    """The date of an engine's day on the transplant clock."""

    def compute(answers: Answers) -> date | None:
        grafted = graft_day(answers)
        return None if grafted is None else dated(engine(answers, grafted, *more), grafted)

    return compute


def _independent(answers: Answers) -> date | None:
    grafted, page = graft_day(answers), answers.page_date
    if grafted is None or page is None:
        return None
    return dated(graft_course.red_cells(answers, grafted, page), grafted)


def _failed(answers: Answers) -> bool | None:
    grafted, known = graft_day(answers), answers.page_date or answers["DTH.dth_dt"]
    if grafted is None or known is None:
        return None
    failure = graft_course.failure(answers, grafted, known)
    return None if failure.value is None else failure.value == YES


# ---- when it is asked --------------------------------------------------------------------------------------


def _judged_by(day: int) -> Callable[[Answers], bool]:
    """The page is of this day of the transplant clock, or later."""

    def reached(answers: Answers) -> bool:
        here = hsct_day(answers, answers.page_date)
        return here is not None and here >= day

    return reached


def _failure_known(answers: Answers) -> bool:
    return _judged_by(FAILURE_BY_DAY)(answers) or answers["DTH.dth_dt"] is not None


_FROM_FIRST_MONTH = judged(
    _("visits from HM1 on"), _judged_by(FIRST_MONTH_FROM_HSCT_DAY), "HSCT.hsct_start_dt"
)
_FAILED = (
    when("eng_primary_gf", YES) | when("eng_secondary_gf", YES) | when("eng_pgf", YES) | when("eng_auto", YES)
)


# ---- what is asked about -----------------------------------------------------------------------------------


def _by_day_28(day: date, answers: Answers) -> bool:
    reached = hsct_day(answers, day)
    return reached is None or reached <= USUAL_UNTIL_HSCT_DAY


def _as_proposed(day: date, answers: Answers) -> bool:
    proposed = answers["eng_anc_dt"]
    return proposed is None or abs(day - proposed) <= timedelta(days=CONFIRMED_WITHIN_DAYS)


def _last_chimerism(answers: Answers) -> list[Answers]:
    """The last sample up to the page: whole cells, else its fractions."""
    page = answers.page_date or date.max
    rows = [row for row in answers.rows("CHIM") if row["chim_dt"] and row["chim_dt"] <= page]
    last = max((row["chim_dt"] for row in rows), default=None)
    sample = [row for row in rows if row["chim_dt"] == last and row["chim_donor_pct"] is not None]
    return [row for row in sample if row["chim_lineage"] == "whole"] or sample


def _fully_donor(poor: bool, answers: Answers) -> bool:
    full = setting_as(Decimal, "full_donor")
    sample = _last_chimerism(answers)
    return not poor or (bool(sample) and all(row["chim_donor_pct"] >= full for row in sample))


def _own_cells(recovered: bool, answers: Answers) -> bool:
    return not recovered or all(
        row["chim_donor_pct"] < HOST_BELOW_DONOR_PCT for row in _last_chimerism(answers)
    )


def _never_engrafted(answers: Answers) -> Sight:
    """A failure is secondary to an engraftment before it."""
    if not answers["eng_secondary_gf"]:
        return False
    engrafted = answers["eng_anc_conf"] or answers["eng_anc_dt"]
    page = answers.page_date
    return engrafted is None or (page is not None and engrafted > page)


def _transfused_near(answers: Answers) -> Sight:
    """A platelet transfusion within a week of the proposed date, on either side of it."""
    proposed = answers["eng_plt_dt"]
    if proposed is None:
        return False
    week = timedelta(days=TRANSFUSED_WITHIN_DAYS)
    near = [
        row["trf_dt"]
        for row in answers.rows("TRF")
        if row["trf_type"] == "platelets" and row["trf_dt"] and abs(row["trf_dt"] - proposed) <= week
    ]
    return bool(near) and {"given": min(near), "proposed": proposed}


_CHECKS = (
    hard(
        "X-ENG-02",
        "eng_secondary_gf",
        _("Secondary failure needs engraftment first."),
        _never_engrafted,
        "eng_anc_dt",
        "eng_anc_conf",
    ),
    soft(
        "X-ENG-05",
        "eng_plt_dt",
        _("Platelets were transfused on %(given)s, within 7 d of %(proposed)s: recompute the platelet date."),
        _transfused_near,
        "TRF",
    ),
)


def _engrafted(label: Any, compute: Any, *, since: str, cdisc: str, **more: Any) -> DateItem:
    made_from = ("LAB", "TRF", "HSCT.hsct_start_dt", "INF.inf_start_dt")
    derivation = Derivation(_("engine of section 3.8"), compute, made_from)
    return DateItem(
        label, when=_TRANSPLANTED, derived=derivation, hard=not_before(since), cdisc=cdisc, **more
    )


class Engraftment(FormRow):
    """When the graft took, and whether it works."""

    form = FormDeclaration(
        code="ENG",
        title=_("Engraftment and graft function"),
        enters=_("transplant physician"),
        signs=_("investigator"),
        sdtm="FA, ADTTE",
        sections=(
            Section(_("Engraftment"), "eng_nadir"),
            Section(_("Graft function"), "eng_primary_gf"),
        ),
        checks=_CHECKS,
    )

    eng_nadir = BooleanItem(
        _("ANC fell below 0.5 after T0"),
        hint=_("if not, neutrophils engrafted on day 0"),
        derived=Derivation(_("any neutrophils below 0.5 since T0"), _fell, ("LAB", "INF.inf_start_dt")),
        soft=other_than(NO),
        cdisc="FA",
    )
    eng_anc_dt = _engrafted(
        _("Neutrophil engraftment date (proposed)"),
        _proposed(graft_course.neutrophils),
        since="HSCT.hsct_start_dt",
        soft=must(_("by HSCT day 28"), _by_day_28, "HSCT.hsct_start_dt"),
        cdisc="FA.ANCENG",
    )
    eng_anc_conf = DateItem(
        _("Confirmed date"),
        req="C",
        when=when_filled("eng_anc_dt"),
        hard=(NOT_IN_FUTURE, not_before("HSCT.hsct_start_dt")),
        soft=numbered(
            must(_("within a day of the proposal"), _as_proposed, "eng_anc_dt"),
            "X-ENG-01",
            _("Give the reason for a date other than the one proposed."),
        ),
        cdisc="FA",
    )
    eng_plt_dt = _engrafted(
        _("Platelet >=20 date (proposed)"),
        _proposed(graft_course.platelets),
        since="HSCT.hsct_start_dt",
        cdisc="FA.PLT20",
    )
    eng_plt50_dt = _engrafted(
        _("Platelet >=50 date"),
        _proposed(graft_course.platelets, FULL_PLATELETS_10E9_PER_L),
        since="eng_plt_dt",
        cdisc="FA.PLT50",
    )
    eng_rbc_indep = DateItem(
        _("Red-cell independence date"),
        derived=Derivation(
            _("first day of 30 without red-cell transfusion, as of the page"),
            _independent,
            ("TRF", "HSCT.hsct_start_dt"),
        ),
        cdisc="FA",
    )

    eng_primary_gf = BooleanItem(
        _("Primary graft failure"),
        when=judged(_("hsct_day>=30 or death"), _failure_known, "HSCT.hsct_start_dt", "DTH.dth_dt"),
        derived=Derivation(
            _("no ANC >= 0.5 by HSCT day 30, with pancytopenia"),
            _failed,
            ("LAB", "TRF", "RLP", "DTH.dth_dt", "HSCT.hsct_start_dt", "INF.inf_start_dt"),
        ),
        soft=other_than(YES),
        cdisc="FA",
    )
    eng_secondary_gf = BooleanItem(
        _("Secondary graft failure"), when=when_filled("eng_anc_dt"), soft=other_than(YES), cdisc="FA"
    )
    eng_pgf = BooleanItem(
        _("Poor graft function"),
        when=_FROM_FIRST_MONTH,
        hard=must(_("with full donor chimerism in the last sample"), _fully_donor, "CHIM"),
        cdisc="FA",
    )
    eng_auto = BooleanItem(
        _("Autologous recovery"),
        when=_FROM_FIRST_MONTH,
        soft=numbered(
            # xgettext:no-python-format
            must(_("below 5 % donor cells in the last sample"), _own_cells, "CHIM"),
            "X-ENG-04",
            _("Autologous recovery contradicts chimerism."),
        ),
        cdisc="FA",
    )
    eng_rescue = MultiItem(
        _("Rescue"),
        choices(
            "eng_rescue", _("none"), _("second HSCT"), _("CD34 boost"), _("DLI"), _("TPO-RA"), _("G-CSF")
        ),
        exclusive=("none",),
        when=_FAILED,
        cdisc="CM/PR",
    )
