"""The list of what is due on a day: overdue first, each with its window and how late it is."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from patients.casebook.form import form_model, is_declared
from patients.casebook.page import Page
from patients.schedule.due import Due, DuePage, due_pages, late_pages

SHOWN = 500  # lines on one screen
_URGENT = {
    Due.ESCALATED: (_("Overdue by more than 7 days"), "bad"),
    Due.OVERDUE: (_("Overdue"), "bad"),
    Due.REMINDER: (_("Target reached"), "warn"),
    Due.OPEN: (_("Window open"), "busy"),
}


@dataclass(frozen=True, slots=True)
class DueLine:
    """A page that is waited for."""

    subject: str
    visit: str
    form: str
    title: str
    url: str
    target: date | None
    closes: date | None
    urgency: str
    kind: str
    days_late: int


@dataclass(frozen=True, slots=True)
class DueScreen:
    on: date
    lines: list[DueLine]
    overdue: int
    more: int
    site: str = ""
    only_late: bool = False


def due_screen(
    pages: "QuerySet[Page, Any]", on: date, site: str = "", *, only_late: bool = False
) -> DueScreen:
    """What is due on the day among these pages; of one site if it is named, with `only_late` the overdue."""
    if site:
        pages = pages.filter(subject__site__code=site)
    if only_late:
        pages = late_pages(pages, on)
    waiting = [each for each in due_pages(pages, on) if is_declared(each.page.form_code)]
    late = sum(each.due in (Due.OVERDUE, Due.ESCALATED) for each in waiting)
    return DueScreen(
        on, [_line(each) for each in waiting[:SHOWN]], late, max(0, len(waiting) - SHOWN), site, only_late
    )


def _line(due: DuePage) -> DueLine:
    page, visit = due.page, due.page.visit
    words, kind = _URGENT[due.due]
    return DueLine(
        subject=page.subject.code,
        visit=page.visit_code,
        form=page.form_code,
        title=str(form_model(page.form_code).form.title),
        url=page.get_absolute_url(),
        target=visit.target if visit else None,
        closes=visit.closes if visit else None,
        urgency=str(words),
        kind=kind,
        days_late=due.days_late,
    )
