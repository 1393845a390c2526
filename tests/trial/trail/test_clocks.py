"""The clocks of application and database disagree: the worker says so until they agree."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from trial.trail import clocks, tasks
from trial.trail.alarms import Alarm
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("TS-02")]


def test_the_worker_raises_an_alarm_as_long_as_it_lasts(
    monkeypatch: pytest.MonkeyPatch, caplog: Any, settings: Any
) -> None:
    gap = timedelta(0)
    monkeypatch.setattr(clocks, "database_now", lambda: timezone.now() - gap)
    settings.SECURITY_CONTACT = "security@example.org"
    for gap_s in (0, 5, 5):
        gap = timedelta(seconds=gap_s)
        tasks.watch_clocks()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 2
    assert Alarm.objects.get().text == "the clocks of application and database differ by 5.0 s"
    gap = timedelta(0)
    tasks.watch_clocks()
    assert not Alarm.objects.exists()
    assert [event.action for event in TrailEvent.objects.order_by("id")] == ["alarm.raised", "alarm.ended"]
    assert len(mail.outbox) == 1


def test_the_clocks_of_this_registry_agree() -> None:
    tasks.watch_clocks()
    assert clocks.told_gap_s() == 0
    assert not Alarm.objects.exists()
