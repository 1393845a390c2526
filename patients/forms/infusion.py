"""INF: the CAR-T infusion, which defines T0.

The investigator enters it on the day; saving it places the visits of the CAR-T clock. A second infusion
would be a new version of the protocol.
"""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.eligibility import ELIGIBLE
from patients.forms.lymphodepletion import CONFIGURED as REGIMEN
from patients.forms.medicines_given import prednisolone_per_kg, systemic_steroids, was_given
from patients.forms.rows import deviation_recorded, row_with
from patients.items.checks import Deviation, Sight, hard, soft
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

STEROID_FREE_DAYS = 3
STEROID_FROM_MG_PER_KG = Decimal("0.5")  # of prednisolone a day


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


def _not_two_to_seven_days(answers: Answers) -> Sight:
    moment = answers["inf_start_dt"]
    days = None if moment is None else _days_after_lymphodepletion(moment, answers)
    return days is not None and not 2 <= days <= 7 and {"days": days}


def _more_than_released(answers: Answers) -> Sight:
    """Of the batch infused; of the only one, where none is named."""
    batches = answers.rows("REL")
    batch = row_with(answers, "REL", "batch_no", answers["inf_batch"])
    if batch is None and len(batches) == 1 and answers["inf_batch"] is None:
        batch = batches[0]
    released, infused = batch["rel_dose_total"] if batch else None, answers["inf_dose_total"]
    if released is None or infused is None or infused <= released:
        return False
    return {"infused": infused, "released": released}


def _regimen_complete(moment: datetime, answers: Answers) -> bool:
    """Asked here, where it shows; silent until any lymphodepletion is recorded."""
    given = {row["ld_drug"] for row in answers.rows("LD")}
    return not given or given >= set(REGIMEN)


def _outside_the_target(answers: Answers) -> Sight:
    dose = answers["inf_dose_kg"]
    return dose_in_window(dose) is False and {
        "dose": dose,
        "target": setting_as(Decimal, "dose_target"),
        "tolerance": setting_as(Decimal, "dose_tol"),
    }


def _steroid_dose(answers: Answers, day: date, weight_kg: Decimal) -> Decimal:
    """What was given for certain on a day, in mg of prednisolone per kg."""
    given = (row for row in systemic_steroids(answers) if was_given(row, day, day))
    return sum((prednisolone_per_kg(row, weight_kg) or Decimal(0) for row in given), Decimal(0))


def _steroid_before(answers: Answers) -> Sight:
    """In the three days before the infusion; a reason is documented as a deviation."""
    infused, weight = local_day(answers["inf_start_dt"]), answers["inf_weight"]
    if infused is None or not weight:
        return False
    days = [infused - timedelta(back) for back in range(1, STEROID_FREE_DAYS + 1)]
    dose, day = max((_steroid_dose(answers, day, weight), day) for day in days)
    explained = deviation_recorded(answers, "prohibited_medication", days[-1], infused)
    shown = {"dose": f"{dose.quantize(Decimal('0.01'), ROUND_HALF_UP):f}", "day": day}
    return dose >= STEROID_FROM_MG_PER_KG and not explained and shown


def _within(hours: float) -> Limit:
    def kept(end: Any, answers: Answers) -> bool:
        start = answers["inf_start_dt"]
        return start is None or end <= start + timedelta(hours=hours)

    return must(format_lazy(_("at most {hours} h after the start"), hours=f"{hours:g}"), kept, "inf_start_dt")


_CHECKS = (
    soft(
        "X-INF-04",
        "inf_start_dt",
        _("Interval of %(days)s d from lymphodepletion is outside 2-7 d."),
        _not_two_to_seven_days,
        "LD.ld_date",
    ),
    hard(
        "X-INF-06",
        "inf_dose_total",
        _("More cells infused than released: %(infused)s of %(released)s x10^6."),
        _more_than_released,
        "REL.rel_dose_total",
        "inf_batch",
    ),
    hard(
        "X-INF-07",
        "inf_start_dt",
        _(
            "Steroid shortly before CAR-T: %(dose)s mg/kg prednisolone equivalent on %(day)s, and no "
            "deviation (prohibited medication) gives a reason."
        ),
        _steroid_before,
        "inf_weight",
        "CM",
        "PDEV.pd_cat",
        "PDEV.pd_dt",
    ),
)


class Infusion(FormRow):
    """The product given: identity, moment, dose and reaction."""

    form = FormDeclaration(
        code="INF",
        title=_("CAR-T infusion"),
        enters=_("investigator"),
        signs=_("investigator + nurse witness"),
        sdtm="EX, PR, DS",
        dated_by="inf_start_dt",
        checks=_CHECKS,
        sections=(
            Section(_("Identity and start"), "inf_go"),
            Section(_("Dose"), "inf_weight"),
            Section(_("Course"), "inf_complete"),
        ),
        deviations=(
            Deviation(
                id="X-INF-05",
                item="inf_dose_kg",
                category="dose",
                weight="important",
                # xgettext:no-python-format
                message=_("Dose %(dose)s x10^6/kg, target %(target)s x10^6/kg +/-%(tolerance)s %%."),
                sees=_outside_the_target,
                looks_at=("inf_dose_total", "inf_weight"),
            ),
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
        soft=numbered(
            must(_("after all three drugs of lymphodepletion"), _regimen_complete, "LD.ld_drug"),
            "X-LD-04",
            _("Regimen is incomplete: flu/cy/etoposide expected."),
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
        unit="10^6",
        cdisc="EX.EXDOSE",
    )
    inf_dose_kg = DecimalItem(
        _("CAR+ dose per kg"),
        6,
        3,
        derived=Derivation(
            _("inf_dose_total / inf_weight, 3 decimals half-up"),
            _dose_per_kg,
            ("inf_dose_total", "inf_weight"),
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
            _("inf_dose_kg within dose_target +/- dose_tol"),
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
            _("inf_dose_total / (rel_car / 100) / inf_weight"),
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
