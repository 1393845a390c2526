"""PCAR: earlier cellular therapy, one row each, entered by the coordinator at screening."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.forms.anchors import first_dose_day
from patients.items.codelists import RESP, Code, CodeList, choices, codes
from patients.items.conditions import Answers, when
from patients.items.limits import at_least_one, before, between, must, numbered, other_than
from patients.items.partial_date import PartialDate
from patients.items.types import ChoiceItem, DecimalItem, MultiItem, PartialDateItem

_GRADES = CodeList("grade", (*codes("", "0", "1", "2", "3", "4").codes, Code("unknown", _("unknown"))))
_CAR_T = when("pcar_type", "car_t")


def _long_before_lymphodepletion(infused: PartialDate, answers: Answers) -> bool:
    first = first_dose_day(answers)
    return first is None or first - infused.latest >= timedelta(days=30)


class PriorCellularTherapy(FormRow):
    """One cellular therapy before the trial: target, source, dose and how it was borne."""

    form = FormDeclaration(
        code="PCAR",
        title=_("Prior cellular therapy"),
        enters=_("coordinator"),
        signs="-",
        sdtm="CM/PR, SUPPCM",
        repeat=Repeat.ROWS,
        dated_by="pcar_date",
    )

    pcar_type = ChoiceItem(
        _("Type"), choices("pcar_type", "CAR-T", "CAR-NK", "DLI", "TCR-T", _("other")), cdisc="CM.CMSCAT"
    )
    pcar_target = MultiItem(
        _("Target"),
        choices("pcar_target", "CLL-1", "CD33", "CD123", "CD19", "CD22", "CD5", "CD7", _("other")),
        req="C",
        when=when("pcar_type", "car_t", "car_nk"),
        hard=at_least_one(),
        soft=numbered(
            other_than("cd7"), "X-DX-11", _("Prior CD7 CAR-T: confirm with PI (possible exclusion).")
        ),
        cdisc="SUPPCM",
    )
    pcar_source = ChoiceItem(
        _("Cell source"),
        choices("pcar_source", _("autologous"), _("related donor"), _("unrelated/universal")),
        cdisc="SUPPCM",
    )
    pcar_date = PartialDateItem(
        _("Infusion date"),
        hard=before("ELIG.icf_main_dt"),
        soft=must(_("30 d or more before lymphodepletion"), _long_before_lymphodepletion, "LD.ld_date"),
        cdisc="CM.CMSTDTC",
    )
    pcar_dose = DecimalItem(
        _("Dose"), 6, 2, req="O", hard=between("0", "1000"), unit="10^6 cells/kg", cdisc="CM.CMDOSE"
    )
    pcar_resp = ChoiceItem(_("Best response"), RESP, cdisc="RS")
    pcar_max_crs = ChoiceItem(_("Max CRS"), _GRADES, when=_CAR_T, cdisc="SUPPCM")
    pcar_max_icans = ChoiceItem(_("Max ICANS"), _GRADES, when=_CAR_T, cdisc="SUPPCM")
