"""LD: lymphodepletion, a page a day with one row for each drug, entered by the coordinator, signed by the
investigator.

The regimen is fludarabine, cyclophosphamide and etoposide. The doses per m² were not found in any source and
are configuration values from memory: they must be replaced from the protocol before real use.
"""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Repeat
from patients.forms.anchors import NOT_AFTER_DEATH, first_dose_day
from patients.forms.eligibility import ELIGIBLE
from patients.forms.rows import other_rows
from patients.forms.screening import weight_at_screening
from patients.items.checks import Sight, soft
from patients.items.codelists import Code, CodeList, choices
from patients.items.conditions import Answers, judged, when, when_not
from patients.items.item import Derivation
from patients.items.limits import (
    at_least,
    at_most,
    between,
    must,
    not_after,
    not_before,
    numbered,
    other_than,
)
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem, TextItem
from trial.protocol.configuration import setting_as

# mg/m², from memory: what is conceivable at all.
POSSIBLE_MG_PER_M2 = {"fludarabine": (10, 40), "cyclophosphamide": (100, 1000), "etoposide": (50, 200)}
CONFIGURED = {"fludarabine": "ld_flu", "cyclophosphamide": "ld_cy", "etoposide": "ld_eto"}
FIRST_CAR_DAY, LAST_CAR_DAY = -10, -1
USUAL_FIRST, USUAL_LAST = -6, -2
SCREENING_HOLDS_DAYS = 14
WEIGHT_CHANGE_ASKED_ABOVE = Decimal("0.1")


def body_surface(height_cm: Decimal | None, weight_kg: Decimal | None) -> Decimal | None:
    """Mosteller: the square root of height (cm) times weight (kg) over 3600, in m², 2 decimals half-up."""
    if height_cm is None or weight_kg is None:
        return None
    return (height_cm * weight_kg / 3600).sqrt().quantize(Decimal("0.01"), ROUND_HALF_UP)


def _size(answers: Answers) -> tuple[Decimal | None, Decimal | None]:
    """Height and weight of the day: of this row, else of the row of the day that carries them."""
    if answers["ld_height"] is not None and answers["ld_weight"] is not None:
        return answers["ld_height"], answers["ld_weight"]
    for row in other_rows(answers, "LD"):
        if row["ld_date"] == answers["ld_date"] and row["ld_height"] and row["ld_weight"]:
            return row["ld_height"], row["ld_weight"]
    return None, None


def _near_screening(weight: Decimal, answers: Answers) -> bool:
    """Within a tenth of the weight of the screening visit, where it is recorded."""
    before = weight_at_screening(answers)
    return before is None or abs(weight - before) <= WEIGHT_CHANGE_ASKED_ABOVE * before


def _surface(answers: Answers) -> Decimal | None:
    return body_surface(*_size(answers))


def _dose_share(answers: Answers) -> Decimal | None:
    given, planned, surface = answers["ld_dose_given"], answers["ld_dose_planned"], _surface(answers)
    if given is None or not planned or not surface:
        return None
    share: Decimal = 100 * given / (planned * surface)
    return share.quantize(Decimal("0.1"), ROUND_HALF_UP)


def _first_of_day(answers: Answers) -> bool:
    """The first row of a day carries weight, height and bridging: unless another row of the day does."""
    return not any(
        row["ld_date"] == answers["ld_date"] and row["ld_weight"] is not None
        for row in other_rows(answers, "LD")
    )


def _possible(dose: Decimal, answers: Answers) -> bool:
    low, high = POSSIBLE_MG_PER_M2.get(answers["ld_drug"], (0, 100000))
    return low <= dose <= high


def _as_configured(dose: Decimal, answers: Answers) -> bool:
    key = CONFIGURED.get(answers["ld_drug"])
    return key is None or dose == setting_as(Decimal, key)


def _off_plan(answers: Answers) -> Sight:
    share, drug = _dose_share(answers), answers["ld_drug"]
    if share is None or drug is None or answers["ld_date"] is None or 90 <= share <= 110:
        return False
    item = Lymphodepletion.item("ld_drug")
    return {"drug": item.readable(drug), "day": answers["ld_date"], "share": share}


def _is_first_dose(answers: Answers) -> bool:
    """The first row of the first day, at which what concerns lymphodepletion as a whole is said."""
    given = [row for row in answers.rows("LD") if row["ld_date"] is not None]
    first = min(given, key=lambda row: row["ld_date"], default=None)
    return first is not None and (first.visit, first.row_key) == (answers.visit, answers.row_key)


def _screened_long_before(answers: Answers) -> Sight:
    """The newest sample up to the first dose: a repeated one takes the place of that of screening."""
    first = first_dose_day(answers)
    if first is None or not _is_first_dose(answers):
        return False
    days = [day for row in answers.rows("LAB") if (day := local_day(row["lab_dt"])) and day <= first]
    newest = max(days, default=None)
    return newest is not None and (first - newest).days > SCREENING_HOLDS_DAYS and {"day": newest}


def _once_a_day(drug: str, answers: Answers) -> bool:
    return not any(
        row["ld_drug"] == drug and row["ld_date"] == answers["ld_date"] for row in other_rows(answers, "LD")
    )


_CHECKS = (
    soft(
        "X-ELIG-13",
        "ld_date",
        _("Screening labs of %(day)s older than 14 d at lymphodepletion: repeat."),
        _screened_long_before,
        "LAB.lab_dt",
        "LD.ld_date",
    ),
    soft(
        "X-LD-02",
        "ld_dose_given",
        # xgettext:no-python-format
        _("%(drug)s %(day)s: %(share)s %% of plan."),
        _off_plan,
        "ld_dose_planned",
        "LD.ld_weight",
        "LD.ld_height",
    ),
)
_FIRST = judged(_("first row of the day"), _first_of_day, "LD.ld_date", "LD.ld_weight")


class Lymphodepletion(FormRow):
    """One drug on one day: planned and given dose."""

    form = FormDeclaration(
        code="LD",
        title=_("Lymphodepletion"),
        enters=_("coordinator"),
        signs=_("investigator"),
        sdtm="EX, EC",
        repeat=Repeat.ROWS,
        dated_by="ld_date",
        checks=_CHECKS,
    )

    ld_weight = DecimalItem(
        _("Dosing weight"),
        4,
        1,
        when=_FIRST,
        hard=between("30", "180"),
        # xgettext:no-python-format
        soft=must(_("within 10 % of the weight at screening"), _near_screening, "VS.vs_weight"),
        unit="kg",
        cdisc="VS.WEIGHT",
    )
    ld_height = DecimalItem(
        _("Height"), 4, 1, when=_FIRST, hard=between("120", "220"), unit="cm", cdisc="VS.HEIGHT (C25347)"
    )
    ld_bsa = DecimalItem(
        _("BSA (Mosteller)"),
        4,
        2,
        derived=Derivation(_("sqrt(height * weight / 3600)"), _surface, ("ld_height", "ld_weight", "LD")),
        hard=between("1.0", "2.8"),
        unit="m2",
        cdisc="VS.BSA (C25157)",
    )
    ld_drug = ChoiceItem(
        _("Drug"),
        choices("ld_drug", _("fludarabine"), _("cyclophosphamide"), _("etoposide"), _("other")),
        hard=numbered(
            must(_("once a day"), _once_a_day, "LD.ld_drug"), "X-LD-03", _("Duplicate dose row: %(value)s.")
        ),
        soft=other_than("other"),
        cdisc="EX.EXTRT",
    )
    ld_date = DateItem(
        _("Date given"),
        hard=(
            NOT_AFTER_DEATH,
            ELIGIBLE,
            not_before("INF.inf_start_dt", FIRST_CAR_DAY),
            numbered(
                not_after("INF.inf_start_dt", LAST_CAR_DAY),
                "X-LD-01",
                _("Lymphodepletion must end at least one day before infusion."),
            ),
        ),
        soft=(not_before("INF.inf_start_dt", USUAL_FIRST), not_after("INF.inf_start_dt", USUAL_LAST)),
        cdisc="EX.EXSTDTC",
    )
    ld_dose_planned = DecimalItem(
        _("Planned dose per m2"),
        6,
        1,
        hard=must(_("a possible dose of the drug"), _possible, "ld_drug"),
        soft=must(_("as configured"), _as_configured, "ld_drug"),
        unit="mg/m2",
        cdisc="EC.ECDOSE (planned)",
    )
    ld_dose_given = DecimalItem(
        _("Dose given"),
        7,
        1,
        hard=between("0", "5000"),
        unit="mg",
        cdisc="EX.EXDOSE",
    )
    ld_dose_pct = DecimalItem(
        _("Given / planned"),
        5,
        1,
        derived=Derivation(
            _("100 * given / (planned * BSA)"), _dose_share, ("ld_dose_given", "ld_dose_planned", "LD")
        ),
        soft=(at_least("80"), at_most("110")),
        unit="%",
        cdisc="SUPPEX",
    )
    ld_renal_adj = BooleanItem(
        _("Fludarabine reduced for renal function"),
        req="C",
        when=when("ld_drug", "fludarabine"),
        soft=numbered(
            must(
                _("reduced at a creatinine clearance below 70"),
                lambda value, answers: (
                    value or answers["ELIG.crcl_ml_min"] is None or answers["ELIG.crcl_ml_min"] >= 70
                ),
                "ELIG.crcl_ml_min",
            ),
            "X-LD-05",
            _("Renal adjustment of fludarabine?"),
        ),
        cdisc="SUPPEX",
    )
    ld_route = ChoiceItem(
        _("Route"),
        CodeList("ROUTE", (Code("INTRAVENOUS", _("intravenous"), "C38276"),), "C66729"),
        cdisc="EX.EXROUTE",
    )
    ld_modified = ChoiceItem(
        _("Dose changed/omitted"),
        choices("ld_modified", _("no"), _("reduced"), _("delayed"), _("omitted")),
        soft=other_than("reduced", "delayed", "omitted"),
        cdisc="EX.EXADJ",
    )
    ld_mod_reason = TextItem(_("Reason"), 120, req="C", when=when_not("ld_modified", "no"), cdisc="EX.EXADJ")
    mesna = BooleanItem(_("Mesna given"), req="O", when=when("ld_drug", "cyclophosphamide"), cdisc="CM")
    bridging = BooleanItem(
        _("Bridging therapy between enrolment and LD"), when=_FIRST, soft=other_than("Y"), cdisc="SUPPEX"
    )
