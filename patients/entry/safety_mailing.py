"""Telling the safety contacts of a site, after the save and never in its way.

A mail names the subject by its code, the site, the form and the hours that are left, and leads to the page.
It holds no identity and nothing that somebody typed about a patient, since it travels in clear.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from patients.oversight.safety_clocks import Step, note_those_of_before
from patients.oversight.safety_mail import Letter, Reason, SafetyMailOutcome, claim, letters_due
from patients.oversight.safety_words import time_left
from trial.people.first_start import address_of_registry
from trial.protocol.study import SITE_ZONE, STUDY

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """How many mails got through, and how many did not."""

    sent: int
    failed: int


def send_due(now: datetime | None = None) -> Sent:
    """Send what is due; a mail that fails keeps the others from nothing, and is tried again later."""
    note_those_of_before()
    at = now or timezone.now()
    tried = [each for letter in letters_due(at) if (each := _send(letter, at)) is not None]
    return Sent(sum(tried), len(tried) - sum(tried))


def _send(letter: Letter, at: datetime) -> bool | None:
    """Whether it got through; None where somebody else sends it."""
    mail = claim(letter, at)
    if mail is None:
        return None
    problem = ""
    try:
        letter_of(letter, at).send()
    except Exception as failure:  # whatever a mail server, its network or its certificate answers
        problem = type(failure).__name__
        log.error("a safety mail about %s could not be sent: %s", mail.page, problem)
    way = settings.EMAIL_BACKEND.split(".")[-2]
    SafetyMailOutcome.objects.create(
        mail=mail, sent=not problem, way="" if problem else way, problem=problem, at=timezone.now()
    )
    return not problem


def letter_of(letter: Letter, now: datetime) -> EmailMessage:
    """The mail in the language of its contact."""
    page = letter.row.page
    with translation.override(letter.contact.language):
        subject = f"{page.subject.code}: {_headline(letter)}"
        lines = [
            STUDY.study_id,
            _("Site: %(site)s") % {"site": page.subject.site.code},
            _("Subject: %(subject)s") % {"subject": page.subject.code},
            _("Form: %(form)s, row %(row)s") % {"form": page.form_code, "row": letter.row.row_key},
            _headline(letter),
            _time_left(letter, now),
            address_of_registry() + letter.clock.page.get_absolute_url(),
            "",
            _("Chimera sends this by itself. Nobody reads an answer."),
        ]
    return EmailMessage(subject, "\n".join(lines), to=[letter.contact.address])


def _headline(letter: Letter) -> str:
    if letter.reason is Reason.SERIOUS:
        return _("a serious adverse event was saved")
    return {
        Step.REPORT: _("a serious adverse event has no report"),
        Step.SPONSOR: _("a report of a serious adverse event has not gone to the sponsor"),
        Step.JUDGEMENT: _("a report of a serious adverse event has to be judged by the sponsor"),
        Step.AUTHORITY: _("a SUSAR has to go to the authority"),
        Step.FOLLOW_UP: _("the follow-up of a SUSAR has to go to the authority"),
    }[letter.clock.step]


def _time_left(letter: Letter, now: datetime) -> str:
    until = f"{letter.clock.until.astimezone(SITE_ZONE):%Y-%m-%d %H:%M %z}"
    due = _("due %(at)s") % {"at": until}
    return f"{time_left(letter.clock, now)} ({due})"


def ring() -> None:
    """Tell the worker that a mail may be due. A dead broker breaks nothing: the worker looks every minute."""
    from patients.entry.tasks import send_safety_mails

    try:
        send_safety_mails.apply_async(retry=False)
    except Exception as problem:  # whatever the broker's client raises
        log.warning("the worker could not be rung for safety mails: %s", problem)
