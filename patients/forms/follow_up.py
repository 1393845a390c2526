"""FU: survival follow-up, entered by the coordinator. It asks each fact once, for the view of the cell
therapy and for that of the transplantation."""

from datetime import date

from django.utils.translation import gettext_lazy as _

from patients.casebook.form import FormDeclaration, FormRow, Section
from patients.forms.adverse_event import SECOND_MALIGNANCY
from patients.forms.anchors import graft_day, infusion_day, left_on
from patients.items.checks import Sight, hard, soft
from patients.items.codelists import RELATED, YES, Code, CodeList, choices
from patients.items.conditions import Answers, judged, when
from patients.items.limits import NOT_IN_FUTURE, between, must, not_after, numbered, other_than
from patients.items.types import BooleanItem, ChoiceItem, DateItem, DecimalItem
from trial.protocol.study import site_today
from trial.protocol.visits import protocol_position, visit_type

FREE_OF_DISEASE = (
    "remission_mrd_neg",
    "remission_mrd_pos",
    "remission_mrd_unknown",
    "no_remission_no_progression",
)
ASSESSMENT_OLD_DAYS = 120
CONTACT_EVERY_DAYS, CONTACT_LATER_EVERY_DAYS = 90, 180  # in the first year, and after it
DAYS_OF_A_YEAR = 365
# Dated forms that show the subject alive; the laboratory and the daily records lie between them.
_SHOWING_LIFE = ("INF", "RESP", "HSCT", "CHIM", "RLP")
_ALIVE = when("fu_status", "ALIVE")


def _not_before_earlier_contact(day: date, answers: Answers) -> bool:
    """Contacts of earlier visits of the same clock are not later. Visits of two clocks have no order of their
    own, and unscheduled ones none at all."""
    here = protocol_position(answers.visit)
    if here is None:
        return True
    clock = visit_type(answers.visit).clock
    earlier = [
        row["fu_dt"]
        for row in answers.rows("FU")
        if row["fu_dt"]
        and (there := protocol_position(row.visit)) is not None
        and there < here
        and visit_type(row.visit).clock is clock
    ]
    return all(day >= contact for contact in earlier)


def _is_last(answers: Answers) -> bool:
    """No contact has a later date."""
    here = answers["fu_dt"]
    return here is not None and all(
        row["fu_dt"] is None or row["fu_dt"] <= here for row in answers.rows("FU")
    )


def _known_later(answers: Answers) -> Sight:
    """At the last contact: what else shows the subject later. While the subject is followed a later contact
    will say so, and only what belongs to the same or an earlier visit counts."""
    day = answers["fu_dt"]
    if not _is_last(answers):
        return False
    ended = bool(answers.rows("EOS"))
    rows = (row for form in _SHOWING_LIFE for row in answers.rows(form))
    later = [
        (row.dated, row.visit)
        for row in rows
        if row.dated and row.dated > day and (ended or _not_of_a_later_visit(row, answers))
    ]
    latest, visit = max(later, default=(None, ""))
    return latest is not None and {"day": latest, "visit": visit}


def _not_of_a_later_visit(row: Answers, answers: Answers) -> bool:
    """Visits of two clocks, and those that an event opens, have no order of their own."""
    here, there = protocol_position(answers.visit), protocol_position(row.visit)
    if here is None or there is None:
        return row.visit == answers.visit
    return there <= here and visit_type(row.visit).clock is visit_type(answers.visit).clock


def _contact_overdue(answers: Answers) -> Sight:
    """At the last contact of somebody alive and followed. The first year is that after the graft, else that
    after the infusion."""
    day, start = answers["fu_dt"], graft_day(answers) or infusion_day(answers)
    if answers["fu_status"] != "ALIVE" or not _is_last(answers) or left_on(answers) is not None:
        return False
    days = (site_today() - day).days
    in_first_year = start is not None and (day - start).days < DAYS_OF_A_YEAR
    most = CONTACT_EVERY_DAYS if in_first_year else CONTACT_LATER_EVERY_DAYS
    return days > most and {"days": days, "day": day}


def _agrees_with_death(status: str, answers: Answers) -> bool:
    died = answers["DTH.dth_dt"]
    if status == "DEAD":
        return died is not None
    return died is None or answers["fu_dt"] is None or answers["fu_dt"] <= died


def _relapse_recorded(status: str, answers: Answers) -> bool:
    return status != "relapse_progression" or bool(answers.rows("RLP"))


def _recently_assessed(day: date, answers: Answers) -> bool:
    contact = answers["fu_dt"]
    return contact is None or (contact - day).days <= ASSESSMENT_OLD_DAYS


def _malignancy_reported(answer: str, answers: Answers) -> bool:
    return answer == "no" or any(
        row["ae_special"] == SECOND_MALIGNANCY and row["ae_serious"] for row in answers.rows("AE")
    )


def _event_reported(answer: bool, answers: Answers) -> bool:
    """A serious event, or one related to any part of the treatment."""
    return not answer or any(
        row["ae_serious"] or {row["ae_rel_ld"], row["ae_rel_cart"], row["ae_rel_hsct"]} & RELATED
        for row in answers.rows("AE")
    )


def _yearly(answers: Answers) -> bool:
    return answers.visit in ("HM12", "HM24", "C365", "C730") or answers.visit.startswith("LT")


class FollowUp(FormRow):
    """Alive or not, with or without disease, and what is new, on the day of a contact."""

    form = FormDeclaration(
        code="FU",
        title=_("Survival follow-up"),
        enters=_("coordinator"),
        signs="-",
        sdtm="SS, DS, RS",
        dated_by="fu_dt",
        sections=(Section(_("Contact"), "fu_contact"), Section(_("Disease and events"), "fu_disease")),
        checks=(
            hard(
                "X-FU-02",
                "fu_dt",
                _("Last-alive date is before known data of %(day)s %(visit)s."),
                _known_later,
                *_SHOWING_LIFE,
                "EOS.eos_dt",
                "FU.fu_dt",
            ),
            soft(
                "X-FU-03",
                "fu_dt",
                _("Follow-up overdue: no contact for %(days)s d since %(day)s."),
                _contact_overdue,
                "FU.fu_dt",
                "fu_status",
                "HSCT.hsct_start_dt",
                "INF.inf_start_dt",
                "DTH.dth_dt",
                "EOS.eos_dt",
            ),
        ),
    )

    fu_contact = ChoiceItem(
        _("Contact type"),
        choices("fu_contact", _("visit"), _("phone"), _("record review"), _("registry"), _("family")),
        cdisc="DS",
    )
    fu_dt = DateItem(
        _("Date last known alive or date of contact"),
        hard=(
            NOT_IN_FUTURE,
            must(_("not before the contact of an earlier visit"), _not_before_earlier_contact, "FU.fu_dt"),
        ),
        cdisc="SS.SSDTC; ADSL.LSTALVDT",
    )
    fu_status = ChoiceItem(
        _("Status"),
        CodeList(
            "fu_status",
            (
                Code("ALIVE", _("alive"), "C37987"),
                Code("DEAD", _("dead"), "C28554"),
                Code("UNKNOWN", _("unknown"), "C17998"),
            ),
        ),
        hard=numbered(
            must(_("as the death form says"), _agrees_with_death, "DTH.dth_dt", "fu_dt"),
            "X-FU-01",
            _("Death form and status disagree."),
        ),
        cdisc="SS.SURVSTAT (C25717)",
    )

    fu_disease = ChoiceItem(
        _("Disease status"),
        CodeList(
            "fu_disease",
            (
                Code("remission_mrd_neg", _("remission MRD-")),
                Code("remission_mrd_pos", _("remission MRD+")),
                Code("remission_mrd_unknown", _("remission MRD unknown")),
                Code("no_remission_no_progression", _("no remission, no progression")),
                Code("relapse_progression", _("relapse/progression")),
                Code("unknown", _("unknown")),
            ),
        ),
        when=_ALIVE,
        hard=must(_("a relapse form"), _relapse_recorded, "RLP.rlp_dt"),
        cdisc="RS",
    )
    fu_dz_dt = DateItem(
        _("Last date assessed without relapse or progression"),
        req="C",
        when=_ALIVE & when("fu_disease", *FREE_OF_DISEASE),
        hint=_("based on marrow, PET or counts"),
        hard=not_after("fu_dt"),
        soft=must(_("at most 120 d before the contact"), _recently_assessed, "fu_dt"),
        cdisc="RS; ADTTE censor",
    )
    fu_ist = BooleanItem(_("Systemic immunosuppression"), when=_ALIVE, soft=other_than(YES), cdisc="CM")
    fu_gvhd_active = ChoiceItem(
        _("Active GVHD"),
        choices("fu_gvhd_active", _("none"), _("acute"), _("chronic"), _("both")),
        when=_ALIVE,
        cdisc="FA",
    )
    fu_second_ca = ChoiceItem(
        _("Second malignancy"),
        CodeList(
            "fu_second_ca",
            (
                Code("no", _("no")),
                Code("yes_t_cell", _("yes, T-cell (CAR tested?)")),
                Code("yes_other", _("yes, other")),
            ),
        ),
        soft=(
            other_than("yes_t_cell", "yes_other"),
            numbered(
                must(_("with a serious adverse event"), _malignancy_reported, "AE.ae_special"),
                "X-FU-04",
                _("Second malignancy must be AE (serious)."),
            ),
        ),
        cdisc="AE",
    )
    fu_new_ae = BooleanItem(
        _("New serious or related event"),
        hard=must(_("with an adverse event"), _event_reported, "AE.ae_serious"),
        cdisc="AE",
    )
    fu_qol = DecimalItem(
        _("EQ-5D-5L index"),
        4,
        3,
        req="O",
        when=judged(_("yearly"), _yearly),
        hard=between("-0.5", "1"),
        cdisc="QS",
    )
