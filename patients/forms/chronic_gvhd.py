"""CGVHD: chronic GVHD, a page for each visit from the third month on, entered by the coordinator, signed by
the investigator. Organs are scored; the global severity is derived (NIH 2014)."""

from datetime import date
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, GradedRow, Section
from patients.forms.anchors import NOT_AFTER_DEATH, graft_day
from patients.forms.laboratory_ranges import in_si, normal_range, times_upper_limit
from patients.forms.rows import other_rows
from patients.grading.nih import OrganScores, liver_score, lung_score, nih_global
from patients.grading.result import Graded
from patients.items.checks import Sight, hard
from patients.items.codelists import YES, Code, CodeList, choices
from patients.items.conditions import Answers, judged, when
from patients.items.item import Derivation
from patients.items.limits import Limit, at_least, between, must, numbered, other_than
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    IntegerItem,
    MultiItem,
    TextItem,
)

EARLIEST_HSCT_DAY = 60
UNUSUAL_BEFORE_HSCT_DAY = 90
LABORATORY_WITHIN_DAYS = 7
_PRESENT = when("cg_present", YES)
_SCORED = (
    "cg_present",
    "cg_skin_bsa",
    "cg_skin_feat",
    "cg_mouth",
    "cg_eyes",
    "cg_gi",
    "cg_liver",
    "cg_fev1",
    "cg_lung_sx",
    "cg_joint",
    "cg_genital",
    "cg_nonGVHD",
)


def _score(answers: Answers, item: str) -> int | None:
    value = answers[item]
    return int(value) if value is not None and value.isdigit() else None


def _lung(answers: Answers) -> int | None:
    return lung_score(fev1_pct=answers["cg_fev1"], symptoms=_score(answers, "cg_lung_sx"))


def _skin(answers: Answers) -> int | None:
    """The higher of the extent and the sclerosis score."""
    known = [
        score for item in ("cg_skin_bsa", "cg_skin_feat") if (score := _score(answers, item)) is not None
    ]
    return max(known, default=None)


def _global(answers: Answers) -> Graded | str | None:
    if answers["cg_present"] is None:
        return None
    if not answers["cg_present"]:
        return "none"
    return nih_global(
        OrganScores(
            skin=_skin(answers),
            mouth=_score(answers, "cg_mouth"),
            eyes=_score(answers, "cg_eyes"),
            gi=_score(answers, "cg_gi"),
            liver=_score(answers, "cg_liver"),
            lung=_lung(answers),
            joints=_score(answers, "cg_joint"),
            genital=_score(answers, "cg_genital"),
            other_cause=frozenset(answers["cg_nonGVHD"] or ()) - {"none"},
        )
    )


def _first_present(answers: Answers) -> bool:
    return bool(answers["cg_present"]) and not any(
        row["cg_present"] and row["cg_dt"] and answers["cg_dt"] and row["cg_dt"] < answers["cg_dt"]
        for row in other_rows(answers, "CGVHD")
    )


def _from_hsct_day(least: int) -> Limit:
    def kept(day: date, answers: Answers) -> bool:
        grafted = graft_day(answers)
        return grafted is None or (day - grafted).days >= least

    return must(format_lazy(_("transplant day {day} or later"), day=least), kept, "HSCT.hsct_start_dt")


def _after_graft(day: date, answers: Answers) -> bool:
    grafted = graft_day(answers)
    return grafted is None or day >= grafted


def _some_organ(present: bool, answers: Answers) -> bool:
    return not present or answers["cg_global"] not in (None, "none")


def _onset(answers: Answers) -> date | None:
    """The first day with chronic GVHD."""
    return min(
        (row["cg_dt"] for row in answers.rows("CGVHD") if row["cg_present"] and row["cg_dt"]), default=None
    )


def _since_onset(day: date, answers: Answers) -> bool:
    onset = _onset(answers)
    return onset is None or day >= onset


def _overlaps(overlap: bool, answers: Answers) -> bool:
    return overlap or not any(
        row["ag_grade"] for row in answers.rows("AGVHD") if row["ag_dt"] and row["ag_dt"] == answers["cg_dt"]
    )


def _nearest(test: str, answers: Answers) -> Answers | None:
    """The result of the test, with an upper limit, nearest to the day and within a week of it."""
    day = answers["cg_dt"]
    near = [
        (abs((sampled - day).days), row)
        for row in answers.rows_where("LAB", "lab_test", test)
        if day and (sampled := local_day(row["lab_dt"])) and times_upper_limit(row) is not None
    ]
    days, found = min(near, key=lambda pair: pair[0], default=(0, None))
    return found if days <= LABORATORY_WITHIN_DAYS else None


def _as_measured(score: str, answers: Answers) -> bool:
    """Only where bilirubin, ALT and ALP were all measured."""
    bilirubin, alt, alp = (_nearest(test, answers) for test in ("BILI", "ALT", "ALP"))
    if bilirubin is None or alt is None or alp is None:
        return True
    value, high = in_si(bilirubin, "lab_value"), normal_range(bilirubin)[1]
    alt_times, alp_times = times_upper_limit(alt), times_upper_limit(alp)
    if value is None or high is None or alt_times is None or alp_times is None:
        return True
    return int(score) == liver_score(
        bilirubin_umol_per_l=value, bilirubin_uln=high, alt_times_uln=alt_times, alp_times_uln=alp_times
    )


def _treatment_has_no_start(answers: Answers) -> Sight:
    treated = bool(answers["cg_present"] and answers["cg_systemic_tx"])
    return treated and answers["cg_tx_start"] is None and not answers.is_explained("cg_tx_start")


def _organ(label: Any, *codes: Code, **options: Any) -> ChoiceItem:
    return ChoiceItem(label, CodeList("score", codes), when=_PRESENT, cdisc="FA", **options)


def _scores(*labels: Any) -> tuple[Code, ...]:
    return tuple(Code(str(score), label) for score, label in enumerate(labels))


class ChronicGVHD(GradedRow):
    """Eight organs on one day, and systemic treatment."""

    form = FormDeclaration(
        code="CGVHD",
        title=_("Chronic GVHD"),
        enters=_("coordinator"),
        signs=_("investigator"),
        sdtm="FA, AE",
        dated_by="cg_dt",
        checks=(
            hard(
                "X-CG-04",
                "cg_tx_start",
                _("Start date of systemic treatment is required (GRFS)."),
                _treatment_has_no_start,
                "cg_systemic_tx",
            ),
        ),
        sections=(
            Section(_("Diagnosis"), "cg_dt"),
            Section(_("Organs"), "cg_skin_bsa"),
            Section(_("Severity and treatment"), "cg_global"),
        ),
    )

    cg_dt = DateItem(
        _("Date"),
        hard=(must(_("not before the graft"), _after_graft, "HSCT.hsct_start_dt"), NOT_AFTER_DEATH),
        soft=(
            numbered(_from_hsct_day(EARLIEST_HSCT_DAY), "X-CG-02", _("Chronic GVHD this early is unlikely.")),
            _from_hsct_day(UNUSUAL_BEFORE_HSCT_DAY),
        ),
        cdisc="FA.FADTC",
    )
    cg_present = BooleanItem(
        _("Chronic GVHD by NIH 2014 (diagnostic sign, or distinctive sign + confirmation)"),
        hard=numbered(
            must(_("with at least one organ"), _some_organ, *_SCORED[1:]),
            "X-CG-01",
            _("Chronic GVHD with no organ score."),
        ),
        cdisc="FA",
    )
    cg_onset_type = ChoiceItem(
        _("Onset"),
        choices("cg_onset_type", _("de novo"), _("quiescent"), _("progressive")),
        req="C",
        when=judged(_("first cg_present=Y"), _first_present, "cg_present", "CGVHD.cg_present"),
        cdisc="FA",
    )
    cg_overlap = BooleanItem(
        _("Overlap with acute features"),
        req="C",
        when=_PRESENT,
        soft=numbered(
            must(_("with acute GVHD of the same day"), _overlaps, "AGVHD.ag_grade", "cg_dt"),
            "X-CG-05",
            _("Overlap syndrome?"),
        ),
        cdisc="FA",
    )
    cg_diag_signs = TextItem(_("Diagnostic/distinctive signs"), 200, req="C", when=_PRESENT, cdisc="FA")

    cg_skin_bsa = _organ(
        _("Skin by % BSA"), *_scores(_("0: none"), _("1: 1-18%"), _("2: 19-50%"), _("3: >50%"))
    )
    cg_skin_feat = _organ(
        _("Skin sclerosis"),
        Code("0", _("0: none")),
        Code("2", _("2: superficial, can pinch")),
        Code("3", _("3: deep/hidebound/ulcer")),
    )
    cg_mouth = _organ(
        _("Mouth"),
        *_scores("0", _("1: mild, intake not limited"), _("2: partial limit"), _("3: major limit")),
    )
    cg_eyes = _organ(
        _("Eyes"),
        *_scores(
            "0",
            _("1: drops <=3/d"),
            _("2: drops >3/d or plugs, no new visual loss"),
            _("3: special eyewear, cannot work or visual loss"),
        ),
    )
    cg_gi = _organ(
        _("GI"),
        *_scores(
            "0",
            _("1: weight loss <5%"),
            # xgettext:no-python-format
            _("2: loss 5-15% or moderate diarrhoea"),
            _("3: loss >15%, supplements, dilation or severe diarrhoea"),
        ),
    )
    cg_liver = _organ(
        _("Liver"),
        *_scores("0", "1", "2", "3"),
        hard=numbered(
            must(_("as the laboratory of the week says"), _as_measured, "LAB.lab_si", "cg_dt"),
            "X-CG-03",
            _("Liver score differs from LAB."),
        ),
    )
    cg_fev1 = IntegerItem(
        "FEV1",
        req="O",
        when=_PRESENT,
        hard=between("5", "150"),
        soft=at_least("80"),
        unit="% pred",
        cdisc="RE",
    )
    cg_lung_sx = _organ(
        _("Lung symptoms"), *_scores("0", _("1: one flight"), _("2: flat ground"), _("3: rest/O2"))
    )
    cg_lung = IntegerItem(
        _("Lung score"),
        when=_PRESENT,
        derived=Derivation(_("FEV1 if known, else symptoms"), _lung, ("cg_fev1", "cg_lung_sx")),
        hard=between("0", "3"),
        cdisc="FA",
    )
    cg_joint = _organ(_("Joints/fascia"), *_scores("0", "1", "2", "3"))
    cg_genital = _organ(
        _("Genital"),
        *_scores("0", "1", "2", "3"),
        Code("not_examined", _("not examined")),
        soft=other_than("not_examined"),
    )
    cg_nonGVHD = MultiItem(
        _("Organs fully explained by another cause"),
        choices(
            "cg_nonGVHD",
            _("skin"),
            _("mouth"),
            _("eyes"),
            _("GI"),
            _("liver"),
            _("lung"),
            _("joints"),
            _("genital"),
            _("none"),
        ),
        exclusive=("none",),
        when=_PRESENT,
        cdisc="FA",
    )

    cg_global = ChoiceItem(
        _("Global severity"),
        choices("cg_global", _("none"), _("mild"), _("moderate"), _("severe")),
        derived=Derivation(_("engine of section 3.4 (NIH 2014)"), _global, _SCORED),
        cdisc="FA.CGVHDSEV",
    )
    cg_systemic_tx = BooleanItem(_("Systemic treatment for cGVHD"), when=_PRESENT, cdisc="CM")
    cg_tx_start = DateItem(
        _("Start of systemic treatment"),
        req="C",
        when=_PRESENT & when("cg_systemic_tx", YES),
        hint=_("needed for GRFS"),
        hard=must(_("not before the onset"), _since_onset, "CGVHD.cg_dt"),
        cdisc="CM; ADTTE GRFS",
    )
