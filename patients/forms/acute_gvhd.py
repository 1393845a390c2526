"""AGVHD: acute GVHD, a page for each assessment, entered by the coordinator, signed by the investigator.

Organ values are entered; stages and the overall grade are derived (MAGIC 2016). Assessed from the infusion
on, since donor CAR-T cells can cause it before the graft does.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, GradedRow, Section
from patients.forms.anchors import NOT_AFTER_DEATH, graft_day
from patients.forms.gvhd_assessments import ACUTE_UP_TO_HSCT_DAY, OVERDUE, unassessed_after
from patients.forms.medicines_given import may_be_given, systemic_steroids
from patients.grading.magic import MagicGrade, OrganValues, magic_grade
from patients.grading.result import Graded
from patients.items.checks import Sight, soft
from patients.items.codelists import Code, CodeList, choices
from patients.items.conditions import Answers, when, when_at_least, when_not
from patients.items.item import Derivation
from patients.items.limits import (
    at_most,
    below,
    between,
    must,
    not_after,
    not_before,
    numbered,
    other_than,
)
from patients.items.problems import Text
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem, IntegerItem, MultiItem

BEFORE_GRAFT = "car_t_before_h0"
REPORTED_FROM_GRADE = 2
_VALUES = (
    "ag_skin_bsa",
    "ag_skin_bullae",
    "ag_bili",
    "ag_ugi",
    "ag_stool_mode",
    "ag_stool_ml",
    "ag_stool_n",
    "ag_lgi_severe",
)
_GRADED = when_at_least("ag_grade", "1")


def _stool(answers: Answers) -> tuple[int | None, int | None]:
    """Volume and episodes a day. What is kept from another way of measuring does not count."""
    mode = answers["ag_stool_mode"]
    volume = {"no_diarrhoea": 0, "volume": answers["ag_stool_ml"]}.get(mode)
    return volume, answers["ag_stool_n"] if mode == "episodes" else None


def _magic(answers: Answers) -> MagicGrade:
    volume, episodes = _stool(answers)
    return magic_grade(
        OrganValues(
            skin_bsa_pct=answers["ag_skin_bsa"],
            skin_bullae=answers["ag_skin_bullae"],
            bilirubin_umol_per_l=answers["ag_bili"],
            upper_gi_persistent=None if answers["ag_ugi"] is None else answers["ag_ugi"] == "persistent",
            stool_ml_per_day=volume,
            stool_episodes_per_day=episodes,
            lower_gi_severe=answers["ag_lgi_severe"],
        )
    )


def _derived(formula: Text, pick: Callable[[MagicGrade], Graded | int | None]) -> Derivation:
    return Derivation(formula, lambda answers: pick(_magic(answers)), _VALUES)


def _before_graft(answers: Answers) -> bool:
    grafted = graft_day(answers)
    return grafted is not None and answers["ag_dt"] is not None and answers["ag_dt"] < grafted


def _phase_fits(phase: str, answers: Answers) -> bool:
    return not _before_graft(answers) or phase == BEFORE_GRAFT


def _wide_enough(bullae: bool, answers: Answers) -> bool:
    return not bullae or answers["ag_skin_bsa"] is None or answers["ag_skin_bsa"] > 50


def _as_measured(bilirubin: Decimal, answers: Answers) -> bool:
    """Within a tenth of a result of the laboratory from the same day, if there is one."""
    results = [
        row["lab_si"]
        for row in answers.rows_where("LAB", "lab_test", "BILI")
        if row["lab_si"] and local_day(row["lab_dt"]) == answers["ag_dt"]
    ]
    return not results or any(abs(bilirubin - result) * 10 <= result for result in results)


def _is_reported(grade: int, answers: Answers) -> bool:
    return grade < REPORTED_FROM_GRADE or any(row["ae_special"] == "agvhd" for row in answers.rows("AE"))


def _not_late(grade: int, answers: Answers) -> bool:
    grafted, day = graft_day(answers), answers["ag_dt"]
    return not grade or None in (grafted, day) or (day - grafted).days <= ACUTE_UP_TO_HSCT_DAY


def _not_before_peak(resolved: date, answers: Answers) -> bool:
    """Not before the day of the highest grade since the episode before it was resolved."""
    here = answers["ag_dt"] or date.max
    days = [row for row in answers.rows("AGVHD") if row["ag_dt"] and row["ag_dt"] <= here]
    began = max(
        (row["ag_resolved_dt"] for row in days if row["ag_resolved_dt"] and row["ag_dt"] < here),
        default=date.min,
    )
    graded = [row for row in days if row["ag_grade"] and row["ag_dt"] > began]
    peak = max(graded, key=lambda row: (row["ag_grade"], -row["ag_dt"].toordinal()), default=None)
    return peak is None or resolved >= peak["ag_dt"]


def _next_overdue(answers: Answers) -> Sight:
    return answers["ag_dt"] is not None and unassessed_after(answers["ag_dt"], answers)


def _steroid_missing(answers: Answers) -> Sight:
    """Steroid as treatment, and none in concomitant medication from the onset to the assessment."""
    day, grade = answers["ag_dt"], answers["ag_grade"]
    if day is None or not grade or "steroid" not in (answers["ag_tx"] or ()):
        return False
    began = answers["ag_onset_dt"] or day
    return not any(may_be_given(row, began, day) for row in systemic_steroids(answers))


def _stage(label: Any, formula: Text, pick: Callable[[MagicGrade], int | None], highest: str) -> IntegerItem:
    return IntegerItem(label, derived=_derived(formula, pick), hard=between("0", highest), cdisc="FA")


class AcuteGVHD(GradedRow):
    """Skin, liver and gut on one day, with the episode they belong to."""

    form = FormDeclaration(
        code="AGVHD",
        title=_("Acute GVHD"),
        enters=_("coordinator"),
        signs=_("investigator"),
        sdtm="FA, AE",
        dated_by="ag_dt",
        checks=(
            soft(
                "X-AG-08",
                "ag_dt",
                OVERDUE,
                _next_overdue,
                "AGVHD.ag_dt",
                "HSCT.hsct_start_dt",
                "DTH.dth_dt",
                "EOS.eos_dt",
            ),
            soft(
                "X-AG-06",
                "ag_tx",
                _("Steroid missing in concomitant medication."),
                _steroid_missing,
                "ag_dt",
                "ag_grade",
                "ag_onset_dt",
                "CM",
            ),
        ),
        sections=(
            Section(_("Organ values"), "ag_dt"),
            Section(_("Grade"), "ag_skin_stage"),
            Section(_("Diagnosis and treatment"), "ag_confidence"),
            Section(_("Episode"), "ag_onset_dt"),
        ),
    )

    ag_dt = DateItem(_("Date"), hard=(not_before("INF.inf_start_dt"), NOT_AFTER_DEATH), cdisc="FA.FADTC")
    ag_phase = ChoiceItem(
        _("Attribution"),
        CodeList(
            "ag_phase",
            (
                Code(BEFORE_GRAFT, _("CAR-T (before H0)")),
                Code("hsct", "HSCT"),
                Code("dli_second_infusion", _("DLI/second infusion")),
                Code("unclear", _("unclear")),
            ),
        ),
        soft=numbered(
            must(_("CAR-T, before the graft"), _phase_fits, "HSCT.hsct_start_dt"),
            "X-AG-07",
            _("GVHD before transplantation is CAR-T related."),
        ),
        cdisc="FA",
    )
    ag_skin_bsa = DecimalItem(_("Active erythema"), 4, 1, hard=between("0", "100"), unit="% BSA", cdisc="FA")
    ag_skin_bullae = BooleanItem(
        _("Generalised erythroderma with bullae and desquamation >5% BSA"),
        hard=numbered(
            must(_("with erythema over 50 %"), _wide_enough, "ag_skin_bsa"),
            "X-AG-03",
            _("Erythroderma with bullae needs BSA over 50%%."),
        ),
        cdisc="FA",
    )
    ag_bili = DecimalItem(
        _("Total bilirubin"),
        6,
        1,
        hard=between("0", "1500"),
        soft=numbered(
            must(_("within 10 % of the laboratory of the day"), _as_measured, "LAB.lab_si", "ag_dt"),
            "X-AG-02",
            _("Bilirubin differs from the laboratory."),
        ),
        unit="umol/L",
        cdisc="LB.BILI (C38037)",
    )
    ag_bili_other = BooleanItem(
        _("Other main cause of bilirubin rise"),
        req="O",
        hint=_("kept as a comment: MAGIC does not downstage"),
        cdisc="FA",
    )
    ag_ugi = ChoiceItem(
        _("Upper GI"),
        CodeList(
            "ag_ugi",
            (
                Code("none_or_intermittent", _("none or intermittent")),
                Code(
                    "persistent",
                    _("persistent nausea, vomiting (>=2/d for >=3 d) or anorexia with weight loss"),
                ),
            ),
        ),
        cdisc="FA",
    )
    ag_stool_ml = IntegerItem(
        _("Stool volume (3-day mean)"),
        req="C",
        when=when("ag_stool_mode", "volume"),
        hard=between("0", "15000"),
        soft=at_most("5000"),
        unit="mL/day",
        cdisc="FA",
    )
    ag_stool_n = IntegerItem(
        _("Episodes"),
        req="C",
        when=when("ag_stool_mode", "episodes"),
        hard=between("0", "50"),
        soft=at_most("20"),
        unit="/day",
        cdisc="FA",
    )
    ag_stool_mode = ChoiceItem(
        _("Lower GI measured by"),
        choices("ag_stool_mode", _("volume"), _("episodes"), _("no diarrhoea")),
        cdisc="FA",
    )
    ag_lgi_severe = BooleanItem(_("Severe abdominal pain +/- ileus, or grossly bloody stool"), cdisc="FA")

    ag_skin_stage = _stage(_("Skin stage"), _("MAGIC, skin"), lambda grade: grade.skin, "4")
    ag_liver_stage = _stage(_("Liver stage"), _("MAGIC, liver"), lambda grade: grade.liver, "4")
    ag_ugi_stage = _stage(_("Upper GI stage"), _("MAGIC, upper GI"), lambda grade: grade.upper_gi, "1")
    ag_lgi_stage = _stage(_("Lower GI stage"), _("MAGIC, lower GI"), lambda grade: grade.lower_gi, "4")
    ag_grade = IntegerItem(
        _("Overall MAGIC grade"),
        derived=_derived(_("MAGIC, overall 0-4"), lambda grade: grade.overall),
        hard=(
            between("0", "4"),
            numbered(
                must(_("an adverse event from grade II"), _is_reported, "AE.ae_special"),
                "X-AG-05",
                _("GVHD grade II+ must be in AE."),
            ),
        ),
        soft=(
            below("3"),
            numbered(
                must(_("by transplant day 100"), _not_late, "ag_dt", "HSCT.hsct_start_dt"),
                "X-AG-04",
                _("Late acute GVHD: confirm type (persistent, recurrent, late onset)."),
            ),
        ),
        cdisc="FA.AGVHDGR; AE.AETOXGR",
    )

    ag_confidence = ChoiceItem(
        _("Certainty"),
        CodeList(
            "ag_confidence",
            (
                Code("confirmed", _("confirmed (biopsy)")),
                Code("probable", _("probable")),
                Code("possible", _("possible")),
                Code("negative", _("negative")),
            ),
        ),
        when=_GRADED,
        cdisc="FA",
    )
    ag_biopsy = MultiItem(
        _("Biopsy"),
        choices("ag_biopsy", _("skin"), _("upper GI"), _("lower GI"), _("liver"), _("none")),
        exclusive=("none",),
        when=_GRADED,
        cdisc="MI",
    )
    ag_biopsy_res = ChoiceItem(
        _("Biopsy result"),
        choices("ag_biopsy_res", _("positive"), _("equivocal"), _("non-diagnostic"), _("other cause")),
        req="C",
        when=_GRADED & when_not("ag_biopsy", "none"),
        cdisc="MI",
    )
    ag_tx = MultiItem(
        _("Treatment"),
        choices(
            "ag_tx",
            _("topical"),
            _("steroid"),
            _("ruxolitinib"),
            "CNI",
            _("basiliximab"),
            "MMF",
            "ECP",
            _("vedolizumab"),
            "MSC",
            "FMT",
            _("other"),
            _("none"),
        ),
        exclusive=("none",),
        when=_GRADED,
        cdisc="CM",
    )
    ag_steroid_ref = ChoiceItem(
        _("Steroid response"),
        choices("ag_steroid_ref", _("not given"), _("response"), _("dependent"), _("refractory")),
        req="C",
        when=_GRADED & when("ag_tx", "steroid"),
        soft=other_than("refractory"),
        cdisc="FA",
    )
    ag_onset_dt = DateItem(
        _("Onset of the episode"),
        req="C",
        when=_GRADED,
        hint=_("not later than the date of the assessment"),
        hard=(not_before("INF.inf_start_dt"), not_after("ag_dt")),
        cdisc="AE.AESTDTC",
    )
    ag_resolved_dt = DateItem(
        _("Resolved"),
        req="O",
        hard=(
            not_before("ag_onset_dt"),
            numbered(
                must(_("not before the highest grade"), _not_before_peak, "AGVHD.ag_grade", "ag_dt"),
                "X-AG-09",
                _("Resolution before peak."),
            ),
        ),
        cdisc="AE.AEENDTC",
    )
