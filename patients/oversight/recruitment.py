"""Recruitment: how many subjects were enrolled at a site, and how many are planned."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Min, Q

from patients.casebook.form import form_model
from patients.casebook.page import Subject
from trial.people.models import Site

LATELY_DAYS = 30


@dataclass(frozen=True, slots=True)
class Recruitment:
    """One site as of a day: subjects that were screened (recorded here), enrolled, and enrolled in the last
    thirty days; the day of the first enrolment."""

    site: Site
    screened: int
    enrolled: int
    lately: int
    first: date | None


def recruitment(sites: Iterable[Site], on: date) -> list[Recruitment]:
    """Where each of these sites stands, in two statements."""
    model: Any = form_model("ELIG")
    enrolled = model.objects.filter(enrol_dt__lte=on).order_by().values_list("page__subject__site")
    counted = enrolled.annotate(
        number=Count("pk"),
        lately=Count("pk", filter=Q(enrol_dt__gt=on - timedelta(days=LATELY_DAYS))),
        first=Min("enrol_dt"),
    )
    by_site = {pk: told for pk, *told in counted}
    screened = dict(Subject.objects.order_by().values_list("site").annotate(Count("pk")))
    return [
        Recruitment(site, screened.get(site.pk, 0), *by_site.get(site.pk, (0, 0, None))) for site in sites
    ]


Months = dict[date, Counter[str]]
"""By the first day of each month how many subjects were enrolled at which site."""


def enrolled_by_month(sites: Iterable[Site], on: date) -> Months:
    """From the month of the first enrolment to that of the day, none left out; in one statement. A subject
    counts once, in the month of its first enrolment."""
    model: Any = form_model("ELIG")
    enrolled = model.objects.filter(enrol_dt__lte=on, page__subject__site__in=list(sites)).order_by()
    of_subject = enrolled.values_list("page__subject__site__code", "page__subject").annotate(Min("enrol_dt"))
    days = [(site, day) for site, _subject, day in of_subject]
    if not days:
        return {}
    found = {month: Counter[str]() for month in _months(min(day for _site, day in days), on)}
    for site, day in days:
        found[day.replace(day=1)][site] += 1
    return found


def _months(first: date, last: date) -> Iterable[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = (month + timedelta(days=31)).replace(day=1)
