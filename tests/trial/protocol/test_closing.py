"""The study is closed once, and everything is kept for its time (RB-01)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from tests.patients.entry import locking_desk
from tests.patients.web import people
from trial.people.roles import Role
from trial.protocol import closing
from trial.protocol.closing import StudyClosing, record_closing, why_kept, years_later
from trial.protocol.study import site_today
from trial.trail.actor import Source

pytestmark = pytest.mark.django_db
HOW = {"reason": "the last visit was made", "by": people.SETUP, "source": Source.WEB}


@pytest.mark.parametrize(
    ("day", "years", "until"),
    [
        (date(2026, 3, 1), 25, date(2051, 3, 1)),
        (date(2024, 2, 29), 4, date(2028, 2, 29)),
        (date(2024, 2, 29), 25, date(2049, 3, 1)),
    ],
)
def test_the_time_counts_in_whole_years(day: date, years: int, until: date) -> None:
    assert years_later(day, years) == until


def test_a_study_is_closed_once_and_not_before_its_day() -> None:
    with pytest.raises(ValidationError, match="has come"):
        record_closing(site_today() + timedelta(1), **HOW)
    assert record_closing(date(2025, 8, 1), **HOW).kept_until == date(2050, 8, 1)
    with pytest.raises(ValidationError, match="already"):
        record_closing(date(2025, 8, 2), **HOW)
    assert StudyClosing.objects.count() == 1


@pytest.mark.requirement("RB-01")
def test_nothing_is_purged_before_its_time(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not closed"):
        call_command("flush", interactive=False)
    record_closing(date(2025, 8, 1), **HOW)
    for today in (date(2025, 8, 2), date(2050, 7, 31)):
        monkeypatch.setattr(closing, "site_today", lambda today=today: today)
        with pytest.raises(CommandError, match="2050-08-01"):
            call_command("flush", interactive=False)
    monkeypatch.setattr(closing, "site_today", lambda: date(2050, 8, 1))
    assert why_kept() == ""


def test_the_page_closes_a_study_that_is_locked_alone() -> None:
    client, url = (
        people.signed_in(people.a_member(Role.DATA_MANAGER)),
        reverse("study-file", args=["closing"]),
    )
    sent = {"do": "add", "add-on": "2025-08-01", "add-reason": "the last visit was made"}
    refused = client.post(url, sent)
    assert refused.status_code == 422
    assert "see the lock desk" in refused.content.decode()
    locking_desk.spotless()
    locking_desk.locked()
    assert "2050-08-01" in client.post(url, sent, follow=True).content.decode()
