"""CHIM: chimerism, a page for each sample with one row for each cell fraction, entered by the laboratory or
the coordinator. A sample from before the infusion is the reference profile of recipient and donor."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, GradedRow, Repeat
from patients.forms.anchors import NOT_AFTER_DEATH, graft_day, infusion_day
from patients.forms.rows import other_rows
from patients.grading.chimerism import chimerism_class
from patients.grading.result import Graded
from patients.items.codelists import Code, CodeList, choices
from patients.items.conditions import Answers, judged
from patients.items.item import Derivation
from patients.items.limits import between, must, numbered
from patients.items.types import ChoiceItem, DateItem, DecimalItem
from trial.protocol.configuration import setting_as

FALL_POINTS = Decimal(10)
OF_THE_PRODUCT_PCT = Decimal(5)
BEFORE_CONSENT_DAYS = 60


def _class(answers: Answers) -> Graded:
    return chimerism_class(answers["chim_donor_pct"], setting_as(Decimal, "full_donor"))


def _second_donor(answers: Answers) -> bool:
    """Another donor's cells may be there: of an earlier graft, or where product and graft differ."""
    other_graft = any(row["ptx_type"] == "allogeneic" for row in answers.rows("PTX"))
    return other_graft or any(row["same_donor"] is False for row in answers.rows("DONOR"))


def _unique_fraction(lineage: str, answers: Answers) -> bool:
    key = ("chim_dt", "chim_sample")
    return not any(
        row["chim_lineage"] == lineage and all(row[item] == answers[item] for item in key)
        for row in other_rows(answers, "CHIM")
    )


def _adds_up(host: Decimal, answers: Answers) -> bool:
    donor = answers["chim_donor_pct"]
    return donor is None or 99 <= donor + (answers["chim_donor2_pct"] or 0) + host <= 101


def _earlier(answers: Answers) -> list[Answers]:
    """The results before it of the same fraction of the same material, in order."""
    day = answers["chim_dt"]
    return [
        row
        for row in other_rows(answers, "CHIM")
        if day
        and row["chim_dt"]
        and row["chim_dt"] < day
        and all(row[item] == answers[item] for item in ("chim_sample", "chim_lineage"))
    ]


def _no_fall(donor: Decimal, answers: Answers) -> bool:
    before = _earlier(answers)
    return (
        not before
        or before[-1]["chim_donor_pct"] is None
        or before[-1]["chim_donor_pct"] - donor < FALL_POINTS
    )


def _none_before_graft(donor: Decimal, answers: Answers) -> bool:
    """Between infusion and graft there are no donor cells but those of the product."""
    day, infused = answers["chim_dt"], infusion_day(answers)
    grafted = graft_day(answers)
    between_both = day and infused and day >= infused and (grafted is None or day < grafted)
    return not between_both or donor <= OF_THE_PRODUCT_PCT


def _stays_full(code: str, answers: Answers) -> bool:
    full = setting_as(Decimal, "full_donor")
    return code == "full" or not any((row["chim_donor_pct"] or 0) >= full for row in _earlier(answers))


def _sexes_differ(method: str, answers: Answers) -> bool:
    if method != "xy_fish":
        return True
    sexes = {row["donor_sex"] for row in answers.rows("DONOR") if "graft_source" in (row["donor_role"] or ())}
    return answers["DM.sex"] not in sexes


def _near_consent(day: Any, answers: Answers) -> bool:
    consent = local_day(answers["ELIG.icf_main_dt"])
    return consent is None or day >= consent - timedelta(days=BEFORE_CONSENT_DAYS)


class Chimerism(GradedRow):
    """Donor and recipient share of one cell fraction of one sample."""

    form = FormDeclaration(
        code="CHIM",
        title=_("Chimerism"),
        enters=_("lab or coordinator"),
        signs="-",
        sdtm="GF, SUPPGF",
        repeat=Repeat.ROWS,
        dated_by="chim_dt",
        recalls=("DONOR.donor_rel",),
    )

    chim_dt = DateItem(
        _("Sample date"),
        hint=_("before T0: the reference profile of recipient and donor"),
        hard=(must(_("at most 60 d before consent"), _near_consent, "ELIG.icf_main_dt"), NOT_AFTER_DEATH),
        cdisc="GF.GFDTC",
    )
    chim_sample = ChoiceItem(_("Sample"), choices("chim_sample", _("blood"), _("marrow")), cdisc="GF.GFSPEC")
    chim_lineage = ChoiceItem(
        _("Cell fraction"),
        CodeList(
            "chim_lineage",
            (
                Code("whole", _("whole")),
                Code("cd3", "CD3"),
                Code("cd33_cd15_myeloid", _("CD33/CD15 myeloid")),
                Code("cd34", "CD34"),
                Code("cd19", "CD19"),
                Code("cd56", "CD56"),
            ),
        ),
        hard=must(_("once for each sample"), _unique_fraction, "CHIM.chim_lineage"),
        cdisc="GF",
    )
    chim_method = ChoiceItem(
        _("Method"),
        choices("chim_method", "STR-PCR", "qPCR", "NGS", "XY-FISH"),
        hard=must(_("XY-FISH only if donor and recipient differ in sex"), _sexes_differ, "DM.sex"),
        cdisc="GF.GFMETHOD",
    )
    chim_donor_pct = DecimalItem(
        _("Donor"),
        5,
        2,
        hard=between("0", "100"),
        soft=(
            numbered(
                must(_("no fall of 10 points or more"), _no_fall, "CHIM.chim_donor_pct"),
                "X-CHM-02",
                _("Falling donor chimerism: relapse or rejection?"),
            ),
            numbered(
                must(
                    _("at most 5 between infusion and graft"),
                    _none_before_graft,
                    "INF.inf_start_dt",
                    "HSCT.hsct_start_dt",
                ),
                "X-CHM-05",
                _("Donor cells before the graft: CAR-T derived (expected) - confirm fraction."),
            ),
        ),
        unit="%",
        cdisc="GF.GFORRES",
    )
    chim_donor2_pct = DecimalItem(
        _("Second donor (prior graft or CAR-T donor)"),
        5,
        2,
        req="C",
        when=judged(_("same_donor=N or PTX allogeneic"), _second_donor, "DONOR.same_donor", "PTX.ptx_type"),
        hard=between("0", "100"),
        unit="%",
        cdisc="GF",
    )
    chim_host_pct = DecimalItem(
        _("Recipient"),
        5,
        2,
        hard=(
            between("0", "100"),
            numbered(
                must(_("all fractions add to 99-101"), _adds_up, "chim_donor_pct", "chim_donor2_pct"),
                "X-CHM-01",
                _("Fractions must add to 100%%."),
            ),
        ),
        unit="%",
        cdisc="GF",
    )
    chim_lod = DecimalItem(
        _("Detection limit"), 4, 3, req="O", hard=between("0.001", "5"), unit="%", cdisc="GF"
    )
    chim_class = ChoiceItem(
        _("Class"),
        choices("chim_class", _("full"), _("mixed"), _("absent")),
        derived=Derivation(
            _("engine of section 3.7, configured limit of full donor"), _class, ("chim_donor_pct",)
        ),
        soft=numbered(
            must(_("full once it was full"), _stays_full, "CHIM.chim_donor_pct"),
            "X-CHM-03",
            _("Alert: loss of full chimerism."),
        ),
        cdisc="GF.CHIMCL (sponsor)",
    )
