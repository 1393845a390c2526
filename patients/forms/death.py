"""DTH: death, entered and signed by the investigator. It closes the subject: nothing is dated after it.

A cause of relapse without a relapse that counts is one question (X-DTH-02), however it came about (X-DTH-04).
"""

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.relapse import COUNTING
from patients.items.checks import Sight, hard
from patients.items.codelists import DEATH_CAUSE, REL, YES, choices
from patients.items.conditions import Answers, when
from patients.items.item import Derivation
from patients.items.limits import NOT_IN_FUTURE, must, numbered, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, MultiItem

# Events that show life; a sample or an assessment after death says so itself (`NOT_AFTER_DEATH`).
_SHOWING_LIFE = ("INF", "RESP", "HSCT", "RLP")


def _recorded_after(answers: Answers) -> Sight:
    """The latest of what is dated after death: an event, or a contact that says alive."""
    died = answers["dth_dt"]
    dated = [(row.dated, form) for form in _SHOWING_LIFE for row in answers.rows(form)]
    dated += [(row["fu_dt"], "FU") for row in answers.rows("FU") if row["fu_status"] == "ALIVE"]
    later = [(day, form) for day, form in dated if day is not None and died is not None and day > died]
    day, form = max(later, default=(None, ""))
    return bool(later) and {"form": form, "day": day}


def _without_relapse(answers: Answers) -> bool | None:
    """Non-relapse death: no counting relapse before it, or on its day."""
    died = answers["dth_dt"]
    if died is None:
        return None
    relapses = (row for row in answers.rows("RLP") if row["rlp_type"] in COUNTING and row["rlp_dt"])
    return all(row["rlp_dt"] > died for row in relapses)


def _relapse_recorded(cause: str, answers: Answers) -> bool:
    return cause != "relapse_progression" or not _without_relapse(answers)


class Death(FormRow):
    """When, where and why the subject died."""

    form = FormDeclaration(
        code="DTH",
        title=_("Death"),
        enters=_("investigator"),
        signs=_("investigator"),
        sdtm="DD, DS, AE",
        approved=True,
        dated_by="dth_dt",
        after_death=True,
        checks=(
            hard(
                "X-DTH-01",
                "dth_dt",
                _("%(form)s %(day)s is after death."),
                _recorded_after,
                *_SHOWING_LIFE,
                "FU.fu_dt",
                "FU.fu_status",
            ),
        ),
        sections=(Section(_("Death"), "dth_dt"), Section(_("Circumstances"), "dth_place")),
    )

    dth_dt = DateItem(
        _("Date of death"),
        hard=NOT_IN_FUTURE,
        cdisc="DM.DTHDTC",
    )
    dth_time_known = BooleanItem(_("Time known"), req="O", cdisc="DM.DTHDTC")
    dth_primary = ChoiceItem(
        _("Primary cause"),
        DEATH_CAUSE,
        soft=(
            numbered(
                must(
                    _("a relapse form, when relapse is the cause"), _relapse_recorded, "RLP.rlp_dt", "dth_dt"
                ),
                "X-DTH-02",
                _("Relapse form missing: cause contradicts relapse status."),
            ),
            other_than("unknown"),
        ),
        cdisc="DD.PRCDTH (C99531)",
    )
    dth_contrib = MultiItem(
        _("Contributing causes"),
        DEATH_CAUSE,
        req="O",
        hard=must(
            _("other than the primary cause"),
            lambda value, answers: answers["dth_primary"] not in value,
            "dth_primary",
        ),
        cdisc="DD.SECDTH (C116142)",
    )
    dth_nrm = BooleanItem(
        _("Non-relapse death"),
        derived=Derivation(
            _("no counting relapse on or before dth_dt"),
            _without_relapse,
            ("dth_dt", "RLP.rlp_dt", "RLP.rlp_type"),
        ),
        cdisc="ADTTE",
    )
    dth_rel_cart = ChoiceItem(_("Related to CAR-T"), REL, cdisc="AE")
    dth_rel_hsct = ChoiceItem(_("Related to HSCT"), REL, when=when("HSCT.hsct_done", YES), cdisc="AE")

    dth_place = ChoiceItem(
        _("Place"),
        choices("dth_place", _("hospital"), _("ICU"), _("home"), _("other")),
        cdisc="DD.LOCDTH (C124331)",
    )
    dth_autopsy = BooleanItem(_("Autopsy"), cdisc="DD.AUTOPIND (C135384)")
    dth_source = ChoiceItem(
        _("Source"),
        choices("dth_source", _("hospital record"), _("certificate"), _("relative")),
        soft=other_than("relative"),
        cdisc="DD",
    )
