"""REL: product release, one row for each batch, entered by the quality assurance of the cell-therapy
laboratory.

Release limits are defaults taken from published academic CAR-T examples (PMC11461191, PMC12456031), the
residual CD7 limit from memory; they await the trial team's confirmation.
"""

from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.forms.anchors import infusion_day
from patients.forms.manufacturing import BROKEN_CHAIN
from patients.forms.rows import unique_on_form
from patients.forms.screening import weight_at_screening
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import Code, CodeList, choices
from patients.items.conditions import Answers, when
from patients.items.limits import (
    Limit,
    after,
    at_least,
    at_least_one,
    at_most,
    below,
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
    TextItem,
    UserItem,
)
from trial.people.access import has_held
from trial.people.roles import Role
from trial.protocol.study import site_today

PENDING = "pending"
FINAL_RESULT_WITHIN_DAYS = 14
LEAST_YIELD_PER_KG = Decimal("1.6")  # 10^6/kg, the lower end of the target window
# What a full release needs (item, lowest, highest), limits included unless the specification says below.
RELEASE_LIMITS: tuple[tuple[str, str | None, str | None], ...] = (
    ("rel_viab", "70", None),
    ("rel_cd3", "80", None),
    ("rel_car", "10", None),
    ("rel_cd7pos", None, "5"),
)
VCN_BELOW = Decimal(5)
ENDOTOXIN_BELOW_EU_PER_ML = Decimal(5)
_FINAL = {
    "rel_sterility": "no_growth",
    "rel_myco": "negative",
    "rel_rcl": "negative",
    "rel_potency": "pass",
}
_REJECTED = _("Batch rejected: infusion blocked.")


def _within_release_limits(answers: Answers) -> bool:
    for item, low, high in RELEASE_LIMITS:
        value = answers[item]
        if value is None or (low and value < Decimal(low)) or (high and value > Decimal(high)):
            return False
    vcn, endotoxin = answers["rel_vcn"], answers["rel_endotoxin"]
    return (
        vcn is not None
        and vcn < VCN_BELOW
        and endotoxin is not None
        and endotoxin < ENDOTOXIN_BELOW_EU_PER_ML
    )


def _tests_final(answers: Answers) -> bool:
    return all(answers[item] in (good, "not_applicable") for item, good in _FINAL.items())


def _full_release_earned(release: str, answers: Answers) -> bool:
    return release != "full" or (_within_release_limits(answers) and _tests_final(answers))


def _subsets_fit(cd8: Decimal, answers: Answers) -> bool:
    return answers["rel_cd4"] is None or answers["rel_cd4"] + cd8 <= 105


def _yields_too_little(answers: Answers) -> Sight:
    """By the weight at screening: at release there is none of the infusion yet."""
    total, weight = answers["rel_dose_total"], weight_at_screening(answers)
    if total is None or not weight or total / weight >= LEAST_YIELD_PER_KG:
        return False
    return {"yield": (total / weight).quantize(Decimal("0.01"), ROUND_DOWN)}


def _label_differs(answers: Answers) -> Sight:
    """Between the record of the cells and the label of the bag."""
    if answers["rel_coi_match"] is not False:
        return False
    return {"a": answers["MFG.coi_id"] or _("the record"), "b": answers["batch_no"] or _("the label")}


def _not_independent(answers: Answers) -> Sight:
    """Released by the cell-therapy laboratory, and not by whoever entered the batch."""
    releaser = answers["rel_by"]
    if releaser is None:
        return False
    made_it = any(row["mfg_by"] == releaser for row in answers.rows("MFG"))
    site, _dash, _number = answers.subject.partition("-")
    return made_it or not has_held(releaser, Role.CELL_LAB, site)


def _final_result_overdue(answers: Answers) -> Sight:
    """A test that was pending when the batch was infused, and still is."""
    infused = infusion_day(answers)
    pending = PENDING in (answers["rel_sterility"], answers["rel_myco"])
    if not pending or infused is None or answers["INF.inf_batch"] != answers["batch_no"]:
        return False
    return (site_today() - infused).days > FINAL_RESULT_WITHIN_DAYS


_CHECKS = (
    hard("X-MFG-01", "rel_coi_match", BROKEN_CHAIN, _label_differs, "MFG.coi_id"),
    hard(
        "X-MFG-05", "rel_by", _("Release must be signed by independent QA."), _not_independent, "MFG.mfg_by"
    ),
    soft(
        "X-MFG-07",
        "rel_dose_total",
        _("Yield gives %(yield)s x10^6/kg, below the 2.0 target window."),
        _yields_too_little,
        "VS.vs_weight",
    ),
    soft(
        "X-MFG-08",
        "rel_sterility",
        _("Final sterility result overdue."),
        _final_result_overdue,
        "rel_myco",
        "INF.inf_start_dt",
        "INF.inf_batch",
    ),
)


def _rejects(code: str) -> Limit:
    return numbered(other_than(code), "X-MFG-06", _REJECTED)


def _percent(label: Any, digits: int, places: int, cdisc: str, **options: Any) -> DecimalItem:
    return DecimalItem(label, digits, places, unit="%", cdisc=cdisc, **options)


class ProductRelease(FormRow):
    """Tests, dose and release decision of one batch."""

    form = FormDeclaration(
        code="REL",
        title=_("Product release"),
        enters=_("cell-therapy lab QA"),
        signs=_("QA + investigator (two signatures)"),
        sdtm="BS, DA, DI, SUPPBS",
        repeat=Repeat.ROWS,
        dated_by="rel_decision_dt",
        checks=_CHECKS,
        sections=(
            Section(_("Batch"), "batch_no"),
            Section(_("Release tests"), "rel_viab"),
            Section(_("Dose"), "rel_dose_total"),
            Section(_("Decision"), "rel_conditional"),
        ),
    )

    batch_no = TextItem(_("Batch number"), 24, hard=unique_on_form("REL", "batch_no"), cdisc="DA.DAREFID")
    rel_coi_match = BooleanItem(_("COI on label equals record"), cdisc="SUPPBS")
    rel_viab = _percent(_("Viability"), 4, 1, "BS", hard=between("0", "100"), soft=at_least("80"))
    rel_cd3 = _percent(_("CD3+ purity"), 4, 1, "BS/CP", hard=between("0", "100"), soft=at_least("90"))
    rel_car = _percent(
        _("CAR+ of CD3+ (transduction efficiency)"),
        4,
        1,
        "BS/CP",
        hard=between("0", "100"),
        soft=at_least("20"),
    )
    rel_cd4 = _percent(_("CD4+ of CD3+"), 4, 1, "CP", req="O", hard=between("0", "100"))
    rel_cd8 = _percent(
        _("CD8+ of CD3+"),
        4,
        1,
        "CP",
        req="O",
        hard=(between("0", "100"), must(_("CD4 and CD8 together at most 105"), _subsets_fit, "rel_cd4")),
    )
    rel_cd7pos = _percent(_("Residual CD7+ cells"), 5, 2, "CP", hard=between("0", "100"), soft=at_most("5"))
    rel_blast = _percent(
        _("Residual tumour cells"),
        6,
        3,
        "CP",
        req="O",
        hint=_("0 for a healthy donor"),
        hard=between("0", "100"),
        soft=at_most("0"),
    )
    rel_vcn = DecimalItem(
        _("Vector copy number"),
        4,
        2,
        hard=between("0", "20"),
        soft=at_most("3"),
        unit="copies/cell",
        cdisc="GF (sponsor code VCN)",
    )
    rel_tcr = _percent(
        _("Residual TCRab+ (if edited)"),
        6,
        3,
        "CP",
        req="C",
        when=when("MFG.gene_edit", "tcr_trac"),
        hard=between("0", "100"),
        soft=at_most("1"),
    )
    rel_sterility = ChoiceItem(
        _("Sterility"),
        choices("rel_sterility", _("no growth"), _("growth"), _("pending")),
        hard=_rejects("growth"),
        soft=other_than(PENDING),
        cdisc="MB",
    )
    rel_myco = ChoiceItem(
        _("Mycoplasma"),
        choices("rel_myco", _("negative"), _("positive"), _("pending")),
        hard=_rejects("positive"),
        soft=other_than(PENDING),
        cdisc="MB",
    )
    rel_endotoxin = DecimalItem(
        _("Endotoxin"), 7, 3, hard=between("0", "1000"), soft=below("5"), unit="EU/mL", cdisc="LB"
    )
    rel_rcl = ChoiceItem(
        _("Replication-competent virus"),
        choices("rel_rcl", _("negative"), _("positive"), _("pending"), _("not applicable")),
        hard=_rejects("positive"),
        soft=other_than(PENDING),
        cdisc="MB",
    )
    rel_potency = ChoiceItem(
        _("Potency test"),
        choices("rel_potency", _("pass"), _("fail"), _("not done")),
        hard=_rejects("fail"),
        soft=other_than("not_done"),
        cdisc="BS",
    )

    rel_dose_total = DecimalItem(
        _("CAR+ viable cells in bag"),
        8,
        2,
        hard=between("0.1", "5000"),
        unit="10^6",
        cdisc="DA.DAORRES",
    )
    rel_volume = DecimalItem(_("Bag volume"), 5, 1, hard=between("1", "500"), unit="mL", cdisc="DA")
    rel_expiry = DateTimeItem(_("Expiry date/time"), hard=after("rel_decision_dt"), cdisc="DA")

    rel_conditional = ChoiceItem(
        _("Release type"),
        CodeList(
            "rel_conditional",
            (
                Code("full", _("full")),
                Code("conditional", _("conditional (tests pending)")),
                Code("exceptional", _("exceptional out-of-specification")),
                Code("rejected", _("rejected")),
            ),
        ),
        hard=numbered(
            must(_("tests final and inside limits, for a full release"), _full_release_earned),
            "X-MFG-04",
            _("A full release needs all tests final and inside limits."),
        ),
        soft=other_than("conditional", "exceptional"),
        cdisc="SUPPDA",
    )
    rel_oos = MultiItem(
        _("Out-of-specification items"),
        choices(
            "rel_oos",
            _("viability"),
            "CD3",
            "CAR",
            "VCN",
            _("endotoxin"),
            _("sterility"),
            _("dose"),
            _("other"),
        ),
        req="C",
        when=when("rel_conditional", "exceptional"),
        hard=at_least_one(),
        cdisc="SUPPBS",
    )
    rel_decision_dt = DateTimeItem(
        _("Release decision"),
        hard=numbered(not_before("MFG.mfg_end"), "X-MFG-02", _("Manufacturing times are out of order.")),
        cdisc="DA",
    )
    rel_by = UserItem(_("QA releaser"), cdisc="audit")
