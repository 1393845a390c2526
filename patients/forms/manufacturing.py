"""MFG: leukapheresis and manufacturing, one row for each batch, entered by the cell-therapy laboratory.

The chain-of-identity identifier is made once and printed on every label; no patient's name stands here.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.forms.donor import CAR_T_SOURCE
from patients.forms.rows import other_rows, row_with
from patients.items.checks import Deviation, Sight, hard
from patients.items.codelists import NO, Code, CodeList, choices
from patients.items.conditions import Answers, when, when_not
from patients.items.item import Derivation
from patients.items.limits import Limit, at_least, at_most, between, must, not_before, numbered, other_than
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DateTimeItem,
    DecimalItem,
    IntegerItem,
    MultiItem,
    ReferenceItem,
    TextItem,
    UserItem,
)
from trial.trail.actor import acting_user

BROKEN_CHAIN = _("Chain of identity broken between %(a)s and %(b)s: stop.")
_ORDER = _("Manufacturing times are out of order.")


def _another_chain(answers: Answers) -> Sight:
    """One identifier stands on all batches of a subject."""
    here = answers["coi_id"]
    others = (row["coi_id"] for row in other_rows(answers, "MFG"))
    other = next((one for one in others if one not in (None, here)), None)
    return here is not None and other is not None and {"a": other, "b": here}


def _entered_by(answers: Answers) -> str | None:
    """Whoever saved the row first: a later hand does not take its place."""
    return answers["mfg_by"] or acting_user()


def _is_product_donor(donor_id: str, answers: Answers) -> bool:
    donor = row_with(answers, "DONOR", "donor_id", donor_id)
    return donor is not None and CAR_T_SOURCE in (donor["donor_role"] or ())


def _after_consent(moment: datetime, answers: Answers) -> bool:
    donor = row_with(answers, "DONOR", "donor_id", answers["aph_donor_id"])
    consent = donor["donor_consent_dt"] if donor else None
    day = local_day(moment)
    return consent is None or day is None or day >= consent


def _fresh_enough(moment: datetime, answers: Answers) -> bool:
    infused = answers["INF.inf_start_dt"]
    return infused is None or infused - moment <= timedelta(days=30)


def _within_two_days(received: datetime, answers: Answers) -> bool:
    collected = answers["aph_date"]
    return collected is None or received - collected <= timedelta(hours=48)


def _culture_days(answers: Answers) -> int | None:
    start, end = answers["mfg_start"], answers["mfg_end"]
    return (end - start).days if start and end else None


def _out_of_temperature(answers: Answers) -> Sight:
    return answers["coc_temp_ok"] is False and {"batch": answers.row_key}


def _order(item: str) -> Limit:
    return numbered(not_before(item), "X-MFG-02", _ORDER)


class Manufacturing(FormRow):
    """Collection, transport and manufacture of one batch."""

    form = FormDeclaration(
        code="MFG",
        title=_("Leukapheresis and manufacturing"),
        enters=_("cell-therapy lab"),
        signs=_("lab head"),
        sdtm="BE, BS, PR, DI, SUPPBE",
        repeat=Repeat.ROWS,
        dated_by="aph_date",
        checks=(hard("X-MFG-01", "coi_id", BROKEN_CHAIN, _another_chain, "MFG.coi_id"),),
        sections=(
            Section(_("Collection"), "coi_id"),
            Section(_("Transport"), "coc_ship_dt"),
            Section(_("Manufacture"), "mfg_site"),
        ),
        deviations=(
            Deviation(
                id="X-MFG-03",
                item="coc_temp_ok",
                category="product_release",
                weight="important",
                message=_("Temperature in transport outside the limits, batch %(batch)s: notify QA."),
                sees=_out_of_temperature,
                looks_at=("coc_recv_dt",),
                happened=lambda answers: local_day(answers["coc_recv_dt"]) or answers.dated,
            ),
        ),
    )

    coi_id = TextItem(
        _("Chain-of-identity identifier"),
        24,
        hint=_("as printed on all labels"),
        cdisc="BE.BEREFID",
    )
    aph_donor_id = ReferenceItem(
        _("Donor"),
        target="DONOR.donor_id",
        hard=must(_("a donor chosen as CAR-T source"), _is_product_donor, "DONOR.donor_role"),
        cdisc="RELSPEC",
    )
    aph_date = DateTimeItem(
        _("Leukapheresis date/time end"),
        hard=must(_("not before the donor's consent"), _after_consent, "DONOR.donor_consent_dt"),
        soft=must(_("at most 30 d before infusion"), _fresh_enough, "INF.inf_start_dt"),
        cdisc="BE.BESTDTC, BEDECOD=COLLECTING (C25453)",
    )
    aph_tnc = DecimalItem(
        _("Collected nucleated cells"), 6, 2, hard=between("0.1", "100"), unit="10^9", cdisc="BS"
    )
    aph_cd3 = DecimalItem(
        _("Collected CD3+"),
        6,
        2,
        hard=(
            between("0.01", "50"),
            must(
                _("at most all nucleated cells"),
                lambda value, answers: answers["aph_tnc"] is None or value <= answers["aph_tnc"],
                "aph_tnc",
            ),
        ),
        soft=at_least("1"),
        unit="10^9",
        cdisc="BS (C124300)",
    )
    aph_viab = DecimalItem(
        _("Viability after collection"),
        4,
        1,
        hard=between("0", "100"),
        soft=at_least("90"),
        unit="%",
        cdisc="BS",
    )
    aph_ae = ChoiceItem(
        _("Donor collection complication"),
        choices(
            "aph_ae",
            _("none"),
            _("citrate reaction"),
            _("vasovagal"),
            _("access"),
            _("bleeding"),
            _("serious"),
        ),
        soft=other_than("serious"),
        cdisc="AE (donor)",
    )
    coc_ship_dt = DateTimeItem(
        _("Handed to courier"),
        req="C",
        when=when_not("mfg_site", "in_house"),
        hard=_order("aph_date"),
        cdisc="BE.BEDECOD=SHIPPING",
    )
    coc_recv_dt = DateTimeItem(
        _("Received at facility"),
        hard=(_order("aph_date"), _order("coc_ship_dt")),
        soft=must(_("within 48 h of collection"), _within_two_days, "aph_date"),
        cdisc="BE.BEDECOD=RECEIVING (C25639)",
    )
    coc_temp_ok = BooleanItem(_("Temperature log within limits"), cdisc="SUPPBE")
    mfg_site = ChoiceItem(
        _("Manufacturing site"),
        CodeList(
            "mfg_site",
            (
                Code("in_house", _("in-house")),
                Code("bioheng", "Bioheng"),
                Code("yake", "YaKe"),
                Code("other", _("other")),
            ),
        ),
        cdisc="DI",
    )
    mfg_start = DateItem(_("Manufacturing start"), hard=_order("coc_recv_dt"), cdisc="BE")
    construct = ChoiceItem(
        _("CAR construct"),
        CodeList(
            "construct",
            (Code("cd7_scfv_4_1bb_cd3z", "CD7 scFv-4-1BB-CD3z"), Code("other", _("other"))),
        ),
        cdisc="DI",
    )
    cd7_block = ChoiceItem(
        _("Fratricide prevention"),
        choices(
            "cd7_block",
            _("CD7 knock-out"),
            _("protein-expression blocker"),
            _("CD7-negative selection"),
            _("natural selection"),
            _("none"),
        ),
        cdisc="DI",
    )
    gene_edit = MultiItem(
        _("Other edits"),
        choices("gene_edit", "TCR/TRAC", "CD52", "HLA-II", "RFX5", _("none"), _("other")),
        exclusive=("none",),
        cdisc="DI",
    )
    vector = ChoiceItem(
        _("Vector"), choices("vector", _("lentiviral"), _("retroviral"), _("non-viral")), cdisc="DI"
    )
    moi = DecimalItem("MOI", 4, 2, req="O", hard=between("0", "50"), cdisc="DI")
    culture_days = IntegerItem(
        _("Days in culture"),
        derived=Derivation(_("mfg_end - mfg_start"), _culture_days, ("mfg_start", "mfg_end")),
        hard=between("1", "40"),
        soft=at_most("16"),
        unit="d",
        cdisc="BE",
    )
    mfg_end = DateItem(_("Harvest date"), hard=_order("mfg_start"), cdisc="BE")
    mfg_success = BooleanItem(_("Manufacturing successful"), soft=other_than(NO), cdisc="BE")
    mfg_fail_reason = ChoiceItem(
        _("Failure reason"),
        choices(
            "mfg_fail_reason",
            _("low expansion"),
            _("low transduction"),
            _("low viability"),
            _("contamination"),
            _("out of specification"),
            _("logistics"),
            _("other"),
        ),
        req="C",
        when=when("mfg_success", NO),
        cdisc="SUPPBE",
    )
    form_state = ChoiceItem(
        _("Formulation"), choices("form_state", _("fresh"), _("cryopreserved")), cdisc="DI"
    )
    mfg_by = UserItem(
        _("Entered by"),
        derived=Derivation(_("the user who saved the row first"), _entered_by, ()),
        cdisc="audit",
    )
