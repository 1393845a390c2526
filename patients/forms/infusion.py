"""INF: the CAR-T infusion, which defines T0.

The investigator enters it on the day; saving it places the visits of the CAR-T clock. A second infusion
would be a new version of the protocol.
"""

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.eligibility import ELIGIBLE
from patients.forms.lymphodepletion import CONFIGURED as REGIMEN
from patients.forms.rows import row_with
from patients.items.codelists import NO, choices
from patients.items.conditions import Answers, when
from patients.items.item import Derivation
from patients.items.limits import (
    NOT_LATER_THAN_NOW,
    Limit,
    after,
    at_most,
    between,
    must,
    not_before,
    numbered,
    other_than,
)
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateTimeItem,
    DecimalItem,
    MultiItem,
    ReferenceItem,
    UserItem,
)
from trial.protocol.configuration import setting_as
from trial.protocol.study import SITE_ZONE


def _released(answers: Answers, item: str) -> Any:
    """What the release form says of the batch infused."""
    batch = row_with(answers, "REL", "batch_no", answers["inf_batch"])
    return batch[item] if batch else None


def _may_be_infused(batch_no: str, answers: Answers) -> bool:
    """The batch exists, was not rejected, its label is right, and it has not expired."""
    batch = row_with(answers, "REL", "batch_no", batch_no)
    if batch is None or batch["rel_conditional"] == "rejected" or batch["rel_coi_match"] is False:
        return False
    expiry, start = batch["rel_expiry"], answers["inf_start_dt"]
    return expiry is None or start is None or start <= expiry


def _fully_released(batch_no: str, answers: Answers) -> bool:
    return _released(answers, "rel_conditional") not in ("conditional", "exceptional")


def _after_release(moment: datetime, answers: Answers) -> bool:
    released = _released(answers, "rel_decision_dt")
    return released is None or moment >= released


def _dose_per_kg(answers: Answers) -> Decimal | None:
    total, weight = answers["inf_dose_total"], answers["inf_weight"]
    if total is None or not weight:
        return None
    per_kg: Decimal = total / weight
    return per_kg.quantize(Decimal("0.001"), ROUND_HALF_UP)


def dose_in_window(dose: Decimal | None) -> bool | None:
    """Whether a dose (10^6 per kg) lies within the tolerance of the target, limits included."""
    if dose is None:
        return None
    target = setting_as(Decimal, "dose_target")
    return abs(dose - target) * 100 <= target * setting_as(Decimal, "dose_tol")


def _t_cells_per_kg(answers: Answers) -> Decimal | None:
    """Needs the share of CAR+ cells, which comes with the release form."""
    total, weight, share = answers["inf_dose_total"], answers["inf_weight"], _released(answers, "rel_car")
    if total is None or not weight or not share:
        return None
    per_kg: Decimal = total / (share / 100) / weight
    return per_kg.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _days_after_lymphodepletion(moment: datetime, answers: Answers) -> int | None:
    doses = [row["ld_date"] for row in answers.rows("LD") if row["ld_date"]]
    return (moment.astimezone(SITE_ZONE).date() - max(doses)).days if doses else None


def _after_lymphodepletion(moment: datetime, answers: Answers) -> bool:
    days = _days_after_lymphodepletion(moment, answers)
    return days is None or days >= 1


def _two_to_seven_days(moment: datetime, answers: Answers) -> bool:
    days = _days_after_lymphodepletion(moment, answers)
    return days is None or 2 <= days <= 7


def _regimen_complete(moment: datetime, answers: Answers) -> bool:
    """Asked here, where it shows; silent until any lymphodepletion is recorded."""
    given = {row["ld_drug"] for row in answers.rows("LD")}
    return not given or given >= set(REGIMEN)


def _within(hours: float) -> Limit:
    def kept(end: Any, answers: Answers) -> bool:
        start = answers["inf_start_dt"]
        return start is None or end <= start + timedelta(hours=hours)

    return must(format_lazy(_("at most {hours} h after the start"), hours=f"{hours:g}"), kept, "inf_start_dt")


class Infusion(FormRow):
    """The product given: identity, moment, dose and reaction."""

    form = FormDeclaration(
        code="INF",
        title=_("CAR-T infusion"),
        enters="investigator",
        signs="investigator + nurse witness",
        sdtm="EX, PR, DS",
        dated_by="inf_start_dt",
        sections=(
            Section(_("Identity and start"), "inf_go"),
            Section(_("Dose"), "inf_weight"),
            Section(_("Course"), "inf_complete"),
        ),
    )

    inf_go = BooleanItem(
        _("Pre-infusion check passed"),
        hint=_(
            # xgettext:no-python-format
            "no uncontrolled infection, no new organ failure, SpO2 of 92 % or more on room air, "
            "lymphodepletion completed 2-7 d before"
        ),
        hard=numbered(other_than(NO), "X-INF-01", _("Pre-infusion check not passed.")),
        cdisc="DS",
    )
    inf_batch = ReferenceItem(
        _("Batch infused"),
        target="REL.batch_no",
        hard=numbered(
            must(_("released, not rejected, not expired"), _may_be_infused, "REL.rel_conditional"),
            "X-INF-02",
            _("Batch may not be infused."),
        ),
        soft=must(_("a full release"), _fully_released, "REL.rel_conditional"),
        cdisc="EX.EXLOT",
    )
    inf_coi_check1 = UserItem(_("Identity checked by"), cdisc="audit")
    inf_coi_check2 = UserItem(
        _("Second checker"),
        hard=numbered(
            must(
                _("another person"),
                lambda value, answers: value != answers["inf_coi_check1"],
                "inf_coi_check1",
            ),
            "X-INF-03",
            _("Two different people must check identity."),
        ),
        cdisc="audit",
    )
    inf_start_dt = DateTimeItem(
        _("Infusion start (T0)"),
        hard=(
            NOT_LATER_THAN_NOW,
            ELIGIBLE,
            not_before("ELIG.icf_main_dt"),
            must(_("not before the release"), _after_release, "REL.rel_decision_dt"),
            must(_("at least 1 d after lymphodepletion"), _after_lymphodepletion, "LD.ld_date"),
        ),
        soft=(
            numbered(
                must(_("2-7 d after lymphodepletion"), _two_to_seven_days, "LD.ld_date"),
                "X-INF-04",
                _("Interval from lymphodepletion is outside 2-7 d."),
            ),
            numbered(
                must(_("after all three drugs of lymphodepletion"), _regimen_complete, "LD.ld_drug"),
                "X-LD-04",
                _("Regimen is incomplete: flu/cy/etoposide expected."),
            ),
        ),
        cdisc="EX.EXSTDTC; ADSL.TRTSDTM",
    )
    inf_end_dt = DateTimeItem(
        _("Infusion end"), hard=(after("inf_start_dt"), _within(6)), soft=_within(1), cdisc="EX.EXENDTC"
    )

    inf_weight = DecimalItem(
        _("Weight used"),
        4,
        1,
        hard=between("30", "180"),
        soft=must(
            _("within 5 % of the dosing weight of lymphodepletion"),
            lambda value, answers: all(
                abs(value - row["ld_weight"]) <= row["ld_weight"] * Decimal("0.05")
                for row in answers.rows("LD")
                if row["ld_weight"]
            ),
            "LD.ld_weight",
        ),
        unit="kg",
        cdisc="VS",
    )
    inf_dose_total = DecimalItem(
        _("CAR+ cells infused"),
        8,
        2,
        hard=numbered(
            must(
                _("at most what was released"),
                lambda value, answers: (
                    answers["REL.rel_dose_total"] is None or value <= answers["REL.rel_dose_total"]
                ),
                "REL.rel_dose_total",
            ),
            "X-INF-06",
            _("More cells infused than released."),
        ),
        unit="10^6",
        cdisc="EX.EXDOSE",
    )
    inf_dose_kg = DecimalItem(
        _("CAR+ dose per kg"),
        6,
        3,
        derived=Derivation(
            "inf_dose_total / inf_weight, 3 decimals half-up", _dose_per_kg, ("inf_dose_total", "inf_weight")
        ),
        hard=between("0.01", "20"),
        soft=must(
            _("within the tolerance of the target dose"), lambda value, answers: bool(dose_in_window(value))
        ),
        unit="10^6/kg",
        cdisc="EX.EXDOSE, EXDOSU",
    )
    inf_dose_ok = BooleanItem(
        _("Dose in target window"),
        derived=Derivation(
            "inf_dose_kg within dose_target +/- dose_tol",
            lambda answers: dose_in_window(_dose_per_kg(answers)),
            ("inf_dose_total", "inf_weight"),
        ),
        soft=other_than(NO),
        cdisc="ADSL.DOSEFL",
    )
    inf_tcells_kg = DecimalItem(
        _("Total T cells infused"),
        7,
        2,
        derived=Derivation(
            "inf_dose_total / (rel_car / 100) / inf_weight",
            _t_cells_per_kg,
            ("inf_dose_total", "inf_weight", "REL.rel_car"),
        ),
        waits_for="REL",
        soft=at_most("50"),
        unit="10^6/kg",
        cdisc="SUPPEX",
    )
    inf_volume = DecimalItem(
        _("Volume infused"),
        5,
        1,
        hard=between("1", "500"),
        soft=must(
            _("at least 95 % of the bag"),
            lambda value, answers: (
                answers["REL.rel_volume"] is None or value >= answers["REL.rel_volume"] * Decimal("0.95")
            ),
            "REL.rel_volume",
        ),
        unit="mL",
        cdisc="EX.EXVOL",
    )

    inf_complete = BooleanItem(_("Whole product given"), soft=other_than(NO), cdisc="EX")
    inf_premed = MultiItem(
        _("Premedication"),
        choices("inf_premed", _("antihistamine"), _("paracetamol"), _("other"), _("none")),
        exclusive=("none",),
        hint=_("no systemic steroid is allowed"),
        cdisc="CM",
    )
    inf_reaction = ChoiceItem(
        _("Reaction within 24 h of start"),
        choices(
            "inf_reaction",
            _("none"),
            _("fever"),
            _("rigors"),
            _("allergic"),
            _("hypotension"),
            _("desaturation"),
            _("other"),
        ),
        soft=other_than("fever", "rigors", "allergic", "hypotension", "desaturation", "other"),
        cdisc="AE",
    )
    inf_viab_postthaw = DecimalItem(
        _("Post-thaw viability"),
        4,
        1,
        req="C",
        when=when("MFG.form_state", "cryopreserved"),
        waits_for="MFG",
        hard=between("0", "100"),
        soft=must(_("at least 70"), lambda value, answers: value >= 70),
        unit="%",
        cdisc="BS",
    )
