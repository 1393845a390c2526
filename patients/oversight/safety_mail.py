"""Who has to be told of what by mail, and what was sent: each contact once of each reason at each row.

A try is claimed before it is made and its outcome is kept after it, both written once: two workers do not
send the same mail, and one that was killed in between is made good by the next try. What failed is tried
again until a day has passed; the clock itself stands on the page "Safety" whatever the mail does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page
from patients.oversight.safety_clocks import AlertHours, RunningClock, Step, running_clocks
from trial.people.safety_contacts import SafetyContact
from trial.trail.append_only import AppendOnlyModel

TRY_AGAIN_AFTER = timedelta(minutes=15)
MOST_TRIES = 96  # for a day
Key = tuple[int, str, str, int]
"""What a contact is told once: the page and the key of a row, the reason, the contact."""


class Reason(models.TextChoices):
    """Why a mail is sent."""

    SERIOUS = "serious", _("serious event saved")
    REPORT = Step.REPORT.value, _("no report begun")
    SPONSOR = Step.SPONSOR.value, _("report to the sponsor")
    JUDGEMENT = Step.JUDGEMENT.value, _("judgement of the sponsor")
    AUTHORITY = Step.AUTHORITY.value, _("SUSAR to the authority")
    FOLLOW_UP = Step.FOLLOW_UP.value, _("follow-up to the authority")


class SafetyMail(AppendOnlyModel):
    """One try to tell one contact of one reason at one row."""

    page = models.ForeignKey(Page, models.PROTECT, related_name="+")
    row_key = models.CharField(max_length=60)
    reason = models.CharField(max_length=10, choices=Reason)
    contact = models.ForeignKey(SafetyContact, models.PROTECT, related_name="mails")
    attempt = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("page", "row_key", "reason", "contact", "attempt"), name="one_try_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.page} {self.row_key}: {self.reason}, try {self.attempt}"


class SafetyMailOutcome(AppendOnlyModel):
    """How a try ended: sent, and by which way, or why not."""

    mail = models.OneToOneField(SafetyMail, models.PROTECT, related_name="outcome")
    sent = models.BooleanField()
    way = models.CharField(max_length=20, blank=True)
    problem = models.CharField(max_length=100, blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.mail}: {'sent' if self.sent else self.problem}"


@dataclass(frozen=True, slots=True)
class Letter:
    """What has to be told to whom. `clock` is the one that runs; `row` is the event or report it is about."""

    clock: RunningClock
    row: Any
    reason: Reason
    contact: SafetyContact
    attempt: int


def letters_due(now: datetime) -> list[Letter]:
    """What has to be sent now, the most urgent first; in five statements however much it is."""
    clocks = running_clocks(Page.objects.all())
    contacts = _contacts_by_site()
    tries = _tries(clocks)
    hours = AlertHours.in_force()
    return [
        Letter(clock, row, reason, contact, len(before) + 1)
        for clock in clocks
        for reason, row in _reasons(clock, now, hours)
        for contact in contacts[clock.page.subject.site_id]
        if _is_due(before := tries[_key(row, reason, contact)], now)
    ]


def _reasons(clock: RunningClock, now: datetime, hours: AlertHours) -> Iterator[tuple[Reason, Any]]:
    """A serious event of which nothing has gone to the sponsor is told at once; a clock when it is time."""
    if clock.event is not None and clock.is_of_the_first_report:
        yield Reason.SERIOUS, clock.event
    if clock.tells_at(hours) <= now:
        yield Reason(clock.step.value), clock.row


def _key(row: Any, reason: Reason, contact: SafetyContact) -> Key:
    return row.page_id, row.row_key, reason.value, contact.pk


def _contacts_by_site() -> dict[int, list[SafetyContact]]:
    found: dict[int, list[SafetyContact]] = defaultdict(list)
    for contact in SafetyContact.objects.in_force():
        found[contact.site_id].append(contact)
    return found


def _tries(clocks: Iterable[RunningClock]) -> dict[Key, list[SafetyMail]]:
    rows = (row for clock in clocks for row in (clock.row, clock.event) if row is not None)
    mails: Any = SafetyMail.objects.filter(page__in={row.page_id for row in rows})
    found: dict[Key, list[SafetyMail]] = defaultdict(list)
    for mail in mails.select_related("outcome"):
        found[mail.page_id, mail.row_key, mail.reason, mail.contact_id].append(mail)
    return found


def _is_due(tries: list[SafetyMail], now: datetime) -> bool:
    if not tries:
        return True
    was_sent = any(was_told(mail) for mail in tries)
    return not was_sent and len(tries) < MOST_TRIES and tries[-1].at + TRY_AGAIN_AFTER <= now


def was_told(mail: SafetyMail) -> bool:
    """Whether the try got through."""
    return hasattr(mail, "outcome") and mail.outcome.sent


def claim(letter: Letter, now: datetime) -> SafetyMail | None:
    """Take this try; None where somebody else has it."""
    try:
        with transaction.atomic():
            return SafetyMail.objects.create(
                page_id=letter.row.page_id,
                row_key=letter.row.row_key,
                reason=letter.reason,
                contact=letter.contact,
                attempt=letter.attempt,
                at=now,
            )
    except IntegrityError:
        return None


# --- what was told of a clock ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """How many contacts were told of something at a row, and how many could not be told so far."""

    sent: int = 0
    failed: int = 0


def told_of(clocks: Sequence[RunningClock]) -> list[Told]:
    """What was sent of each of these clocks and of its event; in one statement."""
    ends: dict[tuple[int, str], list[bool]] = defaultdict(list)
    for (page, row_key, _reason, _contact), tries in _tries(clocks).items():
        ends[page, row_key].append(any(map(was_told, tries)))
    return [_told(clock, ends) for clock in clocks]


def _told(clock: RunningClock, ends: Mapping[tuple[int, str], list[bool]]) -> Told:
    rows = {(row.page_id, row.row_key) for row in (clock.row, clock.event) if row is not None}
    told = [end for row in rows for end in ends.get(row, ())]
    return Told(told.count(True), told.count(False))
