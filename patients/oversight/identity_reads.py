"""Who looked at the identity of a subject, where and for what (PV-07); many in an hour raise an alert.

The purpose is that of the screen: a form shows identity to somebody who enters it, or who reads it.
"""

import logging
from datetime import timedelta
from enum import StrEnum
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from patients.casebook.page import Page, Subject
from trial.people.access import Person, actor_at
from trial.people.models import Account
from trial.trail.actor import Source, acting, system_actor
from trial.trail.models import TrailEvent
from trial.trail.record import Change, Place, record_event

MOST_IN_AN_HOUR = 50
VIEWED, ALERTED = "identity.viewed", "identity.alerted"
AN_HOUR = timedelta(hours=1)

log = logging.getLogger(__name__)


class Purpose(StrEnum):
    """What a screen shows identity for."""

    ENTRY = "data entry"
    READING = "reading"
    PRINTING = "printing"


def record_identity_view(page: Page, purpose: Purpose, *, by: Person, request_id: str = "") -> None:
    """Put on record that `by` was shown who a subject is, on this page. More than 50 within an hour raise one
    alert in that hour: an event, and a mail to the security contact where the settings name one."""
    subject = page.subject
    place = Place(subject.site.code, subject.code, visit=page.visit_code, form=page.form_code)
    _record(place, purpose, by=by, request_id=request_id)


def record_identity_of(subject: Subject, purpose: Purpose, *, by: Person, request_id: str = "") -> None:
    """The same of somebody who was shown, or printed, who a subject is beside its pages."""
    _record(Place(subject.site.code, subject.code), purpose, by=by, request_id=request_id)


def _record(place: Place, purpose: Purpose, *, by: Person, request_id: str) -> None:
    site = place.site
    actor = actor_at(by, site=site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event(VIEWED, place, reason=purpose)
        if _within_the_hour(VIEWED, actor=by.user_name) > MOST_IN_AN_HOUR:
            _alert(site, by.user_name)


def _within_the_hour(action: str, **about: str) -> int:
    return TrailEvent.objects.filter(action=action, at__gt=timezone.now() - AN_HOUR, **about).count()


def _alert(site: str, user_name: str) -> None:
    """One alert an hour about a person; of two requests at once the second waits, and sees the first's."""
    list(Account.objects.select_for_update().filter(user_name=user_name).values_list("pk"))
    if _within_the_hour(ALERTED, about=user_name):
        return
    told = str(MOST_IN_AN_HOUR)
    change = Change("most_in_an_hour", "Views of identity in an hour, more than", "", told, new_shown=told)
    with acting(system_actor("identity-watch", Source.WEB)):
        record_event(ALERTED, Place(site=site, about=user_name), [change])
    transaction.on_commit(lambda: _mail(site, user_name))


def _mail(site: str, user_name: str) -> None:
    """Tell the security contact. A mail that cannot be sent stops nobody: the alert stands on the trail."""
    if not settings.SECURITY_CONTACT:
        return
    subject = f"Chimera {site}: many views of identity"
    text = (
        f"{user_name} was shown the identity of subjects of {site} more than {MOST_IN_AN_HOUR} times within "
        "an hour. Which subjects, and when, stands in the trail."
    )
    try:
        send_mail(subject, text, None, [settings.SECURITY_CONTACT])
    except (OSError, SMTPException):
        log.exception("the alert about %s could not be mailed", user_name)
