"""What the safety committee has to adjudicate: dose-limiting toxicity of each infused subject.

Which event is a candidate is said by the rules of section 4.1 where the event is entered (`ae_dlt`), and what
the committee decided by the form of adjudication; here both are read together and nothing is decided. The
rules are from memory and await the trial team's confirmation.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, cast

from django.db.models import QuerySet

from patients.casebook.answers import local_day
from patients.casebook.page import Page, Subject
from patients.casebook.settings import settings_read_once
from patients.forms.adverse_event import CANDIDATE, CONFIRMED, REJECTED
from patients.forms.dlt_candidate import kind_of
from patients.forms.dose_limiting_toxicity import dose_counts
from patients.grading.dose_limiting import SEVERE, Kind
from patients.items.conditions import Answers
from patients.oversight.safety_clocks import rows_on
from trial.protocol.configuration import setting_as


class Said(StrEnum):
    """What is said of an event in the window."""

    CANDIDATE = CANDIDATE
    CONFIRMED = CONFIRMED
    REJECTED = REJECTED
    OPEN = "open"
    """Grade 3 or more, no cytopenia, and nobody has answered yet."""


class Waits(StrEnum):
    """Where the adjudication of a subject stands, the most urgent first."""

    DECISION = "decision"
    """There are candidates, or the window is over, and nobody has decided."""
    WINDOW = "window"
    DECIDED = "decided"


@dataclass
class Adjudicated:
    """One infused subject: its window, the events in it, and the form of adjudication."""

    subject: Subject
    infused: date
    closes: date
    dose_counts: bool | None
    """Whether the dose lies within the configured share of the target; None where it is not recorded."""
    events: list[tuple[Any, Said]] = field(default_factory=list)
    page: Page | None = None
    decision: Any = None

    def waits(self, on: date) -> Waits:
        decided = self.decision is not None and self.decision.dlt_evaluable is not None
        unsettled = any(said in (Said.CANDIDATE, Said.OPEN) for _event, said in self.events)
        if decided and not unsettled:
            return Waits.DECIDED
        return Waits.DECISION if unsettled or on > self.closes else Waits.WINDOW


@settings_read_once()
def to_adjudicate(pages: "QuerySet[Page, Any]", on: date) -> list[Adjudicated]:
    """The infused subjects on these pages, what waits in front; in four statements and those of
    the settings, however many there are."""
    found = _infused(pages)
    for event in rows_on(pages, "AE").filter(ae_day_car__gte=0, ae_day_car__lte=_window_days()):
        said = _said_of(event)
        if said and event.page.subject_id in found:
            found[event.page.subject_id].events.append((event, said))
    decisions = {row.page_id: row for row in rows_on(pages, "DLT")}
    for page in pages.filter(form_code="DLT").select_related("subject", "visit"):
        if each := found.get(page.subject_id):
            each.page, each.decision = page, decisions.get(page.pk)
    order = list(Waits)
    return sorted(
        found.values(), key=lambda each: (order.index(each.waits(on)), each.closes, each.subject.code)
    )


def _infused(pages: "QuerySet[Page, Any]") -> dict[int, Adjudicated]:
    """By the first infusion of each subject."""
    found: dict[int, Adjudicated] = {}
    for row in rows_on(pages, "INF").exclude(inf_start_dt=None).order_by("inf_start_dt"):
        day = local_day(row.inf_start_dt)
        if day is not None and row.page.subject_id not in found:
            dose = None if row.inf_dose_kg is None else dose_counts(row.inf_dose_kg)
            closes = day + timedelta(days=_window_days())
            found[row.page.subject_id] = Adjudicated(row.page.subject, day, closes, dose)
    return found


def _window_days() -> int:
    return setting_as(int, "dlt_window_days")


def _said_of(event: Any) -> Said | None:
    """None for an event that does not count, or is no candidate by its grade."""
    if event.ae_dlt in (CANDIDATE, CONFIRMED, REJECTED):
        return Said(event.ae_dlt)
    kind = {"ae_special": event.ae_special, "ae_ctcae_term": event.ae_ctcae_term}
    severe = event.ae_grade is not None and int(event.ae_grade) >= SEVERE
    is_cytopenia = kind_of(cast(Answers, kind)) is Kind.CYTOPENIA  # it looks at these two items
    return Said.OPEN if event.ae_dlt is None and severe and not is_cytopenia else None
