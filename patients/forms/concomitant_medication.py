"""CM: concomitant medication, one row for each medicine and course, entered by the coordinator."""

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.forms.rows import a_row_of
from patients.items.codelists import DOSE_UNIT, FREQUENCY, NO, ROUTE, Code, CodeList, choices
from patients.items.conditions import Answers, when, when_filled
from patients.items.limits import NOT_IN_FUTURE, above, must, not_before
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    CodedTextItem,
    DecimalItem,
    PartialDateItem,
    ReferenceItem,
)


def _started_after(answers: Answers, form: str, item: str) -> bool:
    """Whether the medicine was begun on a day after that of an anchor, for certain."""
    start, anchor = answers["cm_start"], local_day(answers[f"{form}.{item}"])
    return start is not None and anchor is not None and start.earliest > anchor


def _has_subsequent_therapy(drug_class: str, answers: Answers) -> bool:
    if drug_class != "anticancer" or not _started_after(answers, "INF", "inf_start_dt"):
        return True
    return bool(answers.rows("SUBTX"))


def _has_gvhd(answers: Answers) -> bool:
    acute = any((row["ag_grade"] or 0) >= 1 for row in answers.rows("AGVHD"))
    return acute or any(row["cg_present"] for row in answers.rows("CGVHD"))


def _gvhd_if_suppressed(drug_class: str, answers: Answers) -> bool:
    if drug_class != "immunosuppressant" or not _started_after(answers, "HSCT", "hsct_start_dt"):
        return True
    return _has_gvhd(answers)


def _indication_recorded(indication: str, answers: Answers) -> bool:
    """CRS and GVHD have forms of their own, which show what is treated."""
    if indication == "crs":
        return any((row["crs_grade"] or 0) >= 1 for row in answers.rows("CRS"))
    return indication != "gvhd_treatment" or _has_gvhd(answers)


def _not_after_the_end(ongoing: bool, answers: Answers) -> bool:
    return not ongoing or answers["EOS.eos_dt"] is None


class ConcomitantMedication(FormRow):
    """One medicine: name, class, indication, dose and course."""

    form = FormDeclaration(
        code="CM",
        title=_("Concomitant medication"),
        enters=_("coordinator"),
        signs="-",
        sdtm="CM, SUPPCM",
        repeat=Repeat.ROWS,
        dated_by="cm_start",
        sections=(
            Section(_("Medicine"), "cm_name"),
            Section(_("Dose"), "cm_dose"),
            Section(_("Start and end"), "cm_start"),
        ),
    )

    cm_name = CodedTextItem(
        _("Drug"),
        "WHODrug",
        hint=_("generic name, as written in the source"),
        cdisc="CM.CMTRT/CMDECOD (C49475)",
    )
    cm_class = ChoiceItem(
        _("Class"),
        choices(
            "cm_class",
            _("anti-infective treatment"),
            _("prophylaxis"),
            _("steroid"),
            _("anti-cytokine"),
            _("growth factor"),
            "TPO-RA",
            _("immunosuppressant"),
            _("anticancer"),
            _("anti-epileptic"),
            "IVIG",
            _("transfusion support"),
            _("antiviral"),
            _("other"),
        ),
        soft=(
            must(
                _("anticancer treatment after the infusion with a subsequent therapy"),
                _has_subsequent_therapy,
                "cm_start",
                "INF.inf_start_dt",
                "SUBTX",
            ),
            must(
                _("an immunosuppressant after the graft with GVHD"),
                _gvhd_if_suppressed,
                "cm_start",
                "HSCT.hsct_start_dt",
                "AGVHD.ag_grade",
                "CGVHD.cg_present",
            ),
        ),
        cdisc="CM.CMCLAS",
    )
    cm_ind = ChoiceItem(
        _("Indication"),
        CodeList(
            "cm_ind",
            (
                Code("prophylaxis", _("prophylaxis")),
                Code("crs", _("CRS")),
                Code("icans", _("ICANS")),
                Code("iec_hs", _("IEC-HS")),
                Code("gvhd_treatment", _("GVHD treatment")),
                Code("infection", _("infection")),
                Code("cytopenia", _("cytopenia")),
                Code("comorbidity", _("comorbidity")),
                Code("ae", _("AE (link)")),
            ),
        ),
        hard=must(
            _("CRS or GVHD only where it is recorded"),
            _indication_recorded,
            "CRS.crs_grade",
            "AGVHD.ag_grade",
            "CGVHD.cg_present",
        ),
        cdisc="CM.CMINDC",
    )
    cm_ae_link = ReferenceItem(
        _("AE"), target="AE", req="C", when=when("cm_ind", "ae"), hard=a_row_of("AE"), cdisc="RELREC"
    )

    cm_dose = DecimalItem(_("Dose"), 9, 3, req="O", hard=above("0"), cdisc="CM.CMDOSE")
    cm_unit = ChoiceItem(
        _("Unit"), DOSE_UNIT, req="C", when=when_filled("cm_dose"), cdisc="CM.CMDOSU (C71620)"
    )
    cm_freq = ChoiceItem(_("Frequency"), FREQUENCY, req="O", cdisc="CM.CMDOSFRQ (C71113)")
    cm_route = ChoiceItem(_("Route"), ROUTE, cdisc="CM.CMROUTE (C66729)")

    cm_start = PartialDateItem(_("Start"), hard=NOT_IN_FUTURE, cdisc="CM.CMSTDTC")
    cm_end = PartialDateItem(
        _("End"),
        req="C",
        when=when("cm_ongoing", NO),
        hard=(NOT_IN_FUTURE, not_before("cm_start")),
        cdisc="CM.CMENDTC",
    )
    cm_ongoing = BooleanItem(
        _("Ongoing"),
        soft=must(_("not after the end of study"), _not_after_the_end, "EOS.eos_dt"),
        cdisc="CM.CMENRF=ONGOING (C53279)",
    )
