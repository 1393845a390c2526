"""PTX: earlier transplants, one row each, entered by the coordinator at screening."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.forms.anchors import first_dose_day, infusion_day
from patients.forms.rows import unique_on_form
from patients.items.codelists import Code, CodeList, choices, codes
from patients.items.conditions import Answers, when
from patients.items.limits import after, at_most, before, between, must, not_before, numbered
from patients.items.partial_date import PartialDate
from patients.items.types import ChoiceItem, DecimalItem, IntegerItem, PartialDateItem, ReferenceItem

_ALLOGENEIC = when("ptx_type", "allogeneic")
_UNKNOWN = Code("unknown", _("unknown"))


def _long_before_infusion(grafted: PartialDate, answers: Answers) -> bool:
    infused = infusion_day(answers)
    return infused is None or infused - grafted.latest >= timedelta(days=100)


def _stopped_long_before_lymphodepletion(stopped: PartialDate, answers: Answers) -> bool:
    first = first_dose_day(answers)
    return first is None or first - stopped.latest >= timedelta(days=28)


class PriorTransplant(FormRow):
    """One transplant before the trial: donor, source, conditioning, GVHD and what became of it."""

    form = FormDeclaration(
        code="PTX",
        title=_("Prior transplant"),
        enters=_("coordinator"),
        signs="-",
        sdtm="PR, SUPPPR",
        repeat=Repeat.ROWS,
        dated_by="ptx_date",
    )

    ptx_no = IntegerItem(
        _("Transplant number"),
        hard=(between("1", "4"), unique_on_form("PTX", "ptx_no")),
        soft=at_most("2"),
        cdisc="PR.PRSPID",
    )
    ptx_type = ChoiceItem(
        _("Type"),
        CodeList(
            "ptx_type",
            (
                Code("autologous", _("autologous"), "C201465"),
                Code("allogeneic", _("allogeneic"), "C201466"),
                Code("syngeneic", _("syngeneic")),
            ),
        ),
        cdisc="PR.PRDECOD (C101858)",
    )
    ptx_date = PartialDateItem(
        _("Date of graft infusion"),
        hard=(
            before("ELIG.icf_main_dt"),
            numbered(not_before("DX.dx_date"), "X-DX-09", _("Transplant before diagnosis.")),
        ),
        soft=numbered(
            must(_("100 d or more before CAR-T"), _long_before_infusion, "INF.inf_start_dt"),
            "X-DX-10",
            _("Early post-transplant CAR-T: confirm GVHD status."),
        ),
        cdisc="PR.PRSTDTC",
    )
    ptx_donor_type = ChoiceItem(
        _("Donor type"),
        choices(
            "ptx_donor_type",
            _("matched sibling"),
            _("haploidentical"),
            _("matched unrelated"),
            _("mismatched unrelated"),
            _("cord"),
        ),
        req="C",
        when=_ALLOGENEIC,
        cdisc="SUPPPR",
    )
    ptx_donor_id = ReferenceItem(
        _("Donor identifier"),
        target="DONOR.donor_id",
        req="O",
        when=_ALLOGENEIC,
        hint=_("when the same person donates again"),
        cdisc="RELREC",
    )
    ptx_source = ChoiceItem(
        _("Graft source"),
        CodeList(
            "ptx_source",
            (Code("pbsc", "PBSC"), Code("bm", "BM"), Code("pbsc_bm", "PBSC+BM"), Code("cord", _("cord"))),
        ),
        cdisc="SUPPPR",
    )
    ptx_conditioning = ChoiceItem(
        _("Conditioning"),
        choices("ptx_conditioning", "MAC", "RIC", "NMA", _("none")),
        cdisc="SUPPPR",
    )
    ptx_status = ChoiceItem(
        _("Status at transplant"),
        CodeList(
            "ptx_status",
            (
                *codes("", "CR1", "CR2", "CR3+").codes,
                Code("mrd_positive_cr", _("MRD+ CR")),
                Code("active_disease", _("active disease")),
            ),
        ),
        cdisc="SUPPPR",
    )
    ptx_relapse_dt = PartialDateItem(
        _("Relapse after this transplant"), req="O", hard=after("ptx_date"), cdisc="SUPPPR"
    )
    ptx_agvhd = ChoiceItem(
        _("Max acute GVHD grade"),
        CodeList("ptx_agvhd", (*codes("", "0", "I", "II", "III", "IV").codes, _UNKNOWN)),
        req="C",
        when=_ALLOGENEIC,
        cdisc="SUPPPR",
    )
    ptx_cgvhd = ChoiceItem(
        _("Chronic GVHD ever"),
        choices("ptx_cgvhd", _("none"), _("mild"), _("moderate"), _("severe"), _("unknown")),
        req="C",
        when=_ALLOGENEIC,
        cdisc="SUPPPR",
    )
    ptx_ist_stop = PartialDateItem(
        _("Immunosuppression stopped on"),
        req="O",
        when=_ALLOGENEIC,
        hard=not_before("ptx_date"),
        soft=must(
            _("28 d or more before lymphodepletion"), _stopped_long_before_lymphodepletion, "LD.ld_date"
        ),
        cdisc="SUPPPR",
    )
    ptx_chimerism_scr = DecimalItem(
        _("Donor chimerism at screening"),
        4,
        1,
        req="C",
        when=_ALLOGENEIC,
        hard=between("0", "100"),
        unit="%",
        cdisc="GF",
    )
