"""Signing in the browser: what is asked, what is shown, and what a change of the page does to a signature."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from patients.casebook.page import Page, PageState
from patients.oversight.signatures import Signature
from tests.patients.entry import desk as entry
from tests.patients.entry.signing_desk import eligibility, principal_investigator, raw, screened
from tests.patients.web import people
from tests.trial.people.persons import code_of
from trial.people.models import Account
from trial.people.roles import TABLE, Permission
from trial.people.second_factor import add_telephone, new_secret
from trial.trail import clocks
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
WRONG = "not what it is"


class Person:
    """Somebody with a telephone, who has signed in."""

    def __init__(self, account: Account) -> None:
        people.has_password(account)
        self.account, self.secret = account, new_secret()
        with transaction.atomic():
            add_telephone(account, self.secret, by=people.SETUP)
        self.client = Client()
        self.client.force_login(Account.objects.get(pk=account.pk))

    def look(self, page: Page) -> HttpResponse:
        return self.client.get(reverse("sign", args=[page.pk]))

    def sign(self, page: Page, **given: str) -> HttpResponse:
        screen = self.look(page).context["screen"]
        proof = {
            "user_name": self.account.user_name,
            "password": people.PASSWORD,
            "code": code_of(self.secret),
            "meaning": "approval",
            "seen": screen.seen,
        }
        return self.client.post(reverse("sign", args=[page.pk]), proof | given)


@pytest.fixture
def pi() -> Person:
    return Person(principal_investigator())


@pytest.fixture
def page(pi: Person) -> Page:
    return eligibility(screened())


def text_of(client: Client, page: Page) -> str:
    return " ".join(client.get(page.get_absolute_url()).content.decode().split())


def test_the_screen_shows_what_would_be_signed_and_what_is_asked(pi: Person, page: Page) -> None:
    answer = pi.look(page)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "I have reviewed this page and approve what is decided on it." in text
    assert "66.9" in text  # a value of the page
    for field in ("user_name", "password", "code"):
        assert f'name="{field}"' in text
    assert not Signature.objects.exists()


@pytest.mark.requirement("ES-01")
def test_the_first_signing_asks_for_everything_a_later_one_for_the_password(pi: Person, page: Page) -> None:
    assert pi.sign(page, code="").status_code == 422
    assert pi.sign(page, user_name="").status_code == 422
    assert not Signature.objects.exists()
    assert pi.sign(page)["Location"] == page.get_absolute_url()
    demographics = entry.page_of(page.subject, "DM")
    text = pi.look(demographics).content.decode()
    assert 'name="password"' in text
    assert 'name="code"' not in text
    assert pi.sign(demographics, meaning="review", code="", user_name="").status_code == 302
    assert Signature.objects.count() == 2


@pytest.mark.requirement("DI-02")
def test_a_form_that_is_sent_again_is_answered_as_before(pi: Person, page: Page) -> None:
    """Its code is used up; that is no failure of who signed."""
    screen = pi.look(page).context["screen"]
    sent = {"form_token": screen.token, "seen": screen.seen, "meaning": "approval"}
    sent |= {"user_name": pi.account.user_name, "password": people.PASSWORD, "code": code_of(pi.secret)}
    url = reverse("sign", args=[page.pk])
    assert [pi.client.post(url, sent)["Location"] for _time in range(3)] == [page.get_absolute_url()] * 3
    assert Signature.objects.count() == 1
    assert not TrailEvent.objects.filter(action="signature.refused").exists()
    other = pi.client.post(url, sent | {"meaning": "review"})
    assert other.status_code == 422
    assert "sent before with other choices" in other.content.decode()


@pytest.mark.requirement("ES-01")
def test_a_wrong_password_signs_nothing_and_is_an_event(pi: Person, page: Page) -> None:
    answer = pi.sign(page, password=WRONG)
    assert answer.status_code == 422
    assert "User name, password or code is wrong. Nothing was signed." in answer.content.decode()
    assert TrailEvent.objects.filter(action="signature.refused", about=pi.account.user_name).count() == 1
    assert eligibility(page.subject).state == PageState.IN_PROGRESS


@pytest.mark.requirement("ES-08")
def test_the_fifth_failure_locks_the_signer_and_tells_the_security_contact(
    pi: Person, page: Page, settings: Any
) -> None:
    settings.SECURITY_CONTACT = "security@example.org"
    answers = [pi.sign(page, password=WRONG) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert "Nothing was signed" in answers[4].content.decode()
    assert TrailEvent.objects.filter(action="sign_in.locked", about=pi.account.user_name).count() == 1
    (told,) = mail.outbox
    assert told.to == ["security@example.org"]
    assert pi.account.user_name in told.body
    assert pi.sign(page).status_code == 429  # not even the right proof
    assert not Signature.objects.exists()
    assert len(mail.outbox) == 1


@pytest.mark.requirement("ES-08")
def test_a_mail_server_that_is_down_keeps_nobody_from_being_locked(
    pi: Person, page: Page, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: object) -> None:
        raise OSError("no route")

    settings.SECURITY_CONTACT = "security@example.org"
    monkeypatch.setattr("trial.people.alerts.send_mail", down)
    assert [pi.sign(page, password=WRONG).status_code for _ in range(5)][-1] == 429


@pytest.mark.requirement("ES-05")
@pytest.mark.parametrize("site", ["HZ01", "HZ02"])
def test_who_may_sign_at_the_site_gets_to_sign(page: Page, site: str) -> None:
    demographics = entry.page_of(page.subject, "DM")
    for role, rights in TABLE.items():
        person = Person(people.a_member(role, site, f"{role}.{site}".lower()))
        reads = site == "HZ01" and Permission.READ in rights
        signs, approves = Permission.SIGN in rights, Permission.APPROVE in rights
        assert person.look(demographics).status_code == (404 if not reads else 200 if signs else 403), role
        assert person.look(page).status_code == (404 if not reads else 200 if approves else 403), role
        posted = person.client.post(reverse("sign", args=[page.pk]), {"meaning": "approval"})
        assert posted.status_code == (404 if not reads else 422 if approves else 403), role
        assert ("Sign</a>" in text_of(person.client, demographics)) == (reads and signs), role


@pytest.mark.requirement("ES-02")
def test_a_signature_stands_above_the_page(pi: Person, page: Page) -> None:
    pi.sign(page)
    text = text_of(pi.client, page)
    made = Signature.objects.get()
    assert f"Signed by {pi.account.printed_name}, Principal investigator." in text
    assert f"{made.at_site:%Y-%m-%d %H:%M:%S} UTC+08:00 · meaning: approval" in text
    assert f"“{made.statement}” (statement {made.statement_version})" in text
    subject = pi.client.get(reverse("subject", args=[page.subject.code])).content.decode()
    assert "st-signed" in subject


@pytest.mark.requirement("ES-04")
def test_after_a_change_the_page_asks_to_be_signed_again(pi: Person, page: Page) -> None:
    pi.sign(page)
    entry.save(page, {"spo2_ra_pct": "96"}, why=entry.BECAUSE, by=pi.account)
    text = text_of(pi.client, page)
    assert "This page needs signing again." in text
    assert f"Signed by {pi.account.printed_name}" not in text
    assert "<del>" in text
    trail = pi.client.get(reverse("trail", args=[page.subject.code])).content.decode()
    assert "Signature" in trail
    shown = pi.look(page).content.decode()
    assert "Changed since it was signed last" in shown
    assert "<del>97 %</del>" in shown
    assert pi.sign(page, code="").status_code == 302
    assert f"Signed by {pi.account.printed_name}" in text_of(pi.client, page)


@pytest.mark.requirement("ES-03")
def test_a_value_changed_in_the_database_shows_the_signature_as_not_valid(pi: Person, page: Page) -> None:
    pi.sign(page)
    raw("UPDATE patients_eligibility SET spo2_ra_pct = 96 WHERE page_id = %s", page.pk)
    text = text_of(pi.client, page)
    assert f"The signature of {pi.account.printed_name}" in text
    assert "is not valid." in text
    assert f"Signed by {pi.account.printed_name}" not in text


@pytest.mark.requirement("ES-03")
def test_a_signature_copied_to_another_page_is_not_valid(pi: Person, page: Page) -> None:
    pi.sign(page)
    other = entry.page_of(page.subject, "DM")
    kept = Signature._meta.concrete_fields
    names = ", ".join(str(column.column) for column in kept if column.name not in ("id", "page"))
    table = Signature._meta.db_table
    raw(f"INSERT INTO {table} (page_id, {names}) SELECT %s, {names} FROM {table}", other.pk)
    assert "is not valid." in text_of(pi.client, other)
    assert "is not valid." not in text_of(pi.client, page)


def test_what_stands_in_the_way_is_said_and_nothing_is_asked(pi: Person) -> None:
    page = entry.page_of(entry.consented("HZ01-002"), "DM")
    entry.save(page, {"sex": "F"}, on=entry.CONSENT)
    text = pi.look(page).content.decode()
    assert "The page cannot be signed yet" in text
    assert 'name="password"' not in text
    assert pi.sign(page, meaning="review").status_code == 422
    assert not Signature.objects.exists()


def test_a_page_that_changed_meanwhile_is_shown_again(pi: Person, page: Page) -> None:
    seen = pi.look(page).context["screen"].seen
    entry.save(page, {"spo2_ra_pct": "96"}, why=entry.BECAUSE)
    answer = pi.sign(page, seen=seen)
    assert answer.status_code == 409
    assert "The page has changed since it was shown to you." in answer.content.decode()


def test_a_signature_without_a_meaning_is_none(pi: Person, page: Page) -> None:
    for meaning in ("", "applause"):
        assert pi.sign(page, meaning=meaning).status_code == 422
    assert pi.sign(page, meaning="review").status_code == 403  # eligibility is approved
    assert not Signature.objects.exists()


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_closed_page_is_not_signed(pi: Person, page: Page, state: PageState) -> None:
    entry.put_in_state(page, state)
    assert pi.sign(page).status_code in (422, 423)
    assert not Signature.objects.exists()


@pytest.mark.requirement("TS-02")
def test_clocks_five_minutes_apart_stop_signing(
    pi: Person, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clocks, "database_now", lambda: timezone.now() - timedelta(minutes=5))
    answer = pi.sign(page)
    assert answer.status_code == 503
    assert "the clocks of the application and the database are 300 s apart" in answer.content.decode()
    assert TrailEvent.objects.filter(action="clock.gap").count() == 1
    assert not Signature.objects.exists()
