"""When the visits of a subject were held, and which are still waited for, as their pages say."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from patients.casebook.page import Page, Visit, VisitState
from patients.schedule.due import is_expected


@dataclass(frozen=True, slots=True)
class VisitDays:
    """The first day on which a visit was held, if it was; whether a page of it is still waited for."""

    visit: Visit
    held: date | None
    is_waited_for: bool


def days_of_visits(pages: Iterable[Page]) -> list[VisitDays]:
    """Each visit that these pages belong to."""
    visits: dict[int, Visit] = {}
    of_visit: dict[int, list[Page]] = defaultdict(list)
    for page in pages:
        if page.visit is not None:
            visits[page.visit.pk] = page.visit
            of_visit[page.visit.pk].append(page)
    return [_days_of(visit, of_visit[pk]) for pk, visit in visits.items()]


def _days_of(visit: Visit, pages: list[Page]) -> VisitDays:
    held = [page.form_date for page in pages if page.form_date is not None]
    waits = visit.state == VisitState.OPEN and any(
        is_expected(page) and not page.is_settled for page in pages
    )
    return VisitDays(visit, min(held, default=None), waits)
