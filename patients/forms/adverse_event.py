"""AE: adverse events, one row each, entered by the coordinator; the investigator grades and attributes."""

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.forms.anchors import NOT_AFTER_DEATH, first_dose_day, graft_day, infusion_day
from patients.forms.ctcae_terms import CTCAE_TERMS, OTHER, SECOND_MALIGNANCIES
from patients.forms.dlt_candidate import LOOKS_AT, candidate, is_in_window, kind_of
from patients.forms.drugs import drug_named
from patients.forms.rows import other_rows
from patients.grading.dose_limiting import SEVERE, Kind
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import ACTION, NO, OUTCOME, REL, RELATED, YES, Code, CodeList, choices, codes
from patients.items.conditions import Answers, judged, when
from patients.items.item import Derivation
from patients.items.limits import Limit, at_least_one, must, not_before, numbered
from patients.items.partial_date import PartialDate
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    CodedTextItem,
    IntegerItem,
    MultiItem,
    PartialDateItem,
    TextItem,
    TimeItem,
)
from trial.protocol.configuration import setting_as
from trial.protocol.study import site_today

CANDIDATE, CONFIRMED, REJECTED = "Y_candidate", "Y_confirmed", "N_rejected"
LINKED = {
    "crs": "CRS",
    "icans": "ICANS",
    "iec_hs": "HLH",
    "infection": "INFX",
    "agvhd": "AGVHD",
    "cgvhd": "CGVHD",
    "graft_failure": "ENG",
}
LINKED_ITEMS = (
    "CRS.crs_date",
    "ICANS.ice_dt",
    "HLH.hlh_dt",
    "INFX.inf_onset",
    "AGVHD.ag_dt",
    "CGVHD.cg_dt",
    "ENG.eng_primary_gf",
)
COUNTED = {"neutrophil_count_decreased": "NEUT", "platelet_count_decreased": "PLAT"}
SECOND_MALIGNANCY = "second_malignancy"
PREGNANCY = ("pregnan", "miscarr", "妊娠", "怀孕", "受孕", "流产")
"""What the term of a pregnancy, or of its end, holds: no form and no list of the protocol has it."""
UPDATED_WITHIN_DAYS = 60
ENDED = ("RECOVERED/RESOLVED", "RECOVERED/RESOLVED WITH SEQUELAE", "FATAL")


def _start_before(answers: Answers, form: str, item: str) -> bool:
    """Whether the event can only have begun before the day of an anchor."""
    began, anchor = answers["ae_start"], local_day(answers[f"{form}.{item}"])
    return began is not None and anchor is not None and began.latest < anchor


def _not_related_before(form: str, item: str) -> Limit:
    def kept(relation: str, answers: Answers) -> bool:
        return relation not in RELATED or not _start_before(answers, form, item)

    rule = must(_("not related if it began before the exposure"), kept, "ae_start", f"{form}.{item}")
    return numbered(rule, "X-AE-03", _("Event began before the exposure."))


def _days_from(anchor: date | None, answers: Answers) -> int | None:
    began = answers["ae_start"]
    return (began.earliest - anchor).days if anchor and began and began.is_full else None


def _car_day(answers: Answers) -> int | None:
    return _days_from(infusion_day(answers), answers)


def _hsct_day(answers: Answers) -> int | None:
    return _days_from(graft_day(answers), answers)


def _periods(answers: Answers) -> list[str] | None:
    """The period in which it began: LD from the first dose to T0 - 1, CART from T0 to min(H0 - 1, T0 + 90),
    HSCT from H0 to H0 + 100. An event belongs to the latest period whose start precedes it; a partial date
    counts by its earliest day, as in a data cut, and is imputed nowhere but in the analysis dataset."""
    began = answers["ae_start"]
    if began is None:
        return None
    dosed, infused, grafted = first_dose_day(answers), infusion_day(answers), graft_day(answers)
    day = began.earliest
    if grafted and day >= grafted:
        return ["hsct"] if day <= grafted + timedelta(days=100) else []
    if infused and day >= infused:
        return ["cart"] if day <= infused + timedelta(days=90) else []
    return ["ld"] if dosed and day >= dosed else []


def _near_anchor(answers: Answers) -> bool:
    """On the day of an infusion or the next: the time of day then matters."""
    return any(day in (0, 1) for day in (_car_day(answers), _hsct_day(answers)))


def _not_before_start(end: PartialDate, answers: Answers) -> bool:
    start = answers["ae_start"]
    return start is None or end.latest >= start.earliest


def _fatal_agrees(grade: str, answers: Answers) -> bool:
    outcome, died = answers["ae_outcome"], answers["DTH.dth_dt"]
    return (grade == "5") == (outcome == "FATAL") and (grade != "5" or died is not None)


def _serious_if_fatal(serious: bool, answers: Answers) -> bool:
    return serious or bool(answers["ae_grade"] != "5")


def is_second_malignancy(special: str | None, ctcae_term: str | None) -> bool:
    """By its link, or by its term."""
    return special == SECOND_MALIGNANCY or ctcae_term in SECOND_MALIGNANCIES


def is_pregnancy(term: str | None) -> bool:
    """Of the subject or a partner, by what was written."""
    return any(word in (term or "").casefold() for word in PREGNANCY)


def _serious_if_malignant(serious: bool, answers: Answers) -> bool:
    return serious or not is_second_malignancy(answers["ae_special"], answers["ae_ctcae_term"])


def _serious_if_pregnant(serious: bool, answers: Answers) -> bool:
    """No form of the protocol holds a pregnancy: it is written here, and runs under the same clock."""
    return serious or not is_pregnancy(answers["ae_term"])


def _death_agrees(criteria: list[str], answers: Answers) -> bool:
    fatal: bool = answers["ae_grade"] == "5"
    return ("death" in criteria) == fatal


def _no_outcome_as_term(term: str, answers: Answers) -> bool:
    return "death" not in term.lower() and "死亡" not in term


def _no_medicine_as_term(term: str, answers: Answers) -> bool:
    return drug_named(term) is None


def _has_linked(special: str, answers: Answers) -> bool:
    """What is of special interest has its own form, where this version has it."""
    form = LINKED.get(special)
    return form is None or bool(answers.rows(form))


# --- dose-limiting toxicity ------------------------------------------------------------------------------
def _is_counted(answers: Answers) -> bool:
    """Whether the form of adjudication counts this event."""
    return any(answers.row_key in (row["dlt_ae"] or ()) for row in answers.rows("DLT"))


def _as_adjudicated(answer: str, answers: Answers) -> bool:
    """Confirmed only if the form of adjudication counts it, rejected only if there is one that does not."""
    if answer == CONFIRMED:
        return _is_counted(answers)
    return answer != REJECTED or (bool(answers.rows("DLT")) and not _is_counted(answers))


def _proposed(answers: Answers) -> str | None:
    found = candidate(answers)
    return {YES: CANDIDATE, NO: NO}.get(found.value or "") if found else None


def _as_proposed(answer: str, answers: Answers) -> bool:
    return answer != NO or _proposed(answers) != CANDIDATE


def _to_be_evaluated(answers: Answers) -> Sight:
    """Grade 3 or more, no cytopenia, in the window, and not answered yet."""
    grade = answers["ae_grade"]
    if answers["ae_dlt"] is not None or grade is None or not is_in_window(answers):
        return False
    return int(grade) >= SEVERE and kind_of(answers) is not Kind.CYTOPENIA and {"grade": grade}


# --- other events and reports ----------------------------------------------------------------------------
def _name(answers: Answers) -> str | None:
    """The preferred term; until it is coded the CTCAE term, and under "other" the words."""
    term = answers["ae_ctcae_term"] or OTHER
    words = " ".join((answers["ae_term"] or "").split()).casefold()
    return answers["ae_pt"] or (words if term.split("_")[-1] == OTHER else term) or None


def _days(answers: Answers) -> tuple[date, date] | None:
    """The first and the last day that the event can have had; None without a start."""
    start, end = answers["ae_start"], answers["ae_end"]
    return (start.earliest, end.latest if end else date.max) if start else None


def _duplicate(answers: Answers) -> Sight:
    """Another event of the same name at the same time; asked at the one that began later."""
    here, name = _days(answers), _name(answers)
    for other in other_rows(answers, "AE"):
        there = _days(other)
        if not here or not there or not name or _name(other) != name:
            continue
        later = (there[0], other.row_key) < (here[0], answers.row_key)
        if later and here[0] <= there[1] and there[0] <= here[1]:
            return {"key": other.row_key}
    return False


def _unreported(answers: Answers) -> Sight:
    reported = any(row["sae_ae"] == answers.row_key for row in answers.rows("SAE"))
    return bool(answers["ae_serious"]) and not reported


def _not_updated(answers: Answers) -> Sight:
    """Open, and nothing reported of it for 60 days. A row does not say when it was saved: its start counts,
    and each report of a serious event. Asked while the subject is in the study."""
    start, left = answers["ae_start"], answers["DTH.dth_dt"] or answers["EOS.eos_dt"]
    if start is None or left or answers["ae_end"] or answers["ae_outcome"] in (None, *ENDED):
        return False
    reports = [
        local_day(row["sae_aware_dt"]) for row in answers.rows("SAE") if row["sae_ae"] == answers.row_key
    ]
    days = (site_today() - max([start.latest, *(day for day in reports if day)])).days
    return days > UPDATED_WITHIN_DAYS and {"days": days}


def _counted_otherwise(answers: Answers) -> Sight:
    """Neutrophils and platelets: the highest grade of the laboratory while the event lasts."""
    test, began, ended = COUNTED.get(answers["ae_ctcae_term"]), answers["ae_start"], answers["ae_end"]
    if test is None or began is None or answers["ae_grade"] is None:
        return False
    last = ended.latest if ended else date.max
    grades = [
        row["lab_grade"]
        for row in answers.rows_where("LAB", "lab_test", test)
        if row["lab_grade"] is not None and began.earliest <= (local_day(row["lab_dt"]) or date.min) <= last
    ]
    highest, entered = max(grades, default=None), answers["ae_grade"]
    return highest is not None and highest != int(entered) and {"lab": highest, "event": entered}


def _ended_without_end(answers: Answers) -> Sight:
    ended = answers["ae_outcome"] in ENDED
    return ended and answers["ae_end"] is None and not answers.is_explained("ae_end")


_NOT_VALID = _("Dates are not valid.")
_CHECKS = (
    hard("X-AE-02", "ae_end", _NOT_VALID, _ended_without_end, "ae_outcome"),
    soft(
        "X-AE-06",
        "ae_grade",
        _("Lab grade is %(lab)s, AE grade %(event)s."),
        _counted_otherwise,
        "ae_ctcae_term",
        "ae_start",
        "ae_end",
        "LAB.lab_grade",
    ),
    soft(
        "X-AE-04",
        "ae_term",
        _("Possible duplicate of event %(key)s: the same term at the same time."),
        _duplicate,
        "ae_ctcae_term",
        "ae_pt",
        "ae_start",
        "ae_end",
        "AE",
    ),
    hard("X-AE-05", "ae_serious", _("Serious event without SAE report."), _unreported, "SAE.sae_ae"),
    soft(
        "X-AE-07",
        "ae_dlt",
        _("Candidate DLT, grade %(grade)s in the DLT window: evaluate."),
        _to_be_evaluated,
        *LOOKS_AT,
    ),
    soft(
        "X-AE-09",
        "ae_outcome",
        _("Open event without an update for %(days)s days: update the outcome."),
        _not_updated,
        "ae_start",
        "ae_end",
        "SAE.sae_ae",
        "SAE.sae_aware_dt",
        "DTH.dth_dt",
        "EOS.eos_dt",
    ),
)


def _relation(label: Any, **options: Any) -> ChoiceItem:
    return ChoiceItem(label, REL, **options)


class AdverseEvent(FormRow):
    """One event: term, dates, grade, seriousness, relation and outcome."""

    form = FormDeclaration(
        code="AE",
        title=_("Adverse event"),
        enters=_("coordinator"),
        signs=_("investigator grades and attributes"),
        sdtm="AE, SUPPAE",
        judged=("ae_expected",),
        repeat=Repeat.ROWS,
        dated_by="ae_start",
        sections=(
            Section(_("Event"), "ae_term"),
            Section(_("Seriousness"), "ae_serious"),
            Section(_("Relation and action"), "ae_rel_ld"),
            Section(_("Outcome"), "ae_outcome"),
        ),
        checks=_CHECKS,
    )

    ae_term = TextItem(
        _("Verbatim term"),
        200,
        hint=_("the event, not a drug and not its outcome"),
        hard=(
            must(_("not 'death', which is an outcome"), _no_outcome_as_term),
            must(_("without the name of a medicine"), _no_medicine_as_term),
        ),
        cdisc="AE.AETERM",
    )
    ae_special = ChoiceItem(
        _("Special interest link"),
        choices(
            "ae_special",
            _("none"),
            "CRS",
            "ICANS",
            "IEC-HS",
            _("cytopenia"),
            _("infection"),
            "aGVHD",
            "cGVHD",
            "TMA",
            "VOD",
            _("second malignancy"),
            _("graft failure"),
        ),
        hard=must(_("a record of what it links to"), _has_linked, *LINKED_ITEMS),
        cdisc="AE.AESCAT/RELREC",
    )
    ae_pt = CodedTextItem(
        _("MedDRA PT"),
        "MedDRA",
        of="ae_term",
        derived=Derivation(_("coded against MedDRA"), lambda answers: None, ("ae_term",)),
        cdisc="AE.AEDECOD, AESOC (C66788 MedDRA C43820)",
    )
    ae_ctcae_term = ChoiceItem(_("CTCAE term"), CTCAE_TERMS, cdisc="SUPPAE")
    ae_ctcae_ver = ChoiceItem(
        _("CTCAE version"),
        codes("ae_ctcae_ver", "5.0", "6.0"),
        derived=Derivation(
            _("the configured version"), lambda answers: setting_as(str, "ctcae_version"), ("ae_ctcae_term",)
        ),
        cdisc="SUPPAE",
    )
    ae_start = PartialDateItem(
        _("Start"), hard=(not_before("ELIG.icf_main_dt"), NOT_AFTER_DEATH), cdisc="AE.AESTDTC"
    )
    ae_start_time = TimeItem(
        _("Start time"),
        req="C",
        when=judged(
            _("on the day of T0 or H0 or the next"),
            _near_anchor,
            "ae_start",
            "INF.inf_start_dt",
            "HSCT.hsct_start_dt",
        ),
        cdisc="AE.AESTDTC",
    )
    ae_end = PartialDateItem(
        _("End"),
        req="C",
        when=when("ae_outcome", *ENDED),
        hard=numbered(
            must(_("not before the start"), _not_before_start, "ae_start"),
            "X-AE-02",
            _NOT_VALID,
        ),
        cdisc="AE.AEENDTC",
    )
    ae_grade = ChoiceItem(
        _("Max grade"),
        codes("ae_grade", "1", "2", "3", "4", "5"),
        hard=numbered(
            must(_("5 exactly when fatal"), _fatal_agrees, "ae_outcome", "DTH.dth_dt"),
            "X-AE-01",
            _("Grade 5, fatal outcome and death form must agree."),
        ),
        cdisc="AE.AETOXGR",
    )

    ae_serious = BooleanItem(
        _("Serious"),
        hard=(
            must(_("serious at grade 5"), _serious_if_fatal, "ae_grade"),
            numbered(
                must(
                    _("serious where it is a second malignancy"),
                    _serious_if_malignant,
                    "ae_special",
                    "ae_ctcae_term",
                ),
                "",
                _("A second malignancy is always serious (medically important): report it within 24 hours."),
            ),
        ),
        soft=numbered(
            must(_("serious where it is a pregnancy"), _serious_if_pregnant, "ae_term"),
            "",
            _(
                "A pregnancy of the subject or a partner is reported within 24 hours: enter it as serious"
                " (medically important)."
            ),
        ),
        cdisc="AE.AESER",
    )
    ae_ser_crit = MultiItem(
        _("Seriousness criteria"),
        choices(
            "ae_ser_crit",
            _("death"),
            _("life-threatening"),
            _("hospitalisation/prolongation"),
            _("disability"),
            _("congenital"),
            _("medically important"),
        ),
        req="C",
        when=when("ae_serious", YES),
        hard=(at_least_one(), must(_("death exactly at grade 5"), _death_agrees, "ae_grade")),
        cdisc="AE.AESDTH, AESLIFE, AESHOSP, AESDISAB, AESCONG, AESMIE",
    )

    ae_rel_ld = _relation(_("Related to lymphodepletion"), cdisc="SUPPAE")
    ae_rel_cart = _relation(
        _("Related to CAR-T"), hard=_not_related_before("INF", "inf_start_dt"), cdisc="AE.AEREL"
    )
    ae_rel_hsct = _relation(
        _("Related to HSCT/graft"),
        when=when("HSCT.hsct_done", YES),
        hard=_not_related_before("HSCT", "hsct_start_dt"),
        cdisc="SUPPAE",
    )
    ae_rel_disease = _relation(_("Related to disease"), cdisc="SUPPAE.AERELNST")
    ae_action = ChoiceItem(_("Action with study treatment"), ACTION, cdisc="AE.AEACN")
    ae_other_action = MultiItem(
        _("Other action"),
        choices(
            "ae_other_action",
            _("none"),
            _("drug"),
            _("hospital"),
            _("ICU"),
            _("procedure"),
            _("transfusion"),
        ),
        exclusive=("none",),
        cdisc="AE.AEACNOTH",
    )
    ae_outcome = ChoiceItem(_("Outcome"), OUTCOME, cdisc="AE.AEOUT")
    ae_expected = ChoiceItem(
        _("Expected per reference safety information"),
        CodeList(
            "ae_expected",
            (
                Code(YES, _("Yes")),
                Code("N", _("No")),
                Code("not_applicable", _("not applicable")),
            ),
        ),
        req="C",
        when=when("ae_serious", YES),
        hint=_("as the medical monitor judges"),
        cdisc="SUPPAE",
    )
    ae_trtem = MultiItem(
        _("Treatment-emergent flags"),
        CodeList("ae_trtem", (Code("ld", "LD"), Code("cart", "CART"), Code("hsct", "HSCT"))),
        derived=Derivation(
            _("the period of section 4.1 in which it began"),
            _periods,
            ("ae_start", "LD", "INF.inf_start_dt", "HSCT.hsct_start_dt"),
        ),
        cdisc="ADAE.TRTEMFL / AP01..03",
    )
    ae_dlt = ChoiceItem(
        _("Counts as DLT"),
        CodeList(
            "ae_dlt",
            (
                Code(NO, _("No")),
                Code(CANDIDATE, _("Yes: candidate")),
                Code(CONFIRMED, _("Yes: confirmed")),
                Code(REJECTED, _("No: rejected")),
            ),
        ),
        when=judged(_("start in the DLT window"), is_in_window, "ae_start", "INF.inf_start_dt"),
        hint=_("confirmed or rejected by the dose-limiting toxicity form alone"),
        proposed=Derivation(_("rules D1 to D9 of section 4.1"), _proposed, LOOKS_AT),
        hard=must(_("confirmed or rejected only as that form says"), _as_adjudicated, "DLT.dlt_ae"),
        soft=must(_("a candidate, where one of the rules D1 to D9 is met"), _as_proposed, *LOOKS_AT),
        cdisc="ADAE.DLTFL",
    )
    ae_day_car = IntegerItem(
        _("Study day from T0"),
        derived=Derivation(_("start - T0"), _car_day, ("ae_start", "INF.inf_start_dt")),
        unit="d",
        cdisc="AE.AESTDY variant",
    )
    ae_day_hsct = IntegerItem(
        _("Study day from H0"),
        when=when("HSCT.hsct_done", YES),
        derived=Derivation(_("start - H0"), _hsct_day, ("ae_start", "HSCT.hsct_start_dt")),
        unit="d",
        cdisc="SUPPAE",
    )
