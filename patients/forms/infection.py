"""INFX: infections and viral reactivations, one row each, entered by the coordinator, signed by the
investigator."""

from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.forms.anchors import NOT_AFTER_DEATH
from patients.forms.drugs import Group
from patients.forms.lab_results import COUNTED_WITHIN_DAYS, NEUTROPENIC_BELOW_10E9_PER_L, lowest_near
from patients.forms.medicines_given import is_of, may_be_given
from patients.forms.rows import other_rows
from patients.items.checks import Sight, soft
from patients.items.codelists import OUTCOME, Code, CodeList, choices, codes
from patients.items.conditions import Answers, when, when_not
from patients.items.item import Derivation
from patients.items.limits import after, at_least_one, between, must, not_before, numbered, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem, MultiItem
from trial.protocol.study import site_today

REPORTED_FROM_GRADE = 3
OPEN_AT_MOST_DAYS = 90
RECURRENCE_DAYS = {"bacterial": 14}  # the table for viruses and fungi is not in the specification
_VIRAL = when("inf_class", "viral_disease", "viral_reactivation")


def _neutropenic(answers: Answers) -> bool | None:
    """Neutrophils below 0.5 within a day of the onset; None without a count."""
    onset = answers["inf_onset"]
    count = None if onset is None else lowest_near(answers, "NEUT", onset, COUNTED_WITHIN_DAYS)
    return None if count is None else count < NEUTROPENIC_BELOW_10E9_PER_L


def _recurs(answers: Answers) -> bool | None:
    """Same organism and site as an earlier record inside the recurrence interval of its class."""
    onset, interval = answers["inf_onset"], RECURRENCE_DAYS.get(answers["inf_class"] or "")
    if onset is None or interval is None:
        return None
    return any(
        row["inf_org"] == answers["inf_org"]
        and set(row["inf_site"] or ()) & set(answers["inf_site"] or ())
        and row["inf_onset"] is not None
        and timedelta(0) < onset - row["inf_onset"] <= timedelta(days=interval)
        for row in other_rows(answers, "INFX")
    )


def _fatal_agrees(grade: str, answers: Answers) -> bool:
    return grade != "5" or answers["DTH.dth_dt"] is not None


def _is_reported(grade: str, answers: Answers) -> bool:
    severe = int(grade) >= REPORTED_FROM_GRADE
    return not severe or any(row["ae_special"] == "infection" for row in answers.rows("AE"))


def _not_open_long(onset: date, answers: Answers) -> bool:
    """Asked at the onset, since an empty end has nothing to ask at."""
    return answers["inf_end"] is not None or (site_today() - onset).days <= OPEN_AT_MOST_DAYS


def _untreated(answers: Answers) -> Sight:
    """A reactivation above its threshold, and no antiviral in concomitant medication in its time."""
    began = answers["vir_first_dt"] or answers["inf_onset"]
    if answers["inf_class"] != "viral_reactivation" or not answers["vir_thr"] or began is None:
        return False
    ended = answers["inf_end"] or date.max
    return not any(
        (row["cm_class"] == "antiviral" or is_of(row, Group.ANTIVIRAL)) and may_be_given(row, began, ended)
        for row in answers.rows("CM")
    )


class Infection(FormRow):
    """One infection: organism, site, evidence, severity and course."""

    form = FormDeclaration(
        code="INFX",
        title=_("Infection and viral reactivation"),
        enters=_("coordinator"),
        signs=_("investigator"),
        sdtm="MB, MS, AE, CM",
        repeat=Repeat.ROWS,
        dated_by="inf_onset",
        checks=(
            soft(
                "X-INFX-01",
                "vir_thr",
                _("Reactivation above the threshold: antiviral treatment recorded?"),
                _untreated,
                "inf_class",
                "vir_first_dt",
                "inf_onset",
                "inf_end",
                "CM",
            ),
        ),
    )

    inf_onset = DateItem(
        _("Onset"),
        hard=(not_before("ELIG.icf_main_dt"), NOT_AFTER_DEATH),
        soft=must(_("ended within 90 d"), _not_open_long, "inf_end"),
        cdisc="MB.MBDTC/AE.AESTDTC",
    )
    inf_class = ChoiceItem(
        _("Class"),
        CodeList(
            "inf_class",
            (
                Code("bacterial", _("bacterial")),
                Code("fungal", _("fungal")),
                Code("viral_disease", _("viral disease")),
                Code("viral_reactivation", _("viral reactivation (no disease)")),
                Code("parasitic", _("parasitic")),
                Code("culture_negative_sepsis", _("culture-negative sepsis")),
                Code("febrile_neutropenia_only", _("febrile neutropenia only")),
                Code("unknown", _("unknown")),
            ),
        ),
        cdisc="AE/MB",
    )
    inf_site = MultiItem(
        pgettext_lazy("of an infection", "Site"),
        choices(
            "inf_site",
            _("blood"),
            _("lung"),
            _("sinus"),
            _("CNS"),
            _("gut"),
            _("urinary"),
            _("skin/soft tissue"),
            _("liver/spleen"),
            _("catheter"),
            _("disseminated"),
            _("other"),
        ),
        when=when_not("inf_class", "viral_reactivation"),
        hard=at_least_one(),
        cdisc="MB.MBLOC",
    )
    inf_org = ChoiceItem(
        _("Organism"),
        # NCBI taxonomy id in the second column of the code list where there is one
        CodeList(
            "inf_org",
            (
                Code("escherichia_coli", "Escherichia coli", "NCBI 562"),
                Code("klebsiella_pneumoniae", "Klebsiella pneumoniae", "NCBI 573"),
                Code("pseudomonas_aeruginosa", "Pseudomonas aeruginosa", "NCBI 287"),
                Code("staphylococcus_aureus", "Staphylococcus aureus", "NCBI 1280"),
                Code("enterococcus_faecium", "Enterococcus faecium", "NCBI 1352"),
                Code("aspergillus_fumigatus", "Aspergillus fumigatus", "NCBI 746128"),
                Code("candida_albicans", "Candida albicans", "NCBI 5476"),
                Code("cytomegalovirus", _("Cytomegalovirus"), "NCBI 10359"),
                Code("epstein_barr_virus", _("Epstein-Barr virus"), "NCBI 10376"),
                Code("bk_virus", _("BK virus"), "NCBI 1891762"),
                Code("adenovirus", _("Adenovirus"), "NCBI 10508"),
                Code("other", _("other")),
                Code("unknown", _("unknown")),
            ),
        ),
        soft=other_than("unknown"),
        cdisc="MB.MBORRES (C120527)",
    )
    inf_evidence = ChoiceItem(
        _("Evidence"),
        choices("inf_evidence", _("proven"), _("probable"), _("possible"), _("clinical only")),
        hint=_("for fungi in the words of EORTC/MSG 2020"),
        cdisc="SUPPMB",
    )
    vir_load = DecimalItem(
        _("Peak viral load"),
        13,
        0,
        req="C",
        when=_VIRAL,
        hard=between("0", "1000000000000"),
        unit="IU/mL or copies/mL",
        cdisc="MB.CMVDNA (C161394) etc.",
    )
    vir_first_dt = DateItem(
        _("First positive"), req="C", when=_VIRAL, hard=not_before("INF.inf_start_dt", -7), cdisc="MB"
    )
    vir_neg_dt = DateItem(
        _("First of two negatives"), req="O", when=_VIRAL, hard=after("vir_first_dt"), cdisc="MB"
    )
    vir_thr = BooleanItem(_("Treatment threshold crossed"), req="C", when=_VIRAL, cdisc="SUPPMB")
    inf_ctcae = ChoiceItem(
        _("CTCAE grade"),
        codes("inf_ctcae", "1", "2", "3", "4", "5"),
        hard=(
            must(_("5 only with a death form"), _fatal_agrees, "DTH.dth_dt"),
            numbered(
                must(_("an adverse event from grade 3"), _is_reported, "AE.ae_special"),
                "X-INFX-03",
                _("Severe infection must be in AE."),
            ),
        ),
        soft=other_than("3", "4", "5"),
        cdisc="AE.AETOXGR",
    )
    inf_bmtctn = ChoiceItem(_("BMT CTN severity"), codes("inf_bmtctn", "1", "2", "3"), cdisc="SUPPAE")
    inf_neutropenic = BooleanItem(
        _("ANC <0.5 at onset"),
        derived=Derivation(
            _("neutrophils below 0.5 within 1 d of onset"), _neutropenic, ("inf_onset", "LAB")
        ),
        cdisc="SUPPAE",
    )
    inf_tx = MultiItem(
        _("Treatment"),
        choices(
            "inf_tx",
            _("antibacterial"),
            _("antifungal"),
            _("ganciclovir/foscarnet"),
            _("letermovir"),
            _("rituximab"),
            _("cidofovir"),
            "VST",
            _("surgery"),
            _("none"),
        ),
        exclusive=("none",),
        cdisc="CM",
    )
    inf_end = DateItem(_("End"), req="O", hard=not_before("inf_onset"), cdisc="AE.AEENDTC")
    inf_outcome = ChoiceItem(_("Outcome"), OUTCOME, cdisc="AE.AEOUT")
    inf_recur = BooleanItem(
        _("Same organism+site as earlier record inside recurrence interval"),
        derived=Derivation(
            _("same organism and site within 14 d (bacterial)"),
            _recurs,
            ("inf_onset", "inf_org", "inf_site", "INFX"),
        ),
        soft=numbered(other_than("Y"), "X-INFX-04", _("Same infection? Merge or confirm.")),
        cdisc="SUPPMB",
    )
