"""The pages of tokens: a key is issued in the browser, used by a program, watched and revoked."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.patients.web import people
from trial.people.accounts import disable_account
from trial.people.models import Account
from trial.people.roles import Role
from trial.people.tokens import ExportToken
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "sponsor's sync",
    "holder": "",
    "days": "30",
    "site.HZ01": "Y",
    "right.read": "Y",
    "right.export": "Y",
    "dates": "shifted",
    "filing": "",
}


@pytest.fixture
def office() -> Client:
    people.a_subject()
    return people.signed_in(people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="the.admin"))


def issue(office: Client, **typed: str) -> HttpResponse:
    return office.post(reverse("tokens"), {**TYPED, **typed})


def key_of(answer: HttpResponse) -> str:
    (key,) = set(re.findall(r"\b[0-9a-f]{32}\b", answer.content.decode()))
    return key


def ask(key: str, path: str = "subjects") -> HttpResponse:
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"Token {key}"}, REMOTE_ADDR="10.1.2.3")


def shown(client: Client, name: str, *args: object) -> str:
    answer = client.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.requirement("AC-13")
def test_a_key_is_shown_once_used_watched_and_revoked(office: Client) -> None:
    key = key_of(issue(office))
    token = ExportToken.objects.get()
    assert (token.permissions, token.dates, token.created_by) == (["read", "export"], "shifted", "the.admin")
    assert timedelta(days=29) < token.expires - timezone.now() <= timedelta(days=30)
    issued = TrailEvent.objects.get(action="token.issued")
    assert {one.item: one.new for one in issued.changes.all()}["permissions"] == "read export"
    assert len(ask(key).json()["entries"]) == 1  # type: ignore[attr-defined]
    for text in (shown(office, "tokens"), shown(office, "token", token.pk)):
        assert key not in text
        assert "10.1.2.3" in text
    assert "subjects" in shown(office, "token", token.pk).split('id="h-taken"')[1]
    page = reverse("token", args=[token.pk])
    assert office.post(page, {"reason": "no"}).status_code == 422
    assert ask(key).status_code == 200
    assert office.post(page, {"reason": "the study is over"}).status_code == 302
    assert ask(key).status_code == 401
    assert "the study is over" in shown(office, "token", token.pk)
    event = TrailEvent.objects.get(action="token.revoked")
    assert (event.actor, event.about, event.reason) == ("the.admin", "sponsor's sync", "the study is over")


@pytest.mark.requirement("AC-13")
def test_a_key_that_is_used_from_elsewhere_is_a_wrong_one(office: Client) -> None:
    here, elsewhere = "10.1.2.0/24, 2001:db8::1", "10.1.3.0/24"
    key, other = key_of(issue(office, networks=here)), key_of(issue(office, name="other", networks=elsewhere))
    assert ask(key).status_code == 200
    assert "10.1.2.0/24, 2001:db8::1/128" in shown(office, "token", ExportToken.objects.first().pk)  # type: ignore[union-attr]
    answers = [ask(other) for _time in range(3)] + [ask("0" * 32)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    (event,) = TrailEvent.objects.filter(action="token.refused")
    assert (event.about, [one.new for one in event.changes.all()]) == ("other", ["10.1.2.3"])
    assert ExportToken.objects.get(name="other").last_used is None
    issued = TrailEvent.objects.filter(action="token.issued").latest("id")
    assert {one.item: one.new for one in issued.changes.all()}["networks"] == "10.1.3.0/24"


def test_it_says_that_several_sites_with_moved_dates_mean_pseudonyms(office: Client) -> None:
    """By rule; it is said where it is chosen, with the key, and of each token from then on."""
    people.a_subject("HZ02-001")
    assert "have pseudonyms" in shown(office, "tokens").split('id="names-hint"')[1].partition("</p>")[0]
    cases = {
        "both sites": ({"site.HZ02": "Y"}, "subjects under pseudonyms"),
        "one site": ({}, "subjects under their codes"),
        "true dates": ({"site.HZ02": "Y", "dates": "true"}, "subjects under their codes"),
    }
    for name, (typed, said) in cases.items():
        assert said in issue(office, name=name, **typed).content.decode()
        assert said in shown(office, "token", ExportToken.objects.get(name=name).pk)
    assert shown(office, "tokens").count("subjects under pseudonyms") == 1


WRONG = {
    "no site": ({"site.HZ01": ""}, "Choose a site"),
    "a site that is not there": ({"site.HZ01": "", "site.HZ99": "Y"}, "Choose a site"),
    "no right": ({"right.read": "", "right.export": ""}, "Choose what it may do"),
    "a right that no token has": (
        {"right.read": "", "right.export": "", "right.enter": "Y"},
        "Choose what it may do",
    ),
    "too long": ({"days": "91"}, "1 to 90 days"),
    "no days": ({"days": "0"}, "1 to 90 days"),
    "days in words": ({"days": "٣"}, "1 to 90 days"),
    "no dates": ({"dates": "some"}, "Choose how dates leave"),
    "no name": ({"name": " "}, "Name: between"),
    "the name of a person": ({"name": "The.Admin"}, "never used again"),
    "the name of a system": ({"name": "system:lock"}, "never used again"),
    "a network that is none": ({"networks": "10.1.2.0/24 here"}, "Networks: here is none"),
    "a network with bits of a host": ({"networks": "10.1.2.3/24"}, "Networks: 10.1.2.3/24 is none"),
    "a filing without an end": ({"filing": "x" * 101}, "Filing: at most"),
    "a member who may not": ({"holder": "the.admin"}, "does not hold all of this"),
    "a member who is not there": ({"holder": "no.body"}, "does not hold all of this"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_token_that_cannot_be_is_refused_in_words(office: Client, case: str) -> None:
    typed, words = WRONG[case]
    answer = issue(office, **typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ExportToken.objects.exists()


def test_a_name_is_never_used_again(office: Client) -> None:
    issue(office)
    again = issue(office, name="Sponsor's SYNC")
    assert (again.status_code, ExportToken.objects.count()) == (422, 1)


def test_an_old_proof_is_not_enough(office: Client) -> None:
    """What was typed is there again after the new one."""
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=True):
        answer = issue(office)
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("confirm"))
        assert not ExportToken.objects.exists()
        assert "sponsor&#x27;s sync" in shown(office, "tokens")


@pytest.mark.requirement("AC-08")
def test_the_token_of_a_member_ends_with_what_the_member_may(office: Client) -> None:
    manager = people.a_member(Role.DATA_MANAGER, name="mei.zhang")
    key = key_of(issue(office, holder="mei.zhang"))
    assert ask(key).status_code == 200
    disable_account(Account.objects.get(pk=manager.pk), by=people.SETUP, reason="left the trial")
    assert ask(key).status_code == 401
    assert "its member may not" in shown(office, "tokens")


def test_only_who_manages_accounts_issues(office: Client) -> None:
    for role in (Role.DATA_MANAGER, Role.SPONSOR, Role.AUDITOR):
        client = people.signed_in(people.a_member(role, name=f"some.{role}"))
        assert client.get(reverse("tokens")).status_code == 403
        assert issue(client).status_code == 403
    assert not ExportToken.objects.exists()


def test_what_programs_can_ask_is_told_to_people() -> None:
    text = shown(people.signed_in(people.a_member(Role.SPONSOR)), "api-document")
    for path in ("/api/v1/items", "/api/v1/sync", "/api/v1/locks/{lock}/bundle.zip"):
        assert f"GET {path}" in text
    assert "after_seq" in text
    assert Client().get(reverse("api-document")).status_code == 302
