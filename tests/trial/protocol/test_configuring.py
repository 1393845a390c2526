"""A configuration value is changed by a new version, with its reason, approver and event."""

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from trial.people.access import SystemPerson
from trial.protocol.configuration import UnknownSetting, setting
from trial.protocol.configuring import configure
from trial.protocol.models import ConfigValue
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

BY = SystemPerson("configure", on_behalf_of="the tests")
WHY = {"reason": "Protocol 1.1", "approver": "Prof. Wang"}


def test_a_new_version_is_in_force_at_once_and_says_why() -> None:
    configure("dlt_window_days", "30", by=BY, **WHY)
    version = configure("dlt_window_days", "21", by=BY, **WHY)
    assert setting("dlt_window_days") == 21
    assert (version.version, version.reason, version.approver) == (2, "Protocol 1.1", "Prof. Wang")
    event = TrailEvent.objects.filter(action="configuration.changed").latest("id")
    change = event.changes.get()
    assert (change.item, change.old, change.new) == ("dlt_window_days", "30", "21")


def test_a_limit_can_be_taken_away() -> None:
    configure("age_max", "75", by=BY, **WHY)
    configure("age_max", "", by=BY, **WHY)
    assert setting("age_max") is None


@pytest.mark.parametrize(
    ("key", "text", "reason", "approver"),
    [
        ("dlt_window_days", "a month", "why", "who"),
        ("ctcae_version", "4.0", "why", "who"),
        ("dlt_window_days", "21", " ", "who"),
        ("dlt_window_days", "21", "why", ""),
    ],
)
def test_what_cannot_be_in_force_is_refused(key: str, text: str, reason: str, approver: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        configure(key, text, reason=reason, approver=approver, by=BY)
    assert not ConfigValue.objects.exists()


def test_a_key_that_nothing_reads_is_refused() -> None:
    with pytest.raises(UnknownSetting):
        configure("age_min", "18", by=BY, **WHY)


def test_the_command_says_what_it_did_or_why_not() -> None:
    out = io.StringIO()
    call_command("configure", "cd7_min", "30", "--reason", "why", "--approver", "who", stdout=out)
    assert "cd7_min v1 = 30" in out.getvalue()
    with pytest.raises(CommandError, match="is no configuration value"):
        call_command("configure", "cd8_min", "30", "--reason", "why", "--approver", "who")
    with pytest.raises(CommandError, match="cd7_min"):
        call_command("configure", "cd7_min", "much", "--reason", "why", "--approver", "who")
