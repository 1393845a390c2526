"""How far source verification is: what is planned and what is done, by site, subject, visit or form.

Read from the counts on the pages, in one statement however many pages there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Coalesce

from patients.casebook.page import Page
from patients.oversight.verification_plan import drawn_below, waits_for_verification


class Dimension(StrEnum):
    """By what the progress is counted."""

    SITE = "site"
    SUBJECT = "subject"
    VISIT = "visit"
    FORM = "form"


_COLUMN = {
    Dimension.SITE: F("subject__site__code"),
    Dimension.SUBJECT: F("subject__code"),
    Dimension.VISIT: Coalesce(F("visit__code"), Value("")),
    Dimension.FORM: F("form_code"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """What is planned and done at one site, of one subject, at one visit or on one form. `others` are the
    values that are not critical on the pages that were drawn; `waiting` counts pages."""

    name: str
    critical: int
    critical_done: int
    others: int
    others_done: int
    pages: int
    waiting: int

    @property
    def is_done(self) -> bool:
        return self.waiting == 0


def progress(sites: Iterable[str], by: Dimension) -> list[Progress]:
    """The progress at these sites, by name; of pages that were saved."""
    drawn = Q(verification_draw__lt=drawn_below())
    pages: Any = Page.objects.filter(subject__site__code__in=list(sites), version__gt=0).order_by()
    counted = (
        pages.annotate(name=_COLUMN[by])
        .values("name")
        .annotate(
            critical=Sum("critical_items"),
            critical_done=Sum("critical_verified"),
            others=Coalesce(Sum("other_items", filter=drawn), 0),
            others_done=Coalesce(Sum("other_verified", filter=drawn), 0),
            pages=Count("pk"),
            waiting=Count("pk", filter=waits_for_verification()),
        )
        .order_by("name")
    )
    return [Progress(**row) for row in counted]
