"""The clocks of application and database disagree: whoever is signed in sees it on every screen."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from tests.trial.people import persons
from tests.trial.trail.faults import counted
from trial.people.models import Account
from trial.trail import clocks

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("TS-02")]

NOW = "2030-03-01 10:00:00+00:00"
SCREEN = reverse("subjects")
TOLD = "The clocks of the application and the database are"


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`apart(seconds)`: by so much the application is ahead from now on."""

    def differ(seconds: float) -> None:
        monkeypatch.setattr(clocks, "database_now", lambda: timezone.now() - timedelta(seconds=seconds))

    differ(0)
    return differ


@pytest.mark.parametrize(
    ("gap_s", "shown"), [(0, ""), (1.9, ""), (-1.9, ""), (2.6, "3 s"), (-2.6, "3 s"), (300, "300 s")]
)
def test_who_signs_in_sees_it_above_two_seconds(
    gap_s: float, shown: str, coordinator: Account, apart: Any, caplog: Any
) -> None:
    apart(gap_s)
    page = persons.sign_in(coordinator).get(SCREEN).content.decode()
    assert (TOLD in page) == bool(shown)
    assert f"{TOLD} {shown} apart" in page or not shown
    logged = [record for record in caplog.records if record.getMessage().startswith("the clocks differ by")]
    assert bool(logged) == bool(shown)


def test_who_is_signed_in_sees_it_a_minute_later_and_its_end(coordinator: Account, apart: Any) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = persons.sign_in(coordinator)
        seen = []
        for gap_s in (0, 7, 7, 0, 0):
            apart(gap_s)
            clock.shift(31)
            seen.append(TOLD in client.get(SCREEN).content.decode())
    assert seen == [False, True, True, False, False]


def test_it_costs_a_page_no_statement(coordinator: Account, apart: Any) -> None:
    client = persons.sign_in(coordinator)
    client.get(SCREEN)
    pages = []
    for gap_s in (0, 7):
        apart(gap_s)
        with counted() as sent:
            client.get(SCREEN)
        pages.append(len(sent))
    assert pages[0] == pages[1]
