"""Changing one's own password: the present one is asked for, and every session ends."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.trial.people import persons
from tests.trial.people.persons import PASSWORD, acts, is_in, try_password
from trial.people.models import Account

pytestmark = pytest.mark.one_engine

URL = reverse("change-password")
OWN = "a sentence that nobody else has"


def change(client: Client, present: str = PASSWORD, password: str = OWN, again: str | None = None):
    return client.post(
        URL, {"present": present, "password": password, "again": password if again is None else again}
    )


@pytest.mark.requirement("ES-06", "AC-10", "AT-09")
def test_somebody_changes_the_own_password_and_signs_in_again(coordinator: Account) -> None:
    here, elsewhere = persons.sign_in(coordinator), persons.sign_in(coordinator)
    assert here.get(URL).status_code == 200
    assert "Password changed" in change(here).content.decode()
    assert not is_in(here)
    assert not is_in(elsewhere)
    assert try_password(Client(), "lin.qiao").status_code == 200
    assert try_password(Client(), "lin.qiao", OWN).status_code == 302
    assert ("password.changed", "lin.qiao", "lin.qiao") in acts()


@pytest.mark.requirement("ES-06", "AC-10")
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"present": "wrong"}, "The present password is wrong."),
        ({"again": "different"}, "The two passwords differ."),
        ({"password": "short"}, "too short"),  # pragma: allowlist secret
        ({"password": "my lin.qiao password"}, "banner-bad"),  # pragma: allowlist secret
    ],
)
def test_a_change_that_is_refused_leaves_the_password(
    coordinator: Account, typed: dict[str, str], said: str
) -> None:
    client = persons.sign_in(coordinator)
    answer = change(client, **typed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert is_in(client)
    coordinator.refresh_from_db()
    assert coordinator.check_password(PASSWORD)


@pytest.mark.requirement("AC-11")
def test_guesses_at_the_present_password_are_counted(coordinator: Account) -> None:
    client = persons.sign_in(coordinator)
    for _ in range(5):
        change(client, "wrong")
    assert change(client).status_code == 429
    assert [act for act, *_ in acts()].count("password.refused") == 5
    coordinator.refresh_from_db()
    assert coordinator.check_password(PASSWORD)


@pytest.mark.requirement("AC-12")
def test_a_sign_in_of_a_while_ago_is_proved_again_first(coordinator: Account) -> None:
    client = persons.sign_in(coordinator)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert client.get(URL)["Location"].startswith(reverse("confirm"))
        assert change(client)["Location"].startswith(reverse("confirm"))
    coordinator.refresh_from_db()
    assert coordinator.check_password(PASSWORD)
