"""HSCT: the haploidentical transplantation, which defines H0.

The transplant physician enters it; saving it places the visits of the transplant clock. The study tests a
transplantation without conditioning and without GVHD prophylaxis, so both are asked for by name. A second
transplantation is a subsequent therapy.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.donor import CAR_T_SOURCE, GRAFT_SOURCE
from patients.forms.rows import row_with
from patients.items.codelists import NO, RESP, YES, Code, CodeList, choices, codes
from patients.items.conditions import Answers, when
from patients.items.item import Derivation
from patients.items.limits import after, at_least_one, at_most, between, must, numbered, other_than
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateTimeItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    ReferenceItem,
    TextItem,
)

RESPONSE_HOLDS_DAYS = 14  # a remission assessment supports the transplantation for so long (X-HSCT-02)
_DONE = when("hsct_done", YES)


def _interval(answers: Answers) -> int | None:
    infused, grafted = local_day(answers["INF.inf_start_dt"]), local_day(answers["hsct_start_dt"])
    return (grafted - infused).days if infused and grafted else None


def _last_responses(moment: datetime | None, answers: Answers) -> list[Answers]:
    """The response assessments of the last day with any in the 14 days up to the graft; those of one day have
    no order."""
    day = local_day(moment)
    if day is None:
        return []
    recent = [
        row
        for row in answers.rows("RESP")
        if row["resp_dt"] and 0 <= (day - row["resp_dt"]).days <= RESPONSE_HOLDS_DAYS
    ]
    last = max((row["resp_dt"] for row in recent), default=None)
    return [row for row in recent if row["resp_dt"] == last]


def _gate_open(moment: datetime, answers: Answers) -> bool:
    return any(response["resp_gate"] for response in _last_responses(moment, answers))


def _as_assessed(status: str, answers: Answers) -> bool:
    responses = _last_responses(answers["hsct_start_dt"], answers)
    return not responses or any(
        status in (response["resp_protocol"], response["resp_strict"], response["resp_inv"])
        for response in responses
    )


def _roles(answers: Answers, donor_id: str) -> list[str]:
    donor = row_with(answers, "DONOR", "donor_id", donor_id)
    return (donor["donor_role"] or []) if donor else []


def _is_graft_donor(donor_id: str, answers: Answers) -> bool:
    return GRAFT_SOURCE in _roles(answers, donor_id)


def _is_product_donor(donor_id: str, answers: Answers) -> bool:
    return CAR_T_SOURCE in _roles(answers, donor_id)


def _within_ten_percent(weight: Decimal, answers: Answers) -> bool:
    before = answers["INF.inf_weight"]
    return before is None or abs(weight - before) * 10 <= before


def _numbered_range(low: str, high: str, check: str, message: Any) -> Any:
    return numbered(between(low, high), check, message)


class Transplantation(FormRow):
    """Whether and when the graft was given, its doses, and what was or was not given with it."""

    form = FormDeclaration(
        code="HSCT",
        title=_("Haploidentical transplantation"),
        enters="transplant physician",
        signs="investigator",
        sdtm="PR, EX, BE, SUPPPR",
        dated_by="hsct_start_dt",
        sections=(
            Section(_("Transplantation"), "hsct_done"),
            Section(_("Graft"), "hsct_source"),
            Section(_("Conditioning and prophylaxis"), "cond_none"),
        ),
    )

    hsct_done = BooleanItem(_("Transplantation performed"), cdisc="DS")
    hsct_not_reason = ChoiceItem(
        _("Reason not done"),
        choices(
            "hsct_not_reason",
            _("no CR/CRi"),
            _("death"),
            _("infection/organ failure"),
            _("donor unavailable"),
            _("graft failure of product"),
            _("patient choice"),
            _("autologous recovery"),
            _("other"),
        ),
        req="C",
        when=when("hsct_done", NO),
        cdisc="DS",
    )
    hsct_start_dt = DateTimeItem(
        _("Graft infusion start (H0)"),
        req="C",
        when=_DONE,
        hard=(
            after("INF.inf_start_dt"),
            numbered(
                must(
                    _("transplantation consent signed"),
                    lambda value, answers: bool(answers["ELIG.icf_hsct_signed"]),
                    "ELIG.icf_hsct_signed",
                ),
                "X-HSCT-01",
                _("Separate transplantation consent is missing."),
            ),
            numbered(
                must(_("response gate open within 14 d before"), _gate_open, "RESP.resp_gate"),
                "X-HSCT-02",
                _("No remission assessment supports transplantation."),
            ),
        ),
        cdisc="PR.PRSTDTC; ADSL.TR02SDTM",
    )
    hsct_interval = IntegerItem(
        _("CAR-T to HSCT"),
        when=_DONE,
        derived=Derivation("date(H0) - date(T0)", _interval, ("hsct_start_dt", "INF.inf_start_dt")),
        hard=between("1", "365"),
        soft=_numbered_range(
            "10", "32", "X-HSCT-03", _("Interval of %(value)s is outside the published 10-32 d.")
        ),
        unit="d",
        cdisc="ADSL.CARTHSCT",
    )
    hsct_donor = ReferenceItem(
        _("Graft donor"),
        target="DONOR.donor_id",
        req="C",
        when=_DONE,
        hard=numbered(
            must(_("a donor chosen as graft source"), _is_graft_donor, "DONOR.donor_role"),
            "X-HSCT-06",
            _("Choose the donor on DONOR first."),
        ),
        soft=must(_("the donor of the CAR-T product"), _is_product_donor, "DONOR.donor_role"),
        cdisc="RELREC",
    )
    hsct_status = ChoiceItem(
        _("Disease state at H0"),
        RESP,
        req="C",
        when=_DONE,
        hard=must(_("as assessed within 14 d before"), _as_assessed, "RESP.resp_protocol", "hsct_start_dt"),
        soft=other_than(*(code.code for code in RESP.codes if code.code not in ("CR", "CRh", "CRi"))),
        cdisc="SUPPPR",
    )
    hsct_mrd = ChoiceItem(
        _("MRD at H0"),
        choices("hsct_mrd", _("negative"), _("positive"), _("indeterminate"), _("not done")),
        req="C",
        when=_DONE,
        soft=other_than("positive"),
        cdisc="SUPPPR",
    )

    hsct_source = MultiItem(
        _("Graft"),
        choices("hsct_source", _("G-CSF PBSC"), _("BM"), _("cord support"), _("other")),
        req="C",
        when=_DONE,
        hard=at_least_one(),
        cdisc="PR",
    )
    hsct_fresh = ChoiceItem(
        _("Fresh or frozen"),
        choices("hsct_fresh", _("fresh"), _("frozen")),
        req="C",
        when=_DONE,
        soft=other_than("frozen"),
        cdisc="PR",
    )
    graft_weight = DecimalItem(
        _("Recipient weight"),
        4,
        1,
        req="C",
        when=_DONE,
        hard=between("30", "180"),
        soft=must(_("within 10 % of the weight at infusion"), _within_ten_percent, "INF.inf_weight"),
        unit="kg",
        cdisc="VS",
    )
    graft_tnc = DecimalItem(
        _("TNC (or MNC) dose"),
        6,
        2,
        req="C",
        when=_DONE,
        hard=between("0.1", "60"),
        soft=between("4", "20"),
        unit="10^8/kg",
        cdisc="PR/BS",
    )
    graft_cd34 = DecimalItem(
        _("CD34+ dose"),
        6,
        2,
        req="C",
        when=_DONE,
        hard=between("0.1", "40"),
        soft=_numbered_range("2", "10", "X-HSCT-07", _("CD34 dose %(value)s is unusual.")),
        unit="10^6/kg",
        cdisc="PR/BS",
    )
    graft_cd3 = DecimalItem(
        _("CD3+ dose"),
        6,
        3,
        req="C",
        when=_DONE,
        hard=between("0.001", "20"),
        soft=at_most("5"),
        unit="10^8/kg",
        cdisc="PR/BS",
    )
    graft_days = IntegerItem(
        _("Infusion days"),
        req="C",
        when=_DONE,
        hard=between("1", "3"),
        soft=at_most("1"),
        unit="d",
        cdisc="PR",
    )
    graft_manip = ChoiceItem(
        _("Manipulation"),
        choices(
            "graft_manip",
            _("none"),
            _("plasma/RBC depletion"),
            _("CD34 selection"),
            _("TCRab depletion"),
            _("other"),
        ),
        req="C",
        when=_DONE,
        soft=other_than("cd34_selection", "tcrab_depletion"),
        cdisc="PR",
    )

    cond_none = BooleanItem(
        _("No conditioning given"), req="C", when=_DONE, soft=other_than(NO), cdisc="SUPPPR"
    )
    cond_agents = TextItem(
        _("Conditioning agents"), 120, req="C", when=_DONE & when("cond_none", NO), cdisc="CM"
    )
    gvhdp_none = BooleanItem(
        _("No GVHD prophylaxis given"), req="C", when=_DONE, soft=other_than(NO), cdisc="SUPPPR"
    )
    gvhdp_agents = MultiItem(
        _("Prophylaxis agents"),
        choices(
            "gvhdp_agents", "ATG", "PTCy", "CNI", "MMF", "MTX", _("ruxolitinib"), _("abatacept"), _("other")
        ),
        req="C",
        when=_DONE & when("gvhdp_none", NO),
        hard=at_least_one(),
        cdisc="CM",
    )
    gcsf_post = ChoiceItem(
        _("G-CSF after H0"),
        choices("gcsf_post", _("no"), _("day started")),
        req="C",
        when=_DONE,
        cdisc="CM",
    )
    hsct_reaction = ChoiceItem(
        _("Infusion reaction"),
        CodeList("hsct_reaction", (Code("none", _("none")), *codes("", "1", "2", "3", "4").codes)),
        req="C",
        when=_DONE,
        soft=other_than("3", "4"),
        cdisc="AE",
    )
    steroid_at_h0 = BooleanItem(
        _("Systemic steroid in last 7 d"), req="C", when=_DONE, soft=other_than(YES), cdisc="CM"
    )
