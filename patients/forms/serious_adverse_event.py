"""SAE: reports of serious adverse events, one row each (initial, follow-ups, final), entered and signed by
the investigator; the medical monitor of the sponsor adds causality and expectedness.

A SUSAR starts a clock: 7 days if it was fatal or life-threatening, else 15, from the day on which the sponsor
heard of it, which is day 0; a follow-up of the first kind is due 8 days after the first submission (section
5.2 of the specification: Chinese GCP 2020 and the CDE's rules on rapid reporting).
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.form import FormDeclaration, FormRow, Repeat, Section
from patients.forms.rows import a_row_of, deviation_recorded, other_rows, row_of_key
from patients.items.checks import Sight, soft
from patients.items.codelists import REL, RELATED, YES, Code, CodeList, choices
from patients.items.conditions import Answers, judged, when, when_filled
from patients.items.item import Derivation
from patients.items.limits import (
    NOT_LATER_THAN_NOW,
    Limit,
    at_least_characters,
    must,
    not_before,
    numbered,
    other_than,
)
from patients.items.types import (
    BooleanItem,
    ChoiceItem,
    DateItem,
    DateTimeItem,
    GridItem,
    IntegerItem,
    ReferenceItem,
    TextItem,
)
from trial.protocol.configuration import setting_as
from trial.protocol.study import SITE_ZONE, site_today

TO_SPONSOR_WITHIN_HOURS = 24
FATAL_TO_COMMITTEE_WITHIN_HOURS = 24
CLOCK_DAYS, SHORT_CLOCK_DAYS = 15, 7
FOLLOW_UP_AFTER_DAYS = 8
LATE_REPORT = "sae_timeline"  # category of the deviation that explains a late report
INITIAL, FINAL = "initial", "final"
FOLLOW_UPS = {f"follow_up_{number}": number for number in range(1, 21)}
REPORTS = CodeList(
    "sae_report_type",
    (
        Code(INITIAL, _("initial")),
        *(Code(code, format_lazy(_("follow-up {number}"), number=n)) for code, n in FOLLOW_UPS.items()),
        Code(FINAL, _("final")),
    ),
)
COMPONENTS = CodeList("component", (Code("ld", "LD"), Code("cart", "CAR-T"), Code("hsct", "HSCT")))
RELATIONS = {"ld": "ae_rel_ld", "cart": "ae_rel_cart", "hsct": "ae_rel_hsct"}
_ORDER = [code.code for code in REL.codes]  # from not related to definite
_REVIEW = when_filled("sae_to_sponsor_dt")  # the sponsor reviews what it was told
_SUSAR = when("sae_susar", YES)


def _event(answers: Answers) -> Answers | None:
    """The adverse event that is reported."""
    return row_of_key(answers, "AE", answers["sae_ae"])


def _of_event(answers: Answers, item: str) -> Any:
    event = _event(answers)
    return None if event is None else event[item]


def _criteria(answers: Answers) -> set[str]:
    return set(_of_event(answers, "ae_ser_crit") or ())


def _is_fatal(answers: Answers) -> bool:
    return "death" in _criteria(answers)


def _in_hospital(answers: Answers) -> bool:
    return "hospitalisation_prolongation" in _criteria(answers)


def _is_serious(key: str, answers: Answers) -> bool:
    return bool(_of_event(answers, "ae_serious"))


# --- order of reports ------------------------------------------------------------------------------------
def _reports(answers: Answers) -> list[Answers]:
    """The other reports of the same event."""
    return [row for row in other_rows(answers, "SAE") if row["sae_ae"] == answers["sae_ae"] is not None]


def place_of_report(report: str) -> int:
    """0 for the initial report, the number of a follow-up, the end for the final one."""
    return {INITIAL: 0, FINAL: len(FOLLOW_UPS) + 1, **FOLLOW_UPS}[report]


def _in_sequence(report: str, answers: Answers) -> bool:
    """The report before it is there, none stands twice, and none that belongs before it was sent later."""
    others = [
        (place_of_report(row["sae_report_type"]), row) for row in _reports(answers) if row["sae_report_type"]
    ]
    here, sent = place_of_report(report), answers["sae_to_sponsor_dt"]
    places = {place for place, _row in others}
    expected = 0 if report == FINAL else here - 1
    if here in places or (here > 0 and expected not in places):
        return False
    earlier = [row["sae_to_sponsor_dt"] for place, row in others if place < here]
    return sent is None or all(moment <= sent for moment in earlier if moment)


# --- times -----------------------------------------------------------------------------------------------
def _hours_after(moment: datetime, start: datetime | None) -> float:
    return 0 if start is None else (moment - start) / timedelta(hours=1)


def _not_before_event(moment: datetime, answers: Answers) -> bool:
    began, day = _of_event(answers, "ae_start"), local_day(moment)
    return began is None or day is None or day >= began.earliest


def _in_time(moment: datetime, answers: Answers) -> bool:
    return _hours_after(moment, answers["sae_aware_dt"]) <= TO_SPONSOR_WITHIN_HOURS


def _in_time_or_deviation(moment: datetime, answers: Answers) -> bool:
    first = local_day(answers["sae_aware_dt"])
    return _in_time(moment, answers) or deviation_recorded(answers, LATE_REPORT, first, local_day(moment))


def _committee_hours() -> int:
    return setting_as(int, "ec_report_hours")


def _committee_in_time(moment: datetime, answers: Answers) -> bool:
    within = FATAL_TO_COMMITTEE_WITHIN_HOURS if _is_fatal(answers) else _committee_hours()
    return _hours_after(moment, answers["sae_aware_dt"]) <= within


def _submitted_in_time(moment: datetime, answers: Answers) -> bool:
    due, day = answers["sae_due_dt"], local_day(moment)
    return due is None or day is None or day <= due


def _submitted_or_deviation(moment: datetime, answers: Answers) -> bool:
    due = answers["sae_due_dt"]
    return _submitted_in_time(moment, answers) or deviation_recorded(
        answers, LATE_REPORT, due, local_day(moment)
    )


# --- causality and the clock -----------------------------------------------------------------------------
def _as_on_event(grid: dict[str, str], answers: Answers) -> bool:
    """What the event says of each component that it was asked about."""
    said = {component: _of_event(answers, item) for component, item in RELATIONS.items()}
    return all(grid.get(component) == relation for component, relation in said.items() if relation)


def _each_component(grid: dict[str, str], answers: Answers) -> bool:
    return set(answers["sae_causality_inv"] or ()) <= set(grid)


def _not_lower(grid: dict[str, str], answers: Answers) -> bool:
    judged_by_investigator = answers["sae_causality_inv"] or {}
    return all(
        _ORDER.index(grid[component]) >= _ORDER.index(relation)
        for component, relation in judged_by_investigator.items()
        if component in grid
    )


def _susar(answers: Answers) -> bool | None:
    """Suspected (related to any component), unexpected, serious; None until the sponsor has judged."""
    expected, grid = answers["sae_expected"], answers["sae_causality_spo"]
    if expected is None or grid is None:
        return None
    suspected = {*grid.values(), *(answers["sae_causality_inv"] or {}).values()} & RELATED
    return bool(suspected) and expected == "unexpected" and bool(_of_event(answers, "ae_serious"))


def clock_days(criteria: Iterable[str]) -> int:
    """The days that a SUSAR has, by the criteria for which the event is serious."""
    return SHORT_CLOCK_DAYS if {"death", "life_threatening"} & set(criteria) else CLOCK_DAYS


def _clock_days(answers: Answers) -> int:
    return clock_days(_criteria(answers))


def _due(answers: Answers) -> date | None:
    told, days = local_day(answers["sae_to_sponsor_dt"]), answers["sae_clock_days"]
    return None if told is None or days is None else told + timedelta(days)


def _follow_up_due(answers: Answers) -> date | None:
    """Counted from the submission of the initial report of the event."""
    reports = [answers, *_reports(answers)]
    initial = next((row for row in reports if row["sae_report_type"] == INITIAL), None)
    submitted = local_day(initial["sae_submitted_dt"]) if initial else None
    return None if submitted is None else submitted + timedelta(FOLLOW_UP_AFTER_DAYS)


def _not_due_soon(due: date, answers: Answers) -> bool:
    """Submitted, or the end of the day on which it is due lies further away than the configured hours."""
    ends = datetime.combine(due + timedelta(1), time.min, SITE_ZONE)
    hours = setting_as(int, "alert_mail_hours_susar")
    return answers["sae_submitted_dt"] is not None or ends - timezone.now() > timedelta(hours=hours)


def _follow_up_overdue(answers: Answers) -> Sight:
    """Asked at the initial report, until another report of the event was submitted."""
    due = answers["sae_fu8_due"]
    if answers["sae_report_type"] != INITIAL or due is None or site_today() <= due:
        return False
    return not any(row["sae_submitted_dt"] for row in _reports(answers)) and {"due": due}


def _causality(label: Any, **options: Any) -> GridItem:
    return GridItem(label, COMPONENTS, REL, **options)


_LATE: Limit = numbered(
    must(
        _("within 24 h of awareness, or a deviation"),
        _in_time_or_deviation,
        "sae_aware_dt",
        "PDEV.pd_cat",
        "PDEV.pd_dt",
    ),
    "X-SAE-01",
    _("Late SAE report: a deviation (SAE timeline) is required."),
)


class SeriousEventReport(FormRow):
    """One report of one event: when it was known and sent, what happened, and how it is judged."""

    form = FormDeclaration(
        code="SAE",
        title=_("Serious adverse event report"),
        enters=_("investigator"),
        signs=_("investigator"),
        sdtm="AE + E2B(R3) export",
        approved=True,
        judged=("sae_causality_spo", "sae_expected"),
        repeat=Repeat.ROWS,
        dated_by="sae_aware_dt",
        after_death=True,
        sections=(
            Section(_("Report"), "sae_ae"),
            Section(_("What happened"), "sae_narrative"),
            Section(_("Judgement"), "sae_causality_inv"),
            Section(_("Authority"), "sae_susar"),
        ),
        checks=(
            soft(
                "X-SAE-05",
                "sae_fu8_due",
                _("Follow-up report overdue since %(due)s."),
                _follow_up_overdue,
                "sae_ae",
                "sae_report_type",
                "SAE.sae_ae",
                "SAE.sae_submitted_dt",
            ),
        ),
    )

    sae_ae = ReferenceItem(
        _("AE record"),
        target="AE",
        hard=(a_row_of("AE"), must(_("a serious event"), _is_serious, "AE.ae_serious")),
        cdisc="AE.AESPID",
    )
    sae_report_type = ChoiceItem(
        _("Report"),
        REPORTS,
        hard=numbered(
            must(
                _("after the report before it"),
                _in_sequence,
                "sae_ae",
                "sae_to_sponsor_dt",
                "SAE.sae_ae",
                "SAE.sae_report_type",
                "SAE.sae_to_sponsor_dt",
            ),
            "X-SAE-04",
            _("Report order is wrong: initial, follow-up 1, 2 and so on, then final."),
        ),
        cdisc="E2B C.1",
    )
    sae_aware_dt = DateTimeItem(
        _("Site awareness"),
        hard=(
            NOT_LATER_THAN_NOW,
            must(_("not before the event"), _not_before_event, "sae_ae", "AE.ae_start"),
        ),
        cdisc="E2B",
    )
    sae_to_sponsor_dt = DateTimeItem(
        _("Reported to sponsor"),
        hard=(NOT_LATER_THAN_NOW, not_before("sae_aware_dt"), _LATE),
        soft=must(_("within 24 h of awareness"), _in_time, "sae_aware_dt"),
        cdisc="E2B",
    )
    sae_to_ec_dt = DateTimeItem(
        _("Reported to ethics committee"),
        req="C",
        when=judged(_("the procedure of the site asks for it"), lambda answers: _committee_hours() > 0),
        hard=(NOT_LATER_THAN_NOW, not_before("sae_aware_dt")),
        soft=must(
            _("in the time of the site's procedure, 24 h if fatal"),
            _committee_in_time,
            "sae_aware_dt",
            "AE.ae_ser_crit",
        ),
        cdisc="E2B",
    )

    sae_narrative = TextItem(_("Narrative"), 4000, hard=at_least_characters(100), cdisc="AE/CO")
    sae_hosp_from = DateItem(
        _("Admission"),
        req="C",
        when=judged(_("the event led to or prolonged a stay in hospital"), _in_hospital, "AE.ae_ser_crit"),
        cdisc="HO",
    )
    sae_hosp_to = DateItem(
        _("Discharge"),
        req="O",
        when=judged(_("the event led to or prolonged a stay in hospital"), _in_hospital, "AE.ae_ser_crit"),
        hard=not_before("sae_hosp_from"),
        cdisc="HO",
    )

    sae_causality_inv = _causality(
        _("Investigator causality (per component)"),
        hard=must(
            _("as the adverse event says"),
            _as_on_event,
            "sae_ae",
            *(f"AE.{item}" for item in RELATIONS.values()),
        ),
        cdisc="AE.AEREL",
    )
    sae_causality_spo = _causality(
        _("Sponsor causality"),
        when=_REVIEW,
        hint=_("as the medical monitor judges; not lower than the investigator"),
        hard=(
            must(_("for each component that the investigator judged"), _each_component, "sae_causality_inv"),
            numbered(
                must(_("not lower than the investigator"), _not_lower, "sae_causality_inv"),
                "X-SAE-02",
                _("Sponsor may not downgrade causality."),
            ),
        ),
        cdisc="SUPPAE",
    )
    sae_expected = ChoiceItem(
        _("Expectedness"),
        choices("sae_expected", _("expected"), _("unexpected")),
        when=_REVIEW,
        hint=_("as the medical monitor judges"),
        cdisc="SUPPAE",
    )

    sae_susar = BooleanItem(
        "SUSAR",
        when=_REVIEW,
        derived=Derivation(
            _("serious, related to any component and unexpected"),
            _susar,
            ("sae_causality_inv", "sae_causality_spo", "sae_expected", "sae_ae", "AE.ae_serious"),
        ),
        soft=other_than(YES),
        cdisc="SUPPAE",
    )
    sae_clock_days = IntegerItem(
        _("Regulatory clock"),
        when=_SUSAR,
        derived=Derivation(
            _("7 if fatal or life-threatening, else 15"),
            _clock_days,
            ("sae_susar", "sae_ae", "AE.ae_ser_crit"),
        ),
        unit="d",
        cdisc="SUPPAE",
    )
    sae_due_dt = DateItem(
        _("Due date"),
        when=_SUSAR,
        derived=Derivation(
            _("day of the report to the sponsor + clock"), _due, ("sae_to_sponsor_dt", "sae_clock_days")
        ),
        soft=numbered(
            must(_("not within the configured hours, unless submitted"), _not_due_soon, "sae_submitted_dt"),
            "",
            _("SUSAR to be submitted to the authority by %(value)s."),
        ),
        cdisc="SUPPAE",
    )
    sae_submitted_dt = DateTimeItem(
        _("Submitted to authority"),
        req="C",
        when=_SUSAR,
        hard=(
            NOT_LATER_THAN_NOW,
            must(
                _("by the due date, or a deviation (SAE timeline)"),
                _submitted_or_deviation,
                "sae_due_dt",
                "PDEV.pd_cat",
                "PDEV.pd_dt",
            ),
        ),
        soft=must(_("by the due date"), _submitted_in_time, "sae_due_dt"),
        cdisc="SUPPAE",
    )
    sae_fu8_due = DateItem(
        _("Follow-up due for fatal/life-threatening"),
        when=when("sae_clock_days", str(SHORT_CLOCK_DAYS)),
        derived=Derivation(
            _("submission of the initial report + 8 d"),
            _follow_up_due,
            ("sae_clock_days", "sae_submitted_dt", "sae_report_type", "sae_ae", "SAE"),
        ),
        cdisc="SUPPAE",
    )
