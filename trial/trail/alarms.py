"""What the worker finds wrong, minute by minute, until it is over.

A line of the log at each look, so that a log that is watched shows it within two minutes; an event of the
trail and a mail to the security contact when it begins. The row is there as long as it lasts.
"""

import logging

from django.db import models, transaction
from django.utils import timezone

from trial.people.alerts import tell_security_contact
from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Place, record_event


class Alarm(models.Model):
    """Something that is wrong now, since when, and what was found first."""

    name = models.CharField(max_length=40, primary_key=True)
    text = models.CharField(max_length=300)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


def raise_alarm(name: str, text: str) -> None:
    """Say that it is wrong; the first time also in the trail and by mail."""
    logging.getLogger("chimera").error("alarm %s: %s", name, text)
    with transaction.atomic():
        _alarm, is_new = Alarm.objects.get_or_create(name=name, defaults={"text": text})
        if is_new:
            _record("alarm.raised", f"{name}: {text}")
    if is_new:
        tell_security_contact(f"Chimera: alarm {name}", text)


def end_alarm(name: str) -> None:
    """It is right again, or was never wrong."""
    if not Alarm.objects.filter(name=name).exists():
        return
    with transaction.atomic():
        ended, _rows = Alarm.objects.filter(name=name).delete()
        if ended:
            _record("alarm.ended", name)
    logging.getLogger("chimera").warning("alarm %s is over", name)


def _record(action: str, about: str) -> None:
    with acting(system_actor("watch", Source.TASK)):
        record_event(action, Place(about=about[:200]))
