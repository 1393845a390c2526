"""One encounter, two visits: rule 4 of the visit schedule.

Where a date lies in the windows of a visit on each clock, what both share is entered at the visit on the HSCT
clock, and the other one says by which visit it is covered.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Q

from patients.casebook.page import Page, PageState, Subject, Visit, VisitState
from trial.protocol.visits import SHARED_FORMS, Clock, visit_type
from trial.trail.actor import Source, system_actor
from trial.trail.record import Change

Encounter = tuple[date, str]
"""A day, and the code of the visit at which something was entered on it."""

_AUTHOR = system_actor("schedule", Source.TASK).user_name


def may_cover(page: Page) -> bool:
    """Whether a save of this page can cover a visit of the CAR-T clock."""
    is_shared = page.visit is not None and page.form_code in SHARED_FORMS
    return is_shared and visit_type(page.visit_code).clock is Clock.HSCT


def cover_visits(subject: Subject) -> list[Change]:
    """Bring what covers what in line with the dates of the shared forms; what changed, for the trail.

    Asked at every save of such a form, it looks at plain values: only a visit that changes becomes one.
    """
    encounters, entered = _encounters(subject)
    changes: list[Change] = []
    moved: list[Visit] = []
    for place in subject.visits.filter(_near(encounters), state=VisitState.OPEN).values():
        if visit_type(place["code"]).clock is not Clock.CAR_T:
            continue
        covering = "" if place["code"] in entered else _covering(place, encounters)
        if covering != place["covered_by"]:
            changes.append(_change(place, covering))
            moved.append(Visit(**place | {"covered_by": covering}))
    Visit.objects.save_with_history(moved, ["covered_by"])
    return changes


def _encounters(subject: Subject) -> tuple[list[Encounter], set[str]]:
    """When shared forms were entered at which visits of the HSCT clock, and every visit where any was."""
    begun = Page.objects.filter(subject=subject, form_code__in=SHARED_FORMS).exclude(state=PageState.EMPTY)
    places = list(begun.exclude(visit=None).values_list("form_date", "visit__code"))
    dated = [(day, code) for day, code in places if day and visit_type(code).clock is Clock.HSCT]
    return dated, {code for _day, code in places}


def _near(encounters: Sequence[Encounter]) -> Q:
    """The visits that are covered, or could be by one of these encounters."""
    covered = ~Q(covered_by="")
    if not encounters:
        return covered
    return covered | Q(opens__lte=max(encounters)[0], closes__gte=min(encounters)[0])


def _covering(place: Mapping[str, Any], encounters: Iterable[Encounter]) -> str:
    """The visit whose encounter lies in the window of this one, the nearest to its target; else nothing."""
    return min(_encounters_within(place, encounters), default=(0, ""))[1]


def _encounters_within(
    place: Mapping[str, Any], encounters: Iterable[Encounter]
) -> Iterator[tuple[int, str]]:
    target, opens, closes = place["target"], place["opens"], place["closes"]
    if target and opens and closes:
        for day, code in encounters:
            if opens <= day <= closes:
                yield abs((day - target).days), code


def _change(place: Mapping[str, Any], covering: str) -> Change:
    code = place["code"]
    return Change(f"visit.{code}", f"Visit {code}", place["covered_by"], covering, author=_AUTHOR)
