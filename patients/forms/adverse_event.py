"""AE: adverse events, one row each, entered by the coordinator; the investigator grades and attributes."""

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.items.codelists import ACTION, NO, OUTCOME, REL, YES, Code, CodeList, choices, codes
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

RELATED = frozenset({"possible", "probable", "definite"})  # related = possible or higher
CANDIDATE = "Y_candidate"
LINKED = {"crs": "CRS", "infection": "INFX", "agvhd": "AGVHD", "cgvhd": "CGVHD"}
LINKED_ITEMS = ("CRS.crs_date", "INFX.inf_onset", "AGVHD.ag_dt", "CGVHD.cg_dt")
COUNTED = {"neutrophil_count_decreased": "NEUT", "platelet_count_decreased": "PLAT"}
_ENDED = ("RECOVERED/RESOLVED", "RECOVERED/RESOLVED WITH SEQUELAE", "FATAL")
# Terms of CTCAE that this trial meets; any other is written under "other" with its own term.
CTCAE_TERMS = choices(
    "ctcae_term",
    _("Neutrophil count decreased"),
    _("Platelet count decreased"),
    _("Anemia"),
    _("Lymphocyte count decreased"),
    _("White blood cell decreased"),
    _("Cytokine release syndrome"),
    _("Febrile neutropenia"),
    _("Sepsis"),
    _("Lung infection"),
    _("Infections and infestations - Other"),
    _("Immune system disorders - Other"),
    _("Nausea"),
    _("Vomiting"),
    _("Diarrhea"),
    _("Rash maculo-papular"),
    _("Blood bilirubin increased"),
    _("Alanine aminotransferase increased"),
    _("Encephalopathy"),
    _("Other"),
)


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
    return _days_from(local_day(answers["INF.inf_start_dt"]), answers)


def _hsct_day(answers: Answers) -> int | None:
    return _days_from(local_day(answers["HSCT.hsct_start_dt"]), answers)


def _periods(answers: Answers) -> list[str] | None:
    """The period in which it began: LD from the first dose to T0 - 1, CART from T0 to min(H0 - 1, T0 + 90),
    HSCT from H0 to H0 + 100. An event belongs to the latest period whose start precedes it."""
    began = answers["ae_start"]
    if began is None:
        return None
    doses = [row["ld_date"] for row in answers.rows("LD") if row["ld_date"]]
    infused, grafted = local_day(answers["INF.inf_start_dt"]), local_day(answers["HSCT.hsct_start_dt"])
    day = began.earliest
    if grafted and day >= grafted:
        return ["hsct"] if day <= grafted + timedelta(days=100) else []
    if infused and day >= infused:
        return ["cart"] if day <= infused + timedelta(days=90) else []
    return ["ld"] if doses and day >= min(doses) else []


def _in_dlt_window(answers: Answers) -> bool:
    day = _car_day(answers)
    return day is not None and 0 <= day <= setting_as(int, "dlt_window_days")


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


def _death_agrees(criteria: list[str], answers: Answers) -> bool:
    fatal: bool = answers["ae_grade"] == "5"
    return ("death" in criteria) == fatal


def _no_outcome_as_term(term: str, answers: Answers) -> bool:
    return "death" not in term.lower() and "死亡" not in term


def _has_linked(special: str, answers: Answers) -> bool:
    """What is of special interest has its own form, where this version has it."""
    form = LINKED.get(special)
    return form is None or bool(answers.rows(form))


def _not_adjudicated(answer: str, answers: Answers) -> bool:
    return answer in (NO, CANDIDATE) or bool(answers.rows("DLT"))


def _as_counted(grade: str, answers: Answers) -> bool:
    """Neutrophils and platelets: the highest grade of the laboratory while the event lasts."""
    test, began, ended = COUNTED.get(answers["ae_ctcae_term"]), answers["ae_start"], answers["ae_end"]
    if test is None or began is None:
        return True
    last = ended.latest if ended else date.max
    grades = [
        row["lab_grade"]
        for row in answers.rows("LAB")
        if row["lab_test"] == test
        and row["lab_grade"] is not None
        and began.earliest <= (local_day(row["lab_dt"]) or date.min) <= last
    ]
    return not grades or max(grades) == int(grade)


def _relation(label: Any, **options: Any) -> ChoiceItem:
    return ChoiceItem(label, REL, **options)


class AdverseEvent(FormRow):
    """One event: term, dates, grade, seriousness, relation and outcome."""

    form = FormDeclaration(
        code="AE",
        title=_("Adverse event"),
        enters="coordinator",
        signs="investigator grades and attributes",
        sdtm="AE, SUPPAE",
        repeat=Repeat.ROWS,
        dated_by="ae_start",
        sections=(
            Section(_("Event"), "ae_term"),
            Section(_("Seriousness"), "ae_serious"),
            Section(_("Relation and action"), "ae_rel_ld"),
            Section(_("Outcome"), "ae_outcome"),
        ),
    )

    ae_term = TextItem(
        _("Verbatim term"),
        200,
        hint=_("the event, not a drug and not its outcome"),
        hard=must(_("not 'death', which is an outcome"), _no_outcome_as_term),
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
        derived=Derivation("coded against MedDRA", lambda answers: None, ("ae_term",)),
        waits_for="CODING",
        cdisc="AE.AEDECOD, AESOC (C66788 MedDRA C43820)",
    )
    ae_ctcae_term = ChoiceItem(_("CTCAE term"), CTCAE_TERMS, cdisc="SUPPAE")
    ae_ctcae_ver = ChoiceItem(
        _("CTCAE version"),
        codes("ae_ctcae_ver", "5.0", "6.0"),
        derived=Derivation(
            "the configured version", lambda answers: setting_as(str, "ctcae_version"), ("ae_ctcae_term",)
        ),
        cdisc="SUPPAE",
    )
    ae_start = PartialDateItem(_("Start"), hard=not_before("ELIG.icf_main_dt"), cdisc="AE.AESTDTC")
    ae_start_time = TimeItem(
        _("Start time"),
        req="C",
        when=judged("on the day of T0 or H0 or the next", _near_anchor, "ae_start", "INF.inf_start_dt"),
        cdisc="AE.AESTDTC",
    )
    ae_end = PartialDateItem(
        _("End"),
        req="C",
        when=when("ae_outcome", *_ENDED),
        hard=numbered(
            must(_("not before the start"), _not_before_start, "ae_start"),
            "X-AE-02",
            _("Dates are not valid."),
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
        soft=numbered(
            must(
                _("the highest of the laboratory, for a count"), _as_counted, "ae_ctcae_term", "LAB.lab_grade"
            ),
            "X-AE-06",
            _("The highest grade of the laboratory is not %(value)s."),
        ),
        cdisc="AE.AETOXGR",
    )

    ae_serious = BooleanItem(
        _("Serious"), hard=must(_("serious at grade 5"), _serious_if_fatal, "ae_grade"), cdisc="AE.AESER"
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
            "the period of section 4.1 in which it began",
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
                Code("Y_confirmed", _("Yes: confirmed")),
                Code("N_rejected", _("No: rejected")),
            ),
        ),
        when=judged("start in the DLT window", _in_dlt_window, "ae_start", "INF.inf_start_dt"),
        hint=_("confirmed or rejected by the dose-limiting toxicity form alone"),
        hard=must(_("not confirmed or rejected without that form"), _not_adjudicated, "DLT.dlt_ae"),
        cdisc="ADAE.DLTFL",
    )
    ae_day_car = IntegerItem(
        _("Study day from T0"),
        derived=Derivation("start - T0", _car_day, ("ae_start", "INF.inf_start_dt")),
        unit="d",
        cdisc="AE.AESTDY variant",
    )
    ae_day_hsct = IntegerItem(
        _("Study day from H0"),
        when=when("HSCT.hsct_done", YES),
        derived=Derivation("start - H0", _hsct_day, ("ae_start", "HSCT.hsct_start_dt")),
        unit="d",
        cdisc="SUPPAE",
    )
