"""PDEV: protocol deviations, one row each, entered by the monitor or the coordinator or raised by the system,
signed by the investigator and the sponsor.

The key of a row that the system raised begins with the number of its check.
"""

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.items.checks import Sight, soft
from patients.items.codelists import Code, CodeList, choices
from patients.items.conditions import Answers, when_not
from patients.items.item import Derivation
from patients.items.limits import NOT_IN_FUTURE, at_least_characters, not_before, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, MultiItem, TextItem
from trial.protocol.study import site_today

RAISED = "X-"  # how the key of a row begins that the system raised
MINOR = "minor"
CORRECTED_WITHIN_DAYS = 30


def _still_open(answers: Answers) -> Sight:
    """An important deviation without a corrective action, more than 30 days after it was found."""
    found = answers["pd_aware_dt"]
    if answers["pd_class"] in (None, MINOR) or answers["pd_capa"] or found is None:
        return False
    days = (site_today() - found).days
    return days > CORRECTED_WITHIN_DAYS and {"days": days}


class ProtocolDeviation(FormRow):
    """One deviation: when, what, how grave, and what was done about it."""

    form = FormDeclaration(
        code="PDEV",
        title=_("Protocol deviation"),
        enters=_("monitor or coordinator"),
        signs=_("investigator + sponsor"),
        sdtm="DV",
        repeat=Repeat.ROWS,
        dated_by="pd_dt",
        after_death=True,
        sections=(Section(_("Deviation"), "pd_dt"), Section(_("Consequences"), "pd_capa")),
        checks=(
            soft(
                "X-PD-02",
                "pd_capa",
                _("Important deviation open for %(days)s days: corrective action missing."),
                _still_open,
                "pd_aware_dt",
                "pd_class",
            ),
        ),
    )

    pd_dt = DateItem(
        _("Date occurred"), hard=(NOT_IN_FUTURE, not_before("ELIG.icf_main_dt")), cdisc="DV.DVSTDTC"
    )
    pd_aware_dt = DateItem(_("Date found"), hard=(NOT_IN_FUTURE, not_before("pd_dt")), cdisc="SUPPDV")
    pd_cat = ChoiceItem(
        _("Category"),
        choices(
            "pd_cat",
            _("consent"),
            _("eligibility"),
            _("dose"),
            _("product release"),
            _("visit window"),
            _("missed procedure"),
            _("prohibited medication"),
            _("SAE timeline"),
            _("conditioning/prophylaxis"),
            _("data privacy"),
            _("other"),
        ),
        cdisc="DV.DVCAT",
    )
    pd_class = ChoiceItem(
        _("Class"),
        CodeList(
            "pd_class",
            (
                Code(MINOR, _("minor deviation")),
                Code("important", _("important deviation")),
                Code("important_affecting_analysis", _("important deviation affecting analysis")),
            ),
        ),
        soft=other_than("important", "important_affecting_analysis"),
        cdisc="DV.DVSCAT",
    )
    pd_text = TextItem(_("What happened"), 1000, hard=at_least_characters(20), cdisc="DV.DVTERM")
    pd_auto = BooleanItem(
        _("Raised by system"),
        derived=Derivation(
            _("the key of the row begins with the number of a check"),
            lambda answers: answers.row_key.startswith(RAISED),
            (),
        ),
        cdisc="SUPPDV",
    )
    pd_capa = TextItem(_("Corrective action"), 500, req="C", when=when_not("pd_class", MINOR), cdisc="SUPPDV")
    pd_excl = MultiItem(
        _("Excludes from set"),
        choices("pd_excl", _("none"), _("DLT-evaluable"), _("response-evaluable"), _("per protocol")),
        exclusive=("none",),
        hint=_("as the statistician judges"),
        cdisc="ADSL",
    )
