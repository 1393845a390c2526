"""The visits and pages of a subject as its anchors say: made, re-dated or superseded, never removed."""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef

from patients.casebook.answers import Casebook, StoredCasebook, local_day
from patients.casebook.form import is_declared
from patients.casebook.page import Page, PageState, Subject, Visit, VisitState
from patients.forms.eligibility import is_signed
from patients.schedule.plan import Anchors, PlannedVisit, event_visit, plan
from trial.protocol.study import site_today
from trial.protocol.visits import LOG_FORMS, RECURRING, Clock, visit_type
from trial.trail.actor import Source, system_actor
from trial.trail.record import Change, Place, record_event

ANCHORING_FORMS = frozenset({"ELIG", "LD", "INF", "HSCT", "ENG", "RLP", "DTH", "EOS"})
NO_LONGER_PLANNED = "no_longer_planned"
_AUTHOR = system_actor("schedule", Source.TASK).user_name


class VisitNotPlanned(LookupError):
    """The subject has no visit of this code, and it is not one that an event opens."""


def anchors_of(subject: Subject, casebook: Casebook, as_of: date) -> Anchors:
    """The dates of a subject from which its visits hang."""
    consent = _first(casebook, "ELIG", "icf_main_dt")
    scope = set(_first(casebook, "EOS", "eos_withdraw_scope") or ())
    return Anchors(
        consent=local_day(consent),
        eligible_signed=_is_eligible_and_signed(casebook),
        planned_infusion=subject.planned_infusion,
        t0=local_day(_first(casebook, "INF", "inf_start_dt")),
        h0=local_day(_first(casebook, "HSCT", "hsct_start_dt")),
        hsct_done=_first(casebook, "HSCT", "hsct_done"),
        lymphodepletion_days=tuple(
            sorted(
                {record.values["ld_date"] for record in casebook.records("LD") if record.values["ld_date"]}
            )
        ),
        neutrophil_engraftment=_earliest(casebook, "ENG", "eng_anc_conf"),
        death=_first(casebook, "DTH", "dth_dt"),
        relapse=_relapse(casebook),
        end_of_study=_first(casebook, "EOS", "eos_dt"),
        follow_up_goes_on=bool(_first(casebook, "EOS", "eos_ltfu")),
        visits_withdrawn="visits" in scope and scope.isdisjoint({"contact", "data_use"}),
        long_term_consent=_first(casebook, "ELIG", "icf_ltfu_signed"),
        as_of=as_of,
    )


def _is_eligible_and_signed(casebook: Casebook) -> bool:
    records = casebook.records("ELIG")
    return any(
        record.values["eligible"] and is_signed(record, casebook.approvals("ELIG", record.visit))
        for record in records[:1]
    )


def _relapse(casebook: Casebook) -> date | None:
    """The first relapse or progression that counts for progression-free survival."""
    counting = (record for record in casebook.records("RLP") if record.values["rlp_counts_pfs"])
    return min((record.values["rlp_dt"] for record in counting if record.values["rlp_dt"]), default=None)


def _first(casebook: Casebook, form: str, item: str) -> Any:
    records = casebook.records(form)
    return records[0].values.get(item) if records else None


def _earliest(casebook: Casebook, form: str, item: str) -> date | None:
    """The earliest date on any page of the form: not every summary confirms one."""
    known = (record.values.get(item) for record in casebook.records(form))
    return min((day for day in known if day is not None), default=None)


def place_visits(subject: Subject, casebook: StoredCasebook) -> list[Change]:
    """Bring the visits and pages of a subject in line with its anchors; what moved, for the trail."""
    planned = {visit.code: visit for visit in plan(anchors_of(subject, casebook, site_today()))}
    filled = Page.objects.filter(visit=OuterRef("pk")).exclude(state=PageState.EMPTY)
    present = {visit.code: visit for visit in subject.visits.annotate(has_started=Exists(filled))}
    moved = [
        (visit, _move(visit, planned.get(code), started=visit.has_started)) for code, visit in present.items()
    ]
    changes = [change for _visit, change in moved if change]
    visits = [visit for visit, change in moved if change]
    Visit.objects.save_with_history(visits, _MOVING)
    casebook.move_visits(visits)
    made = _make(casebook, [visit for code, visit in planned.items() if code not in present])
    if made:
        codes = " ".join(visit.code for visit in made)
        changes.append(Change("visits", "Visits planned", "", codes, author=_AUTHOR))
    return changes


_MOVING = ("target", "opens", "closes", "predicted", "state", "reason")


def _move(visit: Visit, planned: PlannedVisit | None, *, started: bool) -> Change | None:
    """Re-date or supersede a visit that is there. One with data is never superseded."""
    if planned is None and (visit_type(visit.code).clock is Clock.EVENT or started):
        return None
    old = _dates(visit)
    superseded = planned.superseded if planned else NO_LONGER_PLANNED
    if planned is not None:
        visit.target, visit.opens, visit.closes = planned.target, planned.opens, planned.closes
        visit.predicted = planned.predicted
    if not started:
        visit.state = VisitState.SUPERSEDED if superseded else VisitState.OPEN
        visit.reason = superseded
    new = _dates(visit)
    return (
        Change(f"visit.{visit.code}", f"Visit {visit.code}", old, new, author=_AUTHOR) if new != old else None
    )


def _dates(visit: Visit) -> str:
    dates = "/".join(str(day or "") for day in (visit.opens, visit.target, visit.closes))
    return " ".join(part for part in (dates, "predicted" if visit.predicted else "", visit.reason) if part)


def _make(casebook: StoredCasebook, planned: list[PlannedVisit]) -> list[Visit]:
    subject = casebook.subject
    visits = Visit.objects.create_with_history([_new_visit(subject, visit) for visit in planned])
    forms = {visit.code: visit.forms for visit in planned}
    pages = Page.objects.create_with_history(
        [
            Page(subject=subject, visit=visit, form_code=due.form)
            for visit in visits
            for due in forms[visit.code]
            if not due.page_at and due.form not in LOG_FORMS and is_declared(due.form)
        ]
    )
    casebook.add_pages(pages)
    return visits


def _new_visit(subject: Subject, planned: PlannedVisit) -> Visit:
    return Visit(
        subject=subject,
        code=planned.code,
        target=planned.target,
        opens=planned.opens,
        closes=planned.closes,
        predicted=planned.predicted,
        state=VisitState.SUPERSEDED if planned.superseded else VisitState.OPEN,
        reason=planned.superseded,
    )


def open_visit(subject: Subject, code: str, day: date | None) -> Visit:
    """The visit of this code, opened on `day` if it is one that an event opens (UNS1, RLPv1, ENDv).

    Raises VisitNotPlanned for any other that the subject does not have, and UnknownVisit for a code that
    the protocol does not know.
    """
    kind = visit_type(code)
    found = subject.visits.filter(code=code).first()
    if found is not None:
        return found
    if kind.clock is not Clock.EVENT or day is None or (kind.code in RECURRING and code == kind.code):
        raise VisitNotPlanned(code)
    visit = _new_visit(subject, event_visit(code, day))
    visit.save()
    place = Place(site=subject.site.code, subject=subject.code, visit=code)
    record_event("visit.opened", place, [Change("opens", "Opened on", "", str(day))])
    return visit


def page_of(subject: Subject, form: str, visit: Visit | None) -> Page:
    """The page of a form at a visit (none for a log form), made empty if it is not there."""
    found = Page.objects.filter(subject=subject, form_code=form, visit=visit).first()
    if found is not None:
        return found
    page = Page(subject=subject, visit=visit, form_code=form)
    page.save()
    return page
