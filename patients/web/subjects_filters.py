"""What the list of subjects is narrowed to: by code, site, diagnosis, standing, and the state of pages."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from patients.casebook.page import Page, Subject
from patients.web.queries import asked_about, overdue
from patients.web.standing import Standing, stands
from trial.protocol.study import site_today

OVERDUE, ASKED = "overdue", "query"
ENROLLED, UNTIL = "any", ".."


@dataclass(frozen=True, slots=True)
class SubjectFilters:
    """The filters by the names that the address has for them; an empty one lets everybody through."""

    q: str = ""
    site: str = ""
    stands: str = ""
    diagnosis: str = ""
    pages: str = ""
    enrolled: str = ""
    """ENROLLED, in a month (`2025-06`), or up to the end of one (`..2025-06`)."""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "SubjectFilters":
        """As they stand in an address; a standing or state that there is not is left out."""
        texts = {each.name: given.get(each.name, "").replace("\0", "").strip() for each in fields(cls)}
        known = {"stands": [each.value for each in Standing], "pages": [OVERDUE, ASKED]}
        return cls(**{name: text for name, text in texts.items() if text in known.get(name, (text,))})

    @property
    def chosen(self) -> dict[str, str]:
        """Those that narrow the list."""
        texts = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: text for name, text in texts.items() if text}

    def among(self, subjects: "QuerySet[Subject, Any]") -> "QuerySet[Subject, Any]":
        """Those of the subjects (as `subjects_for` finds them) that the filters let through."""
        if self.q:
            subjects = subjects.filter(code__icontains=self.q)
        if self.site:
            subjects = subjects.filter(site__code=self.site)
        if self.diagnosis:
            subjects = subjects.filter(Q(diagnosis=self.diagnosis))
        if self.stands:
            subjects = subjects.filter(stands(Standing(self.stands)))
        if self.enrolled:
            subjects = subjects.filter(_enrolled(self.enrolled))
        if self.pages:
            state = overdue(site_today()) if self.pages == OVERDUE else asked_about()
            subjects = subjects.filter(Exists(Page.objects.filter(state, subject=OuterRef("pk"))))
        return subjects


def _enrolled(when: str) -> Q:
    """Those enrolled by today: at all, in a month or up to the end of one; nobody for what is no month."""
    until = Q(enrolled__lte=site_today())
    if when == ENROLLED:
        return until
    try:
        first = date.fromisoformat(f"{when.removeprefix(UNTIL)}-01")
        end = (first + timedelta(days=31)).replace(day=1)
    except (ValueError, OverflowError):
        return Q(pk__in=())
    return until & Q(enrolled__lt=end) & (Q() if when.startswith(UNTIL) else Q(enrolled__gte=first))
