"""TRF: the transfusion log, one row for each transfusion, entered by the coordinator."""

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.items.codelists import NO, choices
from patients.items.conditions import when
from patients.items.limits import NOT_IN_FUTURE, at_most, between, not_before, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem

BEFORE_CONSENT_DAYS = 7
CELLULAR = ("red_cells", "platelets", "granulocytes")


class Transfusion(FormRow):
    """One product on one day."""

    form = FormDeclaration(
        code="TRF",
        title=_("Transfusion log"),
        enters=_("coordinator"),
        signs="-",
        sdtm="PR/CM",
        repeat=Repeat.ROWS,
        dated_by="trf_dt",
    )

    trf_dt = DateItem(
        _("Date"),
        hard=(NOT_IN_FUTURE, not_before("ELIG.icf_main_dt", -BEFORE_CONSENT_DAYS)),
        cdisc="CM.CMSTDTC",
    )
    trf_type = ChoiceItem(
        _("Product"),
        choices(
            "trf_type",
            _("red cells"),
            _("platelets"),
            _("granulocytes"),
            _("plasma"),
            _("cryoprecipitate/fibrinogen"),
            "IVIG",
        ),
        cdisc="CM.CMTRT",
    )
    trf_units = DecimalItem(
        _("Units"), 4, 1, hard=between("0.5", "50"), soft=at_most("6"), unit="U", cdisc="CM.CMDOSE"
    )
    trf_irradiated = BooleanItem(
        _("Irradiated"), when=when("trf_type", *CELLULAR), soft=other_than(NO), cdisc="SUPPCM"
    )
