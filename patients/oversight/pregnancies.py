"""The pregnancies that are on record, of subjects and of their partners, and what is still waited for.

The protocol has no form for them: each is an adverse event that is entered as serious even where it harms
nobody, reported within 24 hours as any other, and followed by reports in their order until its outcome is
known (decision 0043). Open events are asked for an update (X-AE-09); here they stand together.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from patients.casebook.page import Page
from patients.forms.adverse_event import ENDED, PREGNANCY
from patients.forms.serious_adverse_event import FINAL
from patients.oversight.safety_clocks import rows_on


class Awaited(StrEnum):
    """What of a pregnancy is waited for next."""

    SERIOUS = "serious"
    """That the event is said to be serious, so that its clock runs."""
    REPORT = "report"
    """The first report."""
    OUTCOME = "outcome"
    """Follow-ups, until its outcome is known."""
    FINAL = "final"
    """The final report, now that it is."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Pregnancy:
    """The event of a pregnancy, and its reports in the order in which the site knew of them."""

    event: Any
    reports: list[Any] = field(default_factory=list)

    @property
    def last_heard(self) -> datetime | None:
        """When the site last knew of something to report."""
        return max((report.sae_aware_dt for report in self.reports if report.sae_aware_dt), default=None)

    @property
    def awaited(self) -> Awaited:
        if not self.event.ae_serious:
            return Awaited.SERIOUS
        if not self.reports:
            return Awaited.REPORT
        if self.event.ae_outcome not in ENDED:
            return Awaited.OUTCOME
        is_final = any(report.sae_report_type == FINAL for report in self.reports)
        return Awaited.NOTHING if is_final else Awaited.FINAL


def pregnancies(pages: "QuerySet[Page, Any]") -> list[Pregnancy]:
    """The pregnancies on these pages by subject and row, in two statements; one where there is none."""
    named = reduce(or_, (Q(ae_term__icontains=word) for word in PREGNANCY))
    events = list(rows_on(pages, "AE").filter(named).order_by("page__subject__code", "pk"))
    reports = _reports_of(events, pages)
    return [Pregnancy(event, reports[event.page.subject_id, event.row_key]) for event in events]


def _reports_of(events: Iterable[Any], pages: "QuerySet[Page, Any]") -> dict[tuple[int, str], list[Any]]:
    found: dict[tuple[int, str], list[Any]] = defaultdict(list)
    if subjects := {event.page.subject_id for event in events}:
        for report in rows_on(pages, "SAE").filter(page__subject__in=subjects).order_by("sae_aware_dt"):
            found[report.page.subject_id, report.sae_ae or ""].append(report)
    return found
