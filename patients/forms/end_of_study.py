"""EOS: end of study, entered by the coordinator, signed by the investigator. A withdrawal of data use closes
entry for the subject; what was recorded before stays."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.items.codelists import Code, CodeList, choices
from patients.items.conditions import Answers, when, when_not
from patients.items.limits import NOT_IN_FUTURE, at_least, at_least_one, must, numbered
from patients.items.types import BooleanItem, ChoiceItem, DateItem, IntegerItem, MultiItem

DATA_USE = "data_use"
_VISITED = ("INF", "RESP", "HSCT", "RLP", "FU")  # forms that date a visit


def _on_day_of_death(day: date, answers: Answers) -> bool:
    died = answers["DTH.dth_dt"]
    return died is None or day == died


def _after_last_visit(day: date, answers: Answers) -> bool:
    dated = [row.dated for form in _VISITED for row in answers.rows(form)]
    return all(day >= other for other in dated if other)


def _agrees_with_death(reason: str, answers: Answers) -> bool:
    return (reason == "death") == (answers["DTH.dth_dt"] is not None)


class EndOfStudy(FormRow):
    """When and why the subject left the study, and what a withdrawal covers."""

    form = FormDeclaration(
        code="EOS",
        title=_("End of study"),
        enters=_("coordinator"),
        signs=_("investigator"),
        sdtm="DS",
        approved=True,
        dated_by="eos_dt",
        sections=(Section(_("End of study"), "eos_dt"),),
    )

    eos_dt = DateItem(
        _("Date"),
        hard=(
            NOT_IN_FUTURE,
            must(_("not before the last visit"), _after_last_visit, *_VISITED),
            numbered(
                must(_("the day of death"), _on_day_of_death, "DTH.dth_dt"),
                "X-DTH-03",
                _("End of study must be death on same date."),
            ),
        ),
        cdisc="DS.DSSTDTC",
    )
    eos_reason = ChoiceItem(
        _("Reason"),
        CodeList(
            "NCOMPLT",
            (
                Code("completed", _("completed"), "C25250"),
                Code("death", _("death"), "C28554"),
                Code("lost_to_follow_up", _("lost to follow-up"), "C48227"),
                Code("withdrawal_by_subject", _("withdrawal by subject"), "C49634"),
                Code("physician_decision", _("physician decision"), "C48250"),
                Code("sponsor_stop", _("sponsor stop"), "C49632"),
                Code("never_dosed", _("never dosed"), "C172572"),
                Code("other", _("other")),
            ),
            "C66727",
        ),
        hard=numbered(
            must(_("as the death form says"), _agrees_with_death, "DTH.dth_dt"),
            "X-DTH-03",
            _("End of study must be death on same date."),
        ),
        cdisc="DS.DSDECOD (C66727)",
    )
    eos_withdraw_scope = MultiItem(
        _("Withdrawal covers"),
        choices("eos_withdraw_scope", _("treatment"), _("visits"), _("contact"), _("data use"), _("samples")),
        req="C",
        when=when("eos_reason", "withdrawal_by_subject"),
        hard=at_least_one(),
        cdisc="SUPPDS",
    )
    eos_ltfu = BooleanItem(
        _("Handed to long-term follow-up"),
        when=when_not("eos_reason", "death"),
        cdisc="DS.DSDECOD=OPTED TO CONTINUE INTO SURVIVAL FOLLOW-UP (C176357)",
    )
    eos_lost_attempts = IntegerItem(
        _("Contact attempts"),
        req="C",
        when=when("eos_reason", "lost_to_follow_up"),
        hint=_("at least three, each with its date in the source"),
        hard=at_least("3"),
        cdisc="SUPPDS",
    )
