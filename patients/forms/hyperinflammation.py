"""HLH: hyperinflammation after immune effector cells (IEC-HS), a page for an assessment, entered by the
coordinator, signed by the investigator.

It is opened by what the laboratory finds (X-HLH-01) or by hand. The engine suggests, the investigator
decides. The criteria are from memory (Hines et al. 2023) and await confirmation.
"""

from collections.abc import Callable
from datetime import date

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.iec_hs_evidence import (
    RESULTS,
    ferritin_criterion,
    fibrinogen_low,
    transaminases_raised,
)
from patients.grading.iec_hs import Signs, suggests_iec_hs
from patients.items.codelists import OUTCOME, YES, choices, codes
from patients.items.conditions import Answers, when
from patients.items.item import Derivation
from patients.items.limits import Limit, at_most, between, must, not_before, numbered, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem, MultiItem

_AFTER_CRS = ("after_crs_resolving_resolved", "worsening_after_response_to_crs_treatment")
_DIAGNOSED = when("hlh_dx", YES)


def _ferritin_required(answers: Answers) -> bool | None:
    """Above twice the upper limit or the baseline, or rising fast; None where nothing tells."""
    if answers["hlh_ferritin_rise"]:
        return True
    day, ferritin = answers["hlh_dt"], answers["hlh_ferritin"]
    return None if day is None or ferritin is None else ferritin_criterion(answers, day, ferritin)


def _signs(answers: Answers) -> Signs:
    found, timing = {"yes": True, "no": False}, answers["hlh_timing"]
    return Signs(
        ferritin=answers["hlh_ferritin_req"],
        after_crs_improved=None if timing is None else timing in _AFTER_CRS,
        transaminases=answers["hlh_transam"],
        fibrinogen=answers["hlh_fibrinogen"],
        haemophagocytosis=found.get(answers["hlh_hemophag"]),
        cytopenia=answers["hlh_cytopenia"],
    )


def _as_suggested(diagnosed: bool, answers: Answers) -> bool:
    """The engine suggests a diagnosis, unless something else explains the signs better."""
    suggested = suggests_iec_hs(_signs(answers)).value == YES
    if diagnosed:
        return suggested
    return not suggested or answers["hlh_alt_cause"] not in (None, "no")


def _with_ferritin(diagnosed: bool, answers: Answers) -> bool:
    return not diagnosed or answers["hlh_ferritin_req"] is not False


def _fatal_agrees(grade: str, answers: Answers) -> bool:
    return grade != "5" or answers["DTH.dth_dt"] is not None


def _as_measured(find: Callable[[Answers, date], bool | None]) -> Limit:
    """As the laboratory says, where it has a result within a day."""

    def kept(answer: bool, answers: Answers) -> bool:
        day = answers["hlh_dt"]
        found = None if day is None else find(answers, day)
        return found is None or found == answer

    rule = must(_("as the laboratory says within a day"), kept, *RESULTS, "hlh_dt")
    return numbered(rule, "X-HLH-03", _("Lab evidence differs from the form: %(label)s, answered %(value)s."))


class Hyperinflammation(FormRow):
    """The signs on one day, whether they are IEC-HS, and what was done."""

    form = FormDeclaration(
        code="HLH",
        title=_("IEC-HS assessment"),
        enters=_("coordinator"),
        signs=_("investigator"),
        sdtm="FA, AE",
        dated_by="hlh_dt",
        sections=(
            Section(_("Criteria"), "hlh_dt"),
            Section(_("Diagnosis and treatment"), "hlh_alt_cause"),
        ),
    )

    hlh_dt = DateItem(_("Date"), hard=not_before("INF.inf_start_dt"), cdisc="FA.FADTC")
    hlh_ferritin = DecimalItem(
        _("Ferritin"),
        9,
        1,
        hard=between("0", "1000000"),
        soft=at_most("10000"),
        unit="ug/L",
        cdisc="LB.FERRITIN (C74737)",
    )
    hlh_ferritin_rise = BooleanItem(
        _("Ferritin rapidly rising"), req="O", hint=_("as the investigator judges it"), cdisc="FA"
    )
    hlh_ferritin_req = BooleanItem(
        _("Required: ferritin >2x ULN or baseline, or rapidly rising"),
        derived=Derivation(
            _("ferritin above twice the upper limit or the baseline of LAB, or rapidly rising by hand"),
            _ferritin_required,
            ("hlh_dt", "hlh_ferritin", "hlh_ferritin_rise", *RESULTS),
        ),
        cdisc="FA",
    )
    hlh_timing = ChoiceItem(
        _("Timing"),
        choices(
            "hlh_timing",
            _("after CRS resolving/resolved"),
            _("worsening after response to CRS treatment"),
            _("concurrent with CRS"),
            _("no CRS"),
        ),
        cdisc="FA",
    )
    hlh_transam = BooleanItem(
        _("ALT/AST >5x ULN (or >5x baseline if abnormal)"),
        soft=_as_measured(transaminases_raised),
        cdisc="FA",
    )
    hlh_fibrinogen = BooleanItem(
        _("Fibrinogen <1.5 g/L or <LLN"), soft=_as_measured(fibrinogen_low), cdisc="FA"
    )
    hlh_hemophag = ChoiceItem(
        _("Haemophagocytosis in marrow/tissue"),
        choices("hlh_hemophag", _("yes"), _("no"), _("not examined")),
        cdisc="MI",
    )
    hlh_cytopenia = BooleanItem(_("New, worse or refractory cytopenia"), cdisc="FA")
    hlh_other = MultiItem(
        _("Other features"),
        choices(
            "hlh_other",
            _("LDH>ULN"),
            _("PT/APTT long"),
            _("direct bilirubin up"),
            _("new splenomegaly"),
            _("persistent fever"),
            _("neurotoxicity"),
            _("lung"),
            _("kidney"),
            _("triglycerides >2.99 mmol/L"),
            _("none"),
        ),
        exclusive=("none",),
        cdisc="FA",
    )

    hlh_alt_cause = ChoiceItem(
        _("Better explained by other cause"),
        choices("hlh_alt_cause", _("no"), _("infection"), _("disease"), _("GVHD"), _("TMA"), _("other")),
        cdisc="FA",
    )
    hlh_dx = BooleanItem(
        _("IEC-HS diagnosed"),
        hint=_("the investigator's decision"),
        hard=numbered(
            must(_("with the ferritin criterion"), _with_ferritin, "hlh_ferritin_req"),
            "X-HLH-02",
            _("IEC-HS needs the ferritin criterion."),
        ),
        soft=must(
            _("as the criteria suggest (ferritin and two further signs)"),
            _as_suggested,
            "hlh_ferritin_req",
            "hlh_timing",
            "hlh_transam",
            "hlh_fibrinogen",
            "hlh_hemophag",
            "hlh_cytopenia",
            "hlh_alt_cause",
        ),
        cdisc="AE",
    )
    hlh_grade = ChoiceItem(
        _("Grade"),
        codes("hlh_grade", "1", "2", "3", "4", "5"),
        req="C",
        when=_DIAGNOSED,
        hint=_(
            "1 mild, observed; 2 needs treatment; 3 severe, in hospital or bleeding with transfusion; "
            "4 life-threatening; 5 death (from memory)"
        ),
        hard=numbered(
            must(_("5 only with a death form"), _fatal_agrees, "DTH.dth_dt"),
            "X-HLH-04",
            _("Fatal grade needs death form."),
        ),
        soft=other_than("3", "4", "5"),
        cdisc="AE.AETOXGR",
    )
    hlh_tx = MultiItem(
        _("Treatment"),
        choices(
            "hlh_tx",
            _("anakinra"),
            _("steroid"),
            _("ruxolitinib"),
            _("etoposide"),
            _("emapalumab"),
            _("tocilizumab"),
            "IVIG",
            _("plasma exchange"),
            _("none"),
        ),
        exclusive=("none",),
        req="C",
        when=_DIAGNOSED,
        cdisc="CM",
    )
    hlh_outcome = ChoiceItem(_("Outcome"), OUTCOME, req="C", when=_DIAGNOSED, cdisc="AE.AEOUT")
