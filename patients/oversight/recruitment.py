"""Recruitment: how many subjects were enrolled at a site, and how many are planned."""

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
