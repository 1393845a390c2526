"""RLP: relapse or progression, entered and signed by the investigator at the relapse visit."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.anchors import graft_day, infusion_day
from patients.forms.expansion import sample_of
from patients.items.checks import Sight, soft
from patients.items.codelists import COUNTING_RELAPSES, choices
from patients.items.conditions import Answers, judged, when, when_not
from patients.items.item import Derivation
from patients.items.limits import NOT_IN_FUTURE, at_least_one, between, must, numbered, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem, MultiItem

COUNTING = COUNTING_RELAPSES
REMISSION = ("CR", "CRh", "CRi")
RESPONSE_NEAR_DAYS = 7
SAMPLE_NEAR_DAYS = 7


def _after_remission(day: date, answers: Answers) -> bool:
    """A relapse follows the first remission, a progression follows the infusion."""
    if answers["rlp_type"] == "progression_without_remission":
        infused = infusion_day(answers)
        return infused is not None and day > infused
    remissions = [
        row["resp_dt"] for row in answers.rows("RESP") if row["resp_dt"] and row["resp_protocol"] in REMISSION
    ]
    return bool(remissions) and day > min(remissions)


def _response_near(day: date, answers: Answers) -> bool:
    return any(
        abs((day - row["resp_dt"]).days) <= RESPONSE_NEAR_DAYS
        for row in answers.rows("RESP")
        if row["resp_dt"]
    )


def _car_detected(answers: Answers) -> bool | None:
    """A positive sample of the expansion form; None without any sample near the relapse."""
    relapsed = answers["rlp_dt"]
    near = [
        sample_of(row, relapsed)
        for row in answers.rows("KIN")
        if relapsed and row["kin_dt"] and abs((row["kin_dt"] - relapsed).days) <= SAMPLE_NEAR_DAYS
    ]
    found = [sample.is_positive for sample in near if sample is not None]
    return any(found) if found else None


def _after_transplantation(answers: Answers) -> bool:
    grafted, relapsed = graft_day(answers), answers["rlp_dt"]
    return grafted is not None and relapsed is not None and relapsed >= grafted


def _share_fits_class(share: Decimal, answers: Answers) -> bool:
    """Negative below 5 %, partial from 5 to below 50 %, positive from 50 % (X-RLP-03 holds the outer two)."""
    low, high = {"negative": (0, 5), "partial": (5, 50), "positive": (50, 101)}.get(
        answers["rlp_cd7"], (0, 101)
    )
    return low <= share < high


def _positive_or_negative_fits(share: Decimal, answers: Answers) -> bool:
    return answers["rlp_cd7"] not in ("negative", "positive") or _share_fits_class(share, answers)


def _blasts_fit_type(blasts: Decimal, answers: Answers) -> bool:
    return answers["rlp_type"] != "morphological_relapse" or blasts >= 5


def _free_of_disease_later(answers: Answers) -> Sight:
    """A follow-up that says of a day after this relapse that there was none."""
    relapsed = answers["rlp_dt"]
    if relapsed is None or answers["rlp_type"] not in COUNTING:
        return False
    later = [row["fu_dz_dt"] for row in answers.rows("FU") if row["fu_dz_dt"] and row["fu_dz_dt"] > relapsed]
    return bool(later) and {"day": max(later)}


_AFTER_HSCT: Any = judged(_("after HSCT"), _after_transplantation, "HSCT.hsct_start_dt", "rlp_dt")


class Relapse(FormRow):
    """First evidence of relapse or progression, where, and whether the blasts still carry CD7."""

    form = FormDeclaration(
        code="RLP",
        title=_("Relapse or progression"),
        enters=_("investigator"),
        signs=_("investigator"),
        sdtm="RS, CP, GF, DS",
        dated_by="rlp_dt",
        recalls=("DX.dx_type",),
        sections=(
            Section(_("Relapse"), "rlp_dt"),
            Section("CD7", "rlp_cd7"),
            Section(_("Origin"), "rlp_origin"),
        ),
        checks=(
            soft(
                "X-RLP-04",
                "rlp_dt",
                _("Disease-free date %(day)s of the follow-up is after relapse."),
                _free_of_disease_later,
                "rlp_type",
                "FU.fu_dz_dt",
            ),
        ),
    )

    rlp_dt = DateItem(
        _("Date of first evidence"),
        hard=(
            NOT_IN_FUTURE,
            numbered(
                must(
                    _("after the first remission, or after T0"),
                    _after_remission,
                    "RESP.resp_protocol",
                    "INF.inf_start_dt",
                    "rlp_type",
                ),
                "X-RLP-01",
                _("Relapse needs an earlier remission; a progression lies after the infusion."),
            ),
        ),
        soft=must(_("a response assessment within 7 d"), _response_near, "RESP.resp_dt"),
        cdisc="RS.RSDTC",
    )
    rlp_type = ChoiceItem(
        _("Type"),
        choices(
            "rlp_type",
            _("morphological relapse"),
            _("MRD relapse"),
            _("molecular relapse"),
            _("extramedullary relapse"),
            _("progression without remission"),
        ),
        cdisc="RS.RSSTRESC (RELAPSED DISEASE C38155; MRD RELAPSE C124430; PD C35571)",
    )
    rlp_counts_pfs = BooleanItem(
        _("Counts as PFS event"),
        derived=Derivation(
            _("type is morphological, extramedullary or progression"),
            lambda answers: answers["rlp_type"] in COUNTING if answers["rlp_type"] else None,
            ("rlp_type",),
        ),
        cdisc="ADTTE",
    )
    rlp_site = MultiItem(
        pgettext_lazy("of a relapse", "Sites"),
        choices(
            "rlp_site",
            _("marrow"),
            _("blood"),
            _("CNS"),
            _("skin"),
            _("node"),
            _("mediastinum"),
            _("testis/ovary"),
            _("other"),
        ),
        hard=at_least_one(),
        cdisc="TU.TULOC",
    )
    rlp_bm_blast = DecimalItem(
        _("Marrow blasts"),
        4,
        1,
        req="C",
        when=when("rlp_site", "marrow"),
        hard=between("0", "100"),
        soft=must(_("5 % or more in a morphological relapse"), _blasts_fit_type, "rlp_type"),
        unit="%",
        cdisc="LB",
    )

    rlp_cd7 = ChoiceItem(
        _("CD7 on relapsed cells"),
        choices("rlp_cd7", _("positive"), _("negative"), _("partial"), _("not tested")),
        soft=numbered(other_than("not_tested"), "X-RLP-02", _("CD7 on relapsed cells is a key item.")),
        cdisc="CP",
    )
    rlp_cd7_pct = DecimalItem(
        _("CD7+ share"),
        4,
        1,
        req="C",
        when=when_not("rlp_cd7", "not_tested"),
        hard=(
            between("0", "100"),
            numbered(
                must(_("as the CD7 class says"), _positive_or_negative_fits, "rlp_cd7"),
                "X-RLP-03",
                _("CD7 class and percentage disagree."),
            ),
        ),
        soft=must(_("as the CD7 class says"), _share_fits_class, "rlp_cd7"),
        unit="%",
        cdisc="CP",
    )
    rlp_cd7_mech = MultiItem(
        _("Mechanism"),
        choices("rlp_cd7_mech", _("CD7 mutation"), _("lineage switch"), _("clonal selection"), _("unknown")),
        req="O",
        when=when("rlp_cd7", "negative"),
        cdisc="GF",
    )

    rlp_origin = ChoiceItem(
        _("Origin"),
        choices("rlp_origin", _("recipient"), _("donor"), _("unknown")),
        when=_AFTER_HSCT,
        soft=other_than("donor"),
        cdisc="GF",
    )
    rlp_chim = DecimalItem(
        _("Donor chimerism at relapse"),
        5,
        2,
        when=_AFTER_HSCT,
        hard=between("0", "100"),
        unit="%",
        cdisc="GF",
    )
    rlp_car_pos = BooleanItem(
        _("CAR detectable"),
        derived=Derivation(
            _("a positive expansion sample within 7 d"),
            _car_detected,
            ("KIN", "rlp_dt"),
        ),
        cdisc="GF",
    )
