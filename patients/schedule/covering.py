"""One encounter, two visits: rule 4 of the visit schedule.

Where a date lies in the windows of a visit on each clock, what both share is entered at the visit on the HSCT
clock, and the other one says by which visit it is covered.
"""

from collections.abc import Iterable, Iterator

from patients.casebook.page import Page, PageState, Subject, Visit, VisitState
from trial.protocol.visits import SHARED_FORMS, Clock, visit_type
from trial.trail.actor import Source, system_actor
from trial.trail.record import Change

_AUTHOR = system_actor("schedule", Source.TASK).user_name


def may_cover(page: Page) -> bool:
    """Whether a save of this page can cover a visit of the CAR-T clock."""
    return page.form_code in SHARED_FORMS and _clock(page.visit) is Clock.HSCT


def cover_visits(subject: Subject) -> list[Change]:
    """Bring what covers what in line with the dates of the shared forms; what changed, for the trail."""
    shared = Page.objects.filter(subject=subject, form_code__in=SHARED_FORMS).exclude(visit=None)
    pages = [page for page in shared.select_related("visit") if page.state != PageState.EMPTY]
    encounters = [page for page in pages if page.form_date and _clock(page.visit) is Clock.HSCT]
    entered = {page.visit_id for page in pages}
    changes: list[Change] = []
    moved: list[Visit] = []
    for visit in subject.visits.filter(state=VisitState.OPEN):
        if _clock(visit) is not Clock.CAR_T:
            continue
        covering = "" if visit.pk in entered else _covering(visit, encounters)
        if covering != visit.covered_by:
            changes.append(_change(visit, covering))
            visit.covered_by = covering
            moved.append(visit)
    Visit.objects.save_with_history(moved, ["covered_by"])
    return changes


def _covering(visit: Visit, encounters: Iterable[Page]) -> str:
    """The visit whose encounter lies in the window of this one, the nearest to its target; else nothing."""
    return min(_encounters_within(visit, encounters), default=(0, ""))[1]


def _encounters_within(visit: Visit, encounters: Iterable[Page]) -> Iterator[tuple[int, str]]:
    for page in encounters:
        day = page.form_date
        if day and visit.opens and visit.closes and visit.target and visit.opens <= day <= visit.closes:
            yield abs((day - visit.target).days), page.visit_code


def _clock(visit: Visit | None) -> Clock | None:
    return visit_type(visit.code).clock if visit else None


def _change(visit: Visit, covering: str) -> Change:
    label = f"Visit {visit.code}"
    return Change(f"visit.{visit.code}", label, visit.covered_by, covering, author=_AUTHOR)
