"""DLT: adjudication of dose-limiting toxicity, once at C28 or earlier, entered by the investigator, signed by
the investigator and the safety committee.

Which events count is said here and nowhere else: an adverse event is confirmed or rejected by this form.
"""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.adverse_event import CANDIDATE, CONFIRMED
from patients.forms.anchors import infusion_day
from patients.forms.rows import a_row_of, row_of_key
from patients.items.codelists import YES, Code, CodeList
from patients.items.conditions import Answers, when
from patients.items.limits import at_least_characters, at_least_one, must, not_before, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, MultiItem, MultiReferenceItem, TextItem
from trial.protocol.configuration import setting_as

DECIDED_WITHIN_DAYS = 14
RULES = CodeList(
    "dlt_rule",
    (
        Code("D1", _("D1: CRS grade 4, or grade 3 not down to 2 within 72 h")),
        Code("D2", _("D2: ICANS grade 4, or grade 3 not down to 2 within 72 h")),
        Code("D3", _("D3: IEC-HS grade 3 or more, not improving in 7 d")),
        Code("D4", _("D4: any other non-haematological grade 4")),
        Code("D5", _("D5: other non-haematological grade 3 for more than 7 d despite care")),
        Code("D6", _("D6: acute GVHD III-IV before the graft, or II or more refractory to steroids")),
        Code("D7", _("D7: death not from disease")),
        Code("D8", _("D8: grade 4 infection that lymphodepletion or neutropenia does not explain")),
        Code("D9", _("D9: marrow aplasia beyond day 42 without graft and without disease")),
    ),
)
"""Section 4.1 of the specification: a convention of this class of products, from memory."""
_OCCURRED = when("dlt_occurred", YES)


def dose_counts(dose: Decimal | None) -> bool:
    """Whether a dose (10^6/kg) lies within the share of the target that the configuration gives, limits
    included."""
    target = setting_as(Decimal, "dose_target")
    if dose is None:
        return False
    least, most = setting_as(Decimal, "dlt_dose_min"), setting_as(Decimal, "dlt_dose_max")
    return bool(target * least <= dose * 100 <= target * most)


def _evaluable(answer: str, answers: Answers) -> bool:
    return answer != YES or dose_counts(answers["INF.inf_dose_kg"]) or bool(answers["dlt_occurred"])


def _candidates(answers: Answers) -> set[str]:
    return {row.row_key for row in answers.rows("AE") if row["ae_dlt"] in (CANDIDATE, CONFIRMED)}


def _has_candidate(occurred: bool, answers: Answers) -> bool:
    return not occurred or bool(_candidates(answers))


def _are_candidates(keys: list[str], answers: Answers) -> bool:
    return all(not row_of_key(answers, "AE", key) for key in set(keys) - _candidates(answers))


def _in_window(day: date, answers: Answers) -> bool:
    infused = infusion_day(answers)
    return infused is None or 0 <= (day - infused).days <= setting_as(int, "dlt_window_days")


def _decided_soon(day: date, answers: Answers) -> bool:
    occurred = answers["dlt_date"]
    return occurred is None or (day - occurred).days <= DECIDED_WITHIN_DAYS


class DoseLimitingToxicity(FormRow):
    """Whether the subject counts for the dose-limiting toxicity, and whether there was one."""

    form = FormDeclaration(
        code="DLT",
        title=_("DLT adjudication"),
        enters=_("investigator"),
        signs=_("investigator + safety committee"),
        sdtm="FA, DS",
        approved=True,
        after_death=True,
        sections=(Section(_("Toxicity"), "dlt_evaluable"), Section(_("Decision"), "dlt_committee_dt")),
    )

    dlt_evaluable = ChoiceItem(
        _("Evaluable for DLT"),
        CodeList(
            "dlt_evaluable",
            (
                Code(YES, _("Yes")),
                Code("N_not_infused", _("No: not infused")),
                Code("N_under_dosed", _("No: under-dosed")),
                Code("N_left_before_d28_without_dlt", _("No: left before D28 without DLT")),
                Code("N_progression_before_d28", _("No: progression before D28")),
            ),
        ),
        hard=must(
            _("a dose within the configured share of the target, or a DLT"),
            _evaluable,
            "dlt_occurred",
            "INF.inf_dose_kg",
        ),
        soft=other_than(
            "N_not_infused", "N_under_dosed", "N_left_before_d28_without_dlt", "N_progression_before_d28"
        ),
        cdisc="ADSL.DLTEVLFL",
    )
    dlt_occurred = BooleanItem(
        _("DLT occurred"),
        when=when("dlt_evaluable", YES),
        hard=must(_("with a candidate among the adverse events"), _has_candidate, "AE.ae_dlt"),
        cdisc="ADSL.DLTFL",
    )
    dlt_ae = MultiReferenceItem(
        _("AE records counted"),
        target="AE",
        req="C",
        when=_OCCURRED,
        hard=(
            at_least_one(),
            a_row_of("AE"),
            must(_("candidates among the adverse events"), _are_candidates, "AE.ae_dlt"),
        ),
        cdisc="RELREC",
    )
    dlt_rule = MultiItem(_("Rule met"), RULES, req="C", when=_OCCURRED, hard=at_least_one(), cdisc="SUPPFA")
    dlt_date = DateItem(
        _("Date"),
        req="C",
        when=_OCCURRED,
        hard=must(_("in the DLT window, day 28 by default"), _in_window, "INF.inf_start_dt"),
        cdisc="FA",
    )

    dlt_committee_dt = DateItem(
        _("Committee decision date"),
        when=_OCCURRED,
        hard=not_before("dlt_date"),
        soft=must(_("within 14 d of the event"), _decided_soon, "dlt_date"),
        cdisc="DS",
    )
    dlt_comment = TextItem(_("Reasoning"), 1000, hard=at_least_characters(20), cdisc="CO")
