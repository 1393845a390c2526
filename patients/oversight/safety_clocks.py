"""The clocks of serious events that run, and until when (section 5.2 of the specification).

24 hours from the awareness of the site to the report to the sponsor; for a SUSAR 7 or 15 days from the day on
which the sponsor first knew of it (day 0) to the authority, which run for each report until the sponsor has
said that it is none; and where it was fatal or life-threatening 8 days
from there to its follow-up. A serious event without a report has told no awareness: its 24 hours run from the
moment at which Chimera knew that it is serious, which is the latest that the site can have known it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models import QuerySet
from django.utils import timezone

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.forms.adverse_event import is_pregnancy
from patients.forms.serious_adverse_event import INITIAL, TO_SPONSOR_WITHIN_HOURS, clock_days
from trial.protocol.configuration import setting_as
from trial.protocol.study import SITE_ZONE
from trial.trail.append_only import AppendOnlyModel


class SeriousNotice(AppendOnlyModel):
    """That a row of adverse events was saved as serious for the first time, and when."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="+")
    row_key = models.CharField(max_length=60)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("page", "row_key"), name="one_notice_of_an_event"),)

    def __str__(self) -> str:
        return f"{self.page} {self.row_key}"


class Step(StrEnum):
    """What a clock waits for."""

    REPORT = "report"
    """The initial report of a serious event is begun."""
    SPONSOR = "sponsor"
    """A report goes to the sponsor."""
    JUDGEMENT = "judgement"
    """The sponsor says whether a report is one of a SUSAR, in the days that it has if it is."""
    AUTHORITY = "authority"
    """A SUSAR goes to the authority."""
    FOLLOW_UP = "follow_up"
    """The follow-up of a fatal or life-threatening SUSAR goes to the authority."""

    @property
    def is_of_the_site(self) -> bool:
        """Whether the site does it, within 24 hours; else the sponsor, within days."""
        return self in (Step.REPORT, Step.SPONSOR)


@dataclass(frozen=True, slots=True)
class RunningClock:
    """A step that is waited for, and until when. `row` is the report, or the event that has none; `event` is
    the serious event, where it is there."""

    row: Any
    step: Step
    until: datetime
    event: Any = None

    @property
    def page(self) -> Page:
        page: Page = self.row.page
        return page

    @property
    def row_key(self) -> str:
        key: str = self.row.row_key
        return key

    @property
    def is_of_a_pregnancy(self) -> bool:
        return self.event is not None and is_pregnancy(self.event.ae_term)

    @property
    def is_of_the_first_report(self) -> bool:
        """Whether nothing of the event has gone to the sponsor."""
        first = self.step is Step.SPONSOR and self.row.sae_report_type == INITIAL
        return self.step is Step.REPORT or first

    def tells_at(self, hours: "AlertHours") -> datetime:
        """From when on it is told by mail: the configured hours after the awareness for what the site does,
        the configured hours before the end for what the sponsor does."""
        if self.step.is_of_the_site:
            return self.until - timedelta(hours=TO_SPONSOR_WITHIN_HOURS - hours.sae)
        return self.until - timedelta(hours=hours.susar)


@dataclass(frozen=True, slots=True)
class AlertHours:
    """The configuration `alert_mail_hours`, in hours."""

    sae: int
    susar: int

    @classmethod
    def in_force(cls) -> "AlertHours":
        return cls(setting_as(int, "alert_mail_hours_sae"), setting_as(int, "alert_mail_hours_susar"))


@dataclass
class _Safety:
    """The serious events and the reports of one subject."""

    events: dict[str, Any] = field(default_factory=dict)
    reports: list[Any] = field(default_factory=list)

    def of(self, key: str | None) -> list[Any]:
        return [report for report in self.reports if report.sae_ae == key]


def running_clocks(pages: "QuerySet[Page, Any]") -> list[RunningClock]:
    """The clocks on these pages of which the step is not done, what runs out first in front; in three
    statements at most, however many there are."""
    safety = _by_subject(pages)
    clocks = [*_unreported(safety), *(clock for each in safety for clock in _of_reports(each))]
    return sorted(clocks, key=lambda clock: (clock.until, clock.page.subject.code, clock.row_key))


def _unreported(safety: Iterable[_Safety]) -> list[RunningClock]:
    events = [event for each in safety for key, event in each.events.items() if not each.of(key)]
    if not events:
        return []
    notices = SeriousNotice.objects.filter(page__in={event.page_id for event in events})
    noticed = {(notice.page_id, notice.row_key): notice.at for notice in notices}
    now = timezone.now()
    known = ((event, noticed.get((event.page_id, event.row_key), now)) for event in events)
    return [RunningClock(event, Step.REPORT, at + _WITHIN, event) for event, at in known]


def _of_reports(safety: _Safety) -> Iterator[RunningClock]:
    for report in safety.reports:
        event = safety.events.get(report.sae_ae)
        for step, until in _steps(report, safety):
            yield RunningClock(report, step, until, event)


def _steps(report: Any, safety: _Safety) -> Iterator[tuple[Step, datetime]]:
    if report.sae_aware_dt is not None and report.sae_to_sponsor_dt is None:
        yield Step.SPONSOR, report.sae_aware_dt + _WITHIN
    if report.sae_to_sponsor_dt is not None and _waits_for_judgement(report):
        yield Step.JUDGEMENT, _end_of(_last_day(report, safety.events.get(report.sae_ae)))
    if report.sae_due_dt is not None and report.sae_submitted_dt is None:
        yield Step.AUTHORITY, _end_of(report.sae_due_dt)
    if report.sae_report_type == INITIAL and report.sae_fu8_due is not None:
        others = (other for other in safety.of(report.sae_ae) if other is not report)
        if not any(other.sae_submitted_dt for other in others):
            yield Step.FOLLOW_UP, _end_of(report.sae_fu8_due)


def _waits_for_judgement(report: Any) -> bool:
    """Nothing is said, and not why nothing is."""
    return any(getattr(report, name) is None and name not in report.missing for name in report.form.judged)


def _last_day(report: Any, event: Any) -> date:
    """Of a SUSAR, counted from the day of the report to the sponsor as in the form."""
    days = clock_days(event.ae_ser_crit or () if event is not None else ())
    told: datetime = report.sae_to_sponsor_dt
    return told.astimezone(SITE_ZONE).date() + timedelta(days=days)


_WITHIN = timedelta(hours=TO_SPONSOR_WITHIN_HOURS)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SITE_ZONE)


def _by_subject(pages: "QuerySet[Page, Any]") -> list[_Safety]:
    found: dict[int, _Safety] = defaultdict(_Safety)
    for event in rows_on(pages, "AE").filter(ae_serious=True):
        found[event.page.subject_id].events[event.row_key] = event
    for report in rows_on(pages, "SAE"):
        found[report.page.subject_id].reports.append(report)
    return list(found.values())


def rows_on(pages: "QuerySet[Page, Any]", form: str) -> "QuerySet[Any, Any]":
    """The rows of a form that stand on these pages, each with its page, subject and visit."""
    model: Any = form_model(form)  # the checker knows the abstract base alone
    found: QuerySet[Any, Any] = model.objects.filter(page__in=_of_form(pages, form))
    return found.select_related("page__subject__site", "page__visit")


def _of_form(pages: "QuerySet[Page, Any]", form: str) -> "QuerySet[Page, Any]":
    return pages.filter(form_code=form).order_by()


# --- when Chimera knew ------------------------------------------------------------------------------------
def note_serious(page: Page, keys: Iterable[str]) -> None:
    """Keep when these rows of a page of adverse events were first saved as serious."""
    known = set(SeriousNotice.objects.filter(page=page).values_list("row_key", flat=True))
    SeriousNotice.objects.bulk_create(
        SeriousNotice(page=page, row_key=key) for key in sorted({*keys} - known)
    )


def note_those_of_before() -> None:
    """Keep it of serious events that were saved before Chimera kept it: it knows of them now."""
    model: Any = form_model("AE")
    noticed = SeriousNotice.objects.filter(page=models.OuterRef("page"), row_key=models.OuterRef("row_key"))
    unknown = model.objects.filter(~models.Exists(noticed), ae_serious=True).select_related("page")
    for row in unknown:
        SeriousNotice.objects.get_or_create(page=row.page, row_key=row.row_key)
