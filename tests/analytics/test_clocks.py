"""A data cut is worth its moment: clocks that disagree stop it."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from analytics.locks.models import Lock
from trial.trail import clocks
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("TS-02")
def test_clocks_five_minutes_apart_stop_a_data_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, "database_now", lambda: timezone.now() + timedelta(minutes=5))
    with pytest.raises(CommandError, match=r"differ by 300\.\d s"):
        call_command("lock", cutoff="2025-08-05", reason="interim", stdout=StringIO(), stderr=StringIO())
    assert not Lock.objects.exists()
    event = TrailEvent.objects.get(action="clock.gap")
    assert event.source == "command"
    assert event.changes.get().new.startswith(("-300.", "-299.9"))
