"""What is due, and since when: rules 8 to 10 of the visit schedule.

A page is due from the day on which the window of its visit opens, and overdue from the day after it closes. A
reminder is in place from its target on, and seven days after the window the monitor is told.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from django.db.models import Q, QuerySet

from patients.casebook.page import DONE, Page, PageState, VisitState
from patients.schedule.plan import DIED
from trial.protocol.visits import DLT_CLOSURE, SHARED_FORMS, VISITS

ESCALATED_AFTER_DAYS = 7
_IF_NEEDED = [(visit.code, due.form) for visit in VISITS for due in visit.forms if due.if_needed]


class Due(StrEnum):
    """How urgent a page is on a day."""

    LATER = "later"
    OPEN = "open"
    REMINDER = "reminder"
    OVERDUE = "overdue"
    ESCALATED = "escalated"


def expected() -> Q:
    """The pages that somebody waits for, whatever the day. What is begun is always expected, and a log."""
    return Q(visit=None) | expected_at_visit() | ~Q(state=PageState.EMPTY)


def expected_at_visit() -> Q:
    """The same of the empty pages of visits: those of visits that are still expected, but for what is entered
    at the visit that covers this one, and what is only filled where it is needed. Of the visits that death
    has closed the closure of the DLT window stays."""
    judged = Q(form_code="DLT", visit__code=DLT_CLOSURE, visit__reason=DIED)
    covered = ~Q(visit__covered_by="") & Q(form_code__in=SHARED_FORMS)
    if_needed = Q(pk__in=())
    for code, form in _IF_NEEDED:
        if_needed |= Q(form_code=form, visit__code=code)
    waited_for = Q(visit__state=VisitState.OPEN) & ~covered & ~if_needed
    return waited_for | judged


def is_expected(page: Page) -> bool:
    """The same of one page, with its visit at hand."""
    visit = page.visit
    if visit is None or page.state != PageState.EMPTY:
        return True
    if visit.state == VisitState.SUPERSEDED:
        return (page.form_code, visit.code, visit.reason) == ("DLT", DLT_CLOSURE, DIED)
    is_covered = bool(visit.covered_by) and page.form_code in SHARED_FORMS
    return not is_covered and (visit.code, page.form_code) not in _IF_NEEDED


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page that is not done, and how urgent it is."""

    page: Page
    due: Due
    days_late: int


def urgency(page: Page, on: date) -> Due:
    """How urgent a page that is not done is on this day. Without a window it is open."""
    visit = page.visit
    if visit is None or visit.opens is None:
        return Due.OPEN
    if on < visit.opens:
        return Due.LATER
    if visit.closes is not None and on > visit.closes:
        late = on > visit.closes + timedelta(ESCALATED_AFTER_DAYS)
        return Due.ESCALATED if late else Due.OVERDUE
    return Due.REMINDER if visit.target is not None and on >= visit.target else Due.OPEN


def due_pages(pages: "QuerySet[Page]", on: date) -> list[DuePage]:
    """Those of the pages that are due or overdue on this day and not done, the latest first, then by subject.

    Log pages are never due: rows are added as things happen.
    """
    waiting = (
        pages.filter(expected(), visit__opens__lte=on)
        .exclude(state__in=DONE)
        .select_related("subject__site", "visit")
        .order_by("visit__closes", "subject__code", "visit__target", "form_code")
    )
    return [DuePage(page, urgency(page, on), _days_late(page, on)) for page in waiting]


def late_pages(pages: "QuerySet[Page]", on: date) -> "QuerySet[Page]":
    """Those of the pages that `due_pages` calls overdue on this day, in no order."""
    late = pages.filter(expected(), visit__opens__lte=on, visit__closes__lt=on)
    return late.exclude(state__in=DONE).order_by()


def _days_late(page: Page, on: date) -> int:
    closes = page.visit.closes if page.visit else None
    return max(0, (on - closes).days) if closes else 0
