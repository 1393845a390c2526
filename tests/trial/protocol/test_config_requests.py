"""A configuration value of a real site takes two people, and a trial elsewhere before (VD-05)."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from tests.patients.web import people
from tests.trial.protocol.requests import TRIED, a_request
from trial.people.access import SystemPerson
from trial.people.models import Account, Site
from trial.people.roles import TABLE, Permission, Role
from trial.protocol.configuration import setting
from trial.protocol.configuring import approve_value, ask_for_value, configure, refuse_value
from trial.protocol.models import ConfigRequest, ConfigValue
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
PAGE = ("study-file", ("configuration",))
ASKED = {
    "do": "add",
    "add-key": "cd7_min",
    "add-value": "30",
    "add-reason": "Protocol",
    "add-tried": TRIED,
}
MAY = [role for role in Role if Permission.CONFIGURE in TABLE[role]]


@pytest.fixture
def manager() -> Account:
    return people.a_member(Role.DATA_MANAGER)


@pytest.fixture
def investigator() -> Account:
    return people.a_member(Role.PRINCIPAL_INVESTIGATOR)


@pytest.mark.requirement("VD-05")
def test_what_one_asks_for_is_in_force_when_another_approves(manager: Account, investigator: Account) -> None:
    asked = a_request("30", by=manager)
    assert setting("cd7_min") == 20
    version = approve_value(asked, by=investigator, source=Source.WEB)
    assert setting("cd7_min") == 30
    assert (version.version, version.made_by, version.approver) == (
        1,
        manager.user_name,
        investigator.user_name,
    )
    assert TRIED in version.reason
    told = TrailEvent.objects.filter(about="cd7_min").order_by("id")
    acts = [(event.action, event.actor, event.changes.first().old) for event in told]
    assert acts == [
        ("configuration.requested", manager.user_name, "20"),
        ("configuration.changed", investigator.user_name, "20"),
    ]


@pytest.mark.requirement("VD-05")
def test_nobody_decides_on_their_own_request_and_nothing_is_decided_twice(
    manager: Account, investigator: Account
) -> None:
    asked = a_request("30", by=manager)
    for decide in (approve_value, refuse_value):
        with pytest.raises(ValidationError, match="another person decides"):
            decide(asked, by=manager, source=Source.WEB)
    refuse_value(asked, by=investigator, source=Source.WEB)
    with pytest.raises(ValidationError, match="decided already"):
        approve_value(asked, by=investigator, source=Source.WEB)
    assert not ConfigValue.objects.exists()


def test_what_was_asked_against_another_value_is_not_approved(
    manager: Account, investigator: Account
) -> None:
    asked = a_request("30", by=manager)
    configure("cd7_min", "25", reason="moved on", approver="who", by=SystemPerson("configure"))
    with pytest.raises(ValidationError, match="changed since"):
        approve_value(asked, by=investigator, source=Source.WEB)
    assert ConfigRequest.objects.get().state == "asked"
    assert setting("cd7_min") == 25


@pytest.mark.parametrize(
    ("key", "text", "reason", "tried", "says"),
    [
        ("cd7_min", "much", "Protocol 1.1", TRIED, "cannot be read"),
        ("cd7_min", "20", "Protocol 1.1", TRIED, "already"),
        ("cd7_min", "20.0", "Protocol 1.1", TRIED, "already"),
        ("cd7_min", "30", "why", TRIED, "5 characters"),
        ("cd7_min", "30", "Protocol 1.1", "no", "5 characters"),
        ("cd8_min", "30", "Protocol 1.1", TRIED, "cd8_min"),
    ],
)
def test_what_cannot_be_asked_for(
    manager: Account, key: str, text: str, reason: str, tried: str, says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        ask_for_value(key, text, reason=reason, tried=tried, by=manager, source=Source.WEB)
    assert not ConfigRequest.objects.exists()


def test_one_request_of_a_value_is_open_at_a_time(manager: Account) -> None:
    a_request("30", by=manager)
    with pytest.raises(ValidationError, match="decided first"):
        a_request("40", by=manager)


def test_a_value_of_the_study_is_for_who_holds_the_right_at_every_site(manager: Account) -> None:
    Site.objects.create(code="HZ02", name="Second")
    with pytest.raises(PermissionDenied):
        a_request("30", by=manager)


@pytest.mark.requirement("VD-05")
@pytest.mark.parametrize("role", [role for role in Role if role not in MAY])
def test_a_direct_edit_is_forbidden(role: Role) -> None:
    client = people.signed_in(people.a_member(role))
    assert client.post(reverse(PAGE[0], args=PAGE[1]), ASKED).status_code == 403
    assert not ConfigRequest.objects.exists()


def test_the_page_takes_a_request_and_refuses_its_author(manager: Account, investigator: Account) -> None:
    url = reverse(PAGE[0], args=PAGE[1])
    client = people.signed_in(manager)
    assert client.post(url, ASKED).status_code == 302
    asked = ConfigRequest.objects.get()
    own = client.post(url, {"do": "approve", "approve-request": asked.pk})
    assert own.status_code == 422
    assert "another person decides" in own.content.decode()
    answer = people.signed_in(investigator).post(
        url, {"do": "approve", "approve-request": asked.pk}, follow=True
    )
    assert setting("cd7_min") == 30
    assert "20 → 30 %" in answer.content.decode()


@pytest.mark.requirement("VD-05")
def test_a_command_changes_nothing_at_a_real_site(settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="another person approves"):
        call_command("configure", "cd7_min", "30", "--reason", "why", "--approver", "who")
    assert not ConfigValue.objects.exists()
