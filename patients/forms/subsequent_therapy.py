"""SUBTX: therapy after the trial's own, one row each, entered by the coordinator. A second transplantation
and a second infusion of cells belong here."""

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.items.codelists import RESP, choices
from patients.items.conditions import Answers
from patients.items.limits import NOT_IN_FUTURE, must, not_before, numbered
from patients.items.types import ChoiceItem, DateItem, TextItem


def _relapse_recorded(indication: str, answers: Answers) -> bool:
    return indication != "relapse" or bool(answers.rows("RLP"))


class SubsequentTherapy(FormRow):
    """One therapy: what, why, from when, and the response to it."""

    form = FormDeclaration(
        code="SUBTX",
        title=_("Subsequent therapy"),
        enters=_("coordinator"),
        signs="-",
        sdtm="CM, PR, EX",
        repeat=Repeat.ROWS,
        dated_by="stx_start",
    )

    stx_type = ChoiceItem(
        _("Type"),
        choices(
            "stx_type",
            "DLI",
            _("second HSCT"),
            _("CAR-T reinfusion"),
            _("chemotherapy"),
            _("HMA/venetoclax"),
            _("targeted"),
            _("radiotherapy"),
            _("palliative"),
            _("other"),
        ),
        cdisc="CM.CMSCAT",
    )
    stx_ind = ChoiceItem(
        _("Indication"),
        choices(
            "stx_ind",
            _("relapse"),
            "MRD",
            _("mixed chimerism"),
            _("graft failure"),
            _("prophylactic/pre-emptive"),
            _("other"),
        ),
        soft=numbered(
            must(_("relapse with a relapse form"), _relapse_recorded, "RLP.rlp_dt"),
            "X-RLP-05",
            _("Therapy for relapse, and the relapse form is missing."),
        ),
        cdisc="CM.CMINDC",
    )
    stx_start = DateItem(_("Start"), hard=(NOT_IN_FUTURE, not_before("INF.inf_start_dt")), cdisc="CM.CMSTDTC")
    stx_detail = TextItem(_("Details (dose per kg for cells)"), 200, req="O", cdisc="CM")
    stx_resp = ChoiceItem(_("Response"), RESP, req="O", cdisc="RS")
