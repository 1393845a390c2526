"""The clocks of serious events: as lines of the screen, and as the cells of its CSV."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.oversight.pregnancies import Awaited, Pregnancy
from patients.oversight.safety_clocks import RunningClock
from patients.oversight.safety_mail import Told
from patients.oversight.safety_words import step_in_words, time_left
from patients.web.clocks import moment
from patients.web.widgets import labels_of
from trial.people.models import Site
from trial.protocol.study import SITE_ZONE

Tab = tuple[str, str, bool]
"""A page of the safety of the trial: its address, its title, whether it is the one shown."""


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One clock in words; `pregnancy` is the word for one, if it is of one."""

    page: int
    site: str
    subject: str
    url: str
    event: str
    pregnancy: str
    criteria: str
    step: str
    due: str
    left: str
    is_late: bool
    mails: str
    not_sent: str

    @property
    def cells(self) -> list[str]:
        """Its cells, in the order of `headings`, but for who has signed its page."""
        mails = "; ".join(text for text in (self.mails, self.not_sent) if text)
        event = [self.event, self.pregnancy, self.criteria]
        return [self.site, self.subject, *event, self.step, self.due, self.left, mails]


@dataclass(frozen=True, slots=True)
class PregnancyLine:
    """One pregnancy in words: what was written of it, and what is waited for."""

    subject: str
    url: str
    event: str
    outcome: str
    reports: int
    last_heard: str
    awaited: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class SafetyScreen:
    """Everything that the template says. `untold` are the sites without a contact; `is_narrowed`: only
    the clocks of pregnancies are shown; `may_read_results`: the pack for the safety board may be taken."""

    tabs: list[Tab]
    lines: list[ClockLine]
    pregnancies: list[PregnancyLine]
    is_narrowed: bool
    zone: str
    mail_leaves: bool
    untold: list[str]
    may_read_results: bool


def tabs_of(here: str) -> list[Tab]:
    """The pages about the safety of the subjects."""
    pages = (
        ("safety", _("Clocks")),
        ("reconciliation", _("Reconciliation")),
        ("adjudication", _("Dose-limiting toxicity")),
    )
    return [(reverse(name), title, name == here) for name, title in pages]


def safety_screen(
    lines: list[ClockLine],
    untold: Iterable[Site],
    pregnancies: Iterable[Pregnancy],
    *,
    is_narrowed: bool = False,
    may_read_results: bool = False,
) -> SafetyScreen:
    """`is_narrowed`: only the clocks of pregnancies are shown."""
    return SafetyScreen(
        tabs=tabs_of("safety"),
        lines=[line for line in lines if line.pregnancy or not is_narrowed],
        pregnancies=[_pregnancy(each) for each in pregnancies],
        is_narrowed=is_narrowed,
        zone=zone_in_words(),
        mail_leaves=settings.MAIL_LEAVES,
        untold=[site.code for site in untold],
        may_read_results=may_read_results,
    )


def zone_in_words() -> str:
    """`UTC+8`: the zone of the site, in which every moment is shown."""
    offset = datetime(2025, 1, 1, tzinfo=SITE_ZONE).utcoffset()
    return f"UTC{(offset.total_seconds() if offset else 0) / 3600:+g}"


def headings() -> list[str]:
    return [
        _("Site"),
        _("Subject"),
        _("Serious event"),
        _("Pregnancy"),
        _("Seriousness criteria"),
        _("What is waited for"),
        _("Due (%(zone)s)") % {"zone": zone_in_words()},
        _("Time left"),
        _("Mails"),
        _("Page signed by"),
    ]


def clock_lines(clocks: Sequence[RunningClock], told: Sequence[Told], now: datetime) -> list[ClockLine]:
    return [_line(clock, each, now) for clock, each in zip(clocks, told, strict=True)]


def _line(clock: RunningClock, told: Told, now: datetime) -> ClockLine:
    page = clock.page
    return ClockLine(
        page=page.pk,
        site=page.subject.site.code,
        subject=page.subject.code,
        url=page.get_absolute_url(),
        event=_event(clock.event),
        pregnancy=_("pregnancy") if clock.is_of_a_pregnancy else "",
        criteria=_criteria(clock.event),
        step=step_in_words(clock),
        due=moment(clock.until),
        left=time_left(clock, now),
        is_late=clock.until < now,
        mails=ngettext("%(n)s sent", "%(n)s sent", told.sent) % {"n": told.sent} if told.sent else "",
        not_sent=ngettext("%(n)s not sent", "%(n)s not sent", told.failed) % {"n": told.failed}
        if told.failed
        else "",
    )


def _event(event: Any) -> str:
    if event is None:
        return "–"
    return " · ".join(part for part in (event.ae_term or "", str(event.ae_start or "")) if part)


def _pregnancy(found: Pregnancy) -> PregnancyLine:
    event = found.event
    outcomes = labels_of(event.item("ae_outcome"))
    return PregnancyLine(
        subject=event.page.subject.code,
        url=event.page.get_absolute_url(),
        event=_event(event),
        outcome=outcomes.get(event.ae_outcome, event.ae_outcome or ""),
        reports=len(found.reports),
        last_heard=moment(found.last_heard) if found.last_heard else "",
        awaited=_awaited(found.awaited),
        is_open=found.awaited is not Awaited.NOTHING,
    )


def _awaited(awaited: Awaited) -> str:
    return {
        Awaited.SERIOUS: _("to be entered as serious"),
        Awaited.REPORT: _("first report"),
        Awaited.OUTCOME: _("follow-up, until the outcome is known"),
        Awaited.FINAL: _("final report"),
        Awaited.NOTHING: _("nothing: followed to its outcome"),
    }[awaited]


def _criteria(event: Any) -> str:
    if event is None:
        return ""
    labels = labels_of(event.item("ae_ser_crit"))
    return ", ".join(labels.get(code, code) for code in event.ae_ser_crit or ())
