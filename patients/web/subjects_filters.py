"""What the list of subjects is narrowed to: by code, site, diagnosis, standing, and the state of pages."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from patients.casebook.page import Page, Subject
from patients.web.queries import asked_about, overdue
from patients.web.standing import Standing, stands
from trial.protocol.study import site_today

OVERDUE, ASKED = "overdue", "query"


@dataclass(frozen=True, slots=True)
class SubjectFilters:
    """The filters by the names that the address has for them; an empty one lets everybody through."""

    q: str = ""
    site: str = ""
    stands: str = ""
    diagnosis: str = ""
    pages: str = ""

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
        if self.pages:
            state = overdue(site_today()) if self.pages == OVERDUE else asked_about()
            subjects = subjects.filter(Exists(Page.objects.filter(state, subject=OuterRef("pk"))))
        return subjects
