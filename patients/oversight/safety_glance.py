"""What a team looks at first: what became grave in the last days."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.items.partial_date import PartialDate

GLANCE_DAYS = 7
GRAVE = 3  # of five grades
_GRADED = (("CRS", "crs_grade"), ("ICANS", "icans_grade"))


@dataclass(frozen=True, slots=True)
class Grave:
    """A grade of 3 or more: on which page, of what, since when."""

    page: Page
    what: str
    grade: int
    day: date


def grave_events(pages: "QuerySet[Page, Any]", on: date) -> list[Grave]:
    """What reached grade 3 within the last seven days on these pages, the newest first: adverse events by
    their start where its day is known, CRS and ICANS by the day of the assessment."""
    first = on - timedelta(days=GLANCE_DAYS - 1)
    found = [*_adverse_events(pages, first, on), *_graded_days(pages, first, on)]
    return sorted(found, key=lambda each: (-each.day.toordinal(), each.page.subject.code, each.what))


def _adverse_events(pages: "QuerySet[Page, Any]", first: date, last: date) -> Iterator[Grave]:
    began = Q(ae_start__gte=PartialDate.of(first), ae_start__lte=PartialDate.of(last))
    for row in _rows("AE", pages).filter(began, ae_grade__gte=str(GRAVE)):
        if row.ae_start.is_full:
            yield Grave(row.page, row.ae_term or "AE", int(row.ae_grade), row.ae_start.earliest)


def _graded_days(pages: "QuerySet[Page, Any]", first: date, last: date) -> Iterator[Grave]:
    """The first grave day of each subject and form."""
    for form, item in _GRADED:
        seen: set[int] = set()
        rows = _rows(form, pages).filter(
            **{f"{item}__gte": GRAVE}, page__form_date__gte=first, page__form_date__lte=last
        )
        for row in rows.order_by("page__form_date", "pk"):
            if row.page.subject_id not in seen:
                seen.add(row.page.subject_id)
                yield Grave(row.page, form, getattr(row, item), row.page.form_date)


def _rows(form: str, pages: "QuerySet[Page, Any]") -> "QuerySet[Any, Any]":
    model: Any = form_model(form)  # the checker knows the abstract base alone
    found: QuerySet[Any, Any] = model.objects.filter(page__in=pages.filter(form_code=form).order_by())
    return found.select_related("page__subject", "page__visit")
