"""What a monitor looks at on a visit: what came in a period, and what waits at its end.

Each figure is one question; the number and the rows are read by it, so that they cannot differ.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from patients.casebook.form import declared_forms
from patients.casebook.page import Page, PageState
from patients.oversight.deviation_list import DEVIATIONS
from patients.oversight.monitoring_visits import Period
from patients.oversight.queries import Query, QueryMessage, QueryState, Said
from patients.oversight.verification_plan import waits_for_verification
from trial.people.models import Site
from trial.trail.models import TrailChange, TrailEvent
from trial.trail.reading import explained

SERIOUS = "SAE"
REGISTERED = "subject.registered"


class Figure(StrEnum):
    """What is counted, in the order in which it is shown."""

    CORRECTED = "corrected"
    ASKED = "asked"
    ANSWERED = "answered"
    TO_VERIFY = "to_verify"
    UNSIGNED = "unsigned"
    SERIOUS = "serious"
    DEVIATIONS = "deviations"
    SUBJECTS = "subjects"


OF_PAGES = (Figure.TO_VERIFY, Figure.UNSIGNED)
WAITING = (Figure.ANSWERED, *OF_PAGES)
"""What waits at the end of the period; all others came in it."""


def question(figure: Figure, period: Period) -> "QuerySet[Any, Any]":
    """The rows of a figure in their order, as they are now for what waits."""
    return _QUESTIONS[figure](period)


def figures(period: Period) -> dict[Figure, int]:
    """All figures of a period: one statement each, however much there is."""
    return {figure: question(figure, period).order_by().count() for figure in Figure}


def _corrected(period: Period) -> "QuerySet[Any, Any]":
    """The values that somebody corrected, with old, new and reason."""
    found = TrailChange.objects.filter(explained(), **period.of_events("event__"))
    return found.select_related("event").order_by("event_id__id", "id")


def _asked(period: Period) -> "QuerySet[Any, Any]":
    """The queries that were raised, by people or by checks."""
    raised = QueryMessage.objects.filter(
        query=OuterRef("pk"), said=Said.RAISED, **period.of_events("event__")
    )
    return _queries(period).filter(Exists(raised))


def _answered(period: Period) -> "QuerySet[Any, Any]":
    """The queries that the site has answered and nobody has closed."""
    return _queries(period).filter(state=QueryState.ANSWERED)


def _queries(period: Period) -> "QuerySet[Any, Any]":
    found = Query.objects.at(Site.objects.filter(code=period.site))
    return found.with_place().with_question().order_by("opened_at", "pk")


def _to_verify(period: Period) -> "QuerySet[Any, Any]":
    """The pages with a value of the plan that nobody has compared with its source."""
    return _pages(period).filter(waits_for_verification()).exclude(state=PageState.LOCKED)


def _unsigned(period: Period) -> "QuerySet[Any, Any]":
    """The pages that are complete and on which no signature stands."""
    forms = [model.form.code for model in declared_forms()]
    return _pages(period).filter(state=PageState.COMPLETE, form_code__in=forms)


def _pages(period: Period) -> "QuerySet[Any, Any]":
    found: QuerySet[Any, Any] = Page.objects.filter(subject__site__code=period.site)
    found = found.select_related("subject", "visit")
    return found.order_by("subject__code", "visit__target", "form_code", "pk")


def _serious(period: Period) -> "QuerySet[Any, Any]":
    return _rows_of(SERIOUS, period)


def _deviations(period: Period) -> "QuerySet[Any, Any]":
    return _rows_of(DEVIATIONS, period)


def _rows_of(form: str, period: Period) -> "QuerySet[Any, Any]":
    """The rows of a log that the trail first names in the period: entered on its page, or added by the system
    in the act on another (`FORM@.item`)."""
    own = Q(event__form=form) & ~Q(item__contains="@")
    changed = TrailChange.objects.filter(own | Q(item__startswith=f"{form}@"), event__site=period.site)
    rows = changed.exclude(row_key="").order_by().values("event__subject", "row_key")
    first = rows.annotate(first=Min("event__leaf__seq"), at=Min("event__at"))
    return first.filter(first__gt=period.after, first__lte=period.up_to).order_by("first", "row_key")


def _subjects(period: Period) -> "QuerySet[Any, Any]":
    """The subjects that were registered."""
    return TrailEvent.objects.filter(action=REGISTERED, **period.of_events()).order_by("id")


_QUESTIONS = {
    Figure.CORRECTED: _corrected,
    Figure.ASKED: _asked,
    Figure.ANSWERED: _answered,
    Figure.TO_VERIFY: _to_verify,
    Figure.UNSIGNED: _unsigned,
    Figure.SERIOUS: _serious,
    Figure.DEVIATIONS: _deviations,
    Figure.SUBJECTS: _subjects,
}


# --- what a closed visit keeps ---------------------------------------------------------------------------
Waiting = Mapping[str, list[Any]]
"""By figure, what waited: of pages subject, visit and form; of queries their numbers."""


def waiting_now(period: Period) -> dict[str, list[Any]]:
    """What waits at the site at this moment, by its place, which nobody typed."""
    pages: dict[str, list[Any]] = {
        figure.value: [
            [page.subject.code, page.visit_code, page.form_code] for page in question(figure, period)
        ]
        for figure in OF_PAGES
    }
    answered = question(Figure.ANSWERED, period)
    return {Figure.ANSWERED.value: list(answered.values_list("pk", flat=True)), **pages}


def figures_at_close(period: Period, waiting: Waiting) -> dict[str, int]:
    """The figures of a period with what waited at its end."""
    counted = {figure: question(figure, period).order_by() for figure in Figure if figure not in WAITING}
    came = {figure.value: rows.count() for figure, rows in counted.items()}
    return came | {figure.value: len(waiting[figure]) for figure in WAITING}
