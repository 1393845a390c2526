"""Looking at who a subject is leaves a record, and looking at many raises one alert (PV-07)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from patients.casebook.page import Page, Subject
from patients.oversight.identity_reads import MOST_IN_AN_HOUR
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role
from trial.trail.models import TrailEvent

BORN = "1992-04-04"


@pytest.fixture
def identified(subject: Subject) -> Page:
    """The page with a birth date."""
    page = people.page_of(subject, "DM", "SCR")
    people.save(page, {"birth_date": BORN, "sex": "F"}, {"form_date": "2025-05-16"})
    return page


def views(action: str = "identity.viewed") -> list[tuple[str, str, str, str, str]]:
    found = TrailEvent.objects.filter(action=action).order_by("pk")
    return list(found.values_list("actor", "subject", "visit", "form", "reason"))


@pytest.mark.requirement("PV-07")
def test_a_view_of_identity_is_on_record_with_its_purpose(desk: Client, identified: Page) -> None:
    assert BORN in desk.get(identified.get_absolute_url()).content.decode()
    assert views() == [("lin.qiao", "HZ01-001", "SCR", "DM", "data entry")]


@pytest.mark.requirement("PV-07")
@pytest.mark.parametrize("role", list(Role))
def test_whoever_is_not_shown_the_identity_leaves_no_record(role: Role, identified: Page) -> None:
    text = people.signed_in(people.a_member(role)).get(identified.get_absolute_url()).content.decode()
    identifies = Permission.READ_IDENTITY in TABLE[role]
    assert (BORN in text) == identifies
    assert len(views()) == identifies


@pytest.mark.requirement("PV-07")
def test_a_page_that_comes_back_unsaved_is_a_view_too(desk: Client, identified: Page) -> None:
    url = identified.get_absolute_url()
    form = form_of(desk.get(url), hctci="many")
    assert desk.post(url, form).status_code == 422
    assert len(views()) == 2
    assert desk.post(url, form_of(desk.get(url), hctci="", ebv_igg="positive")).status_code == 302
    assert len(views()) == 3  # what was saved sends to the page, and shows nothing itself


def test_no_other_page_and_no_head_request_is_a_view(
    desk: Client, identified: Page, response_page: Page
) -> None:
    desk.get(response_page.get_absolute_url())
    desk.head(identified.get_absolute_url())
    desk.get(people.page_of(identified.subject, "ELIG", "SCR").get_absolute_url())
    assert views() == []


def test_a_page_without_an_identity_shows_none(desk: Client, subject: Subject) -> None:
    desk.get(people.page_of(subject, "DM", "SCR").get_absolute_url())
    assert views() == []


@pytest.mark.requirement("PV-07")
def test_fifty_one_views_in_an_hour_are_one_alert(
    desk: Client,
    identified: Page,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.SECURITY_CONTACT = "security@example.org"
    url = identified.get_absolute_url()
    with django_capture_on_commit_callbacks(execute=True):
        for _view in range(MOST_IN_AN_HOUR):
            desk.get(url)
        assert views("identity.alerted") == []
        desk.get(url)
        assert len(views("identity.alerted")) == 1
        for _view in range(5):
            desk.get(url)
    assert len(views()) == MOST_IN_AN_HOUR + 6
    (alert,) = TrailEvent.objects.filter(action="identity.alerted")
    assert (alert.actor.partition("@")[0], alert.about, alert.site) == (
        "system:identity-watch",
        "lin.qiao",
        "HZ01",
    )
    (sent,) = mail.outbox
    assert sent.to == ["security@example.org"]
    assert "lin.qiao" in sent.body
    assert BORN not in sent.body
    assert "HZ01-001" not in sent.subject + sent.body


def test_views_of_different_hours_and_people_are_not_added_up(desk: Client, identified: Page) -> None:
    url, now = identified.get_absolute_url(), timezone.now()
    with time_machine.travel(now - timedelta(minutes=61)):
        early = people.signed_in(Account.objects.get(user_name="lin.qiao"))
        for _view in range(30):
            early.get(url)
    for _view in range(30):
        desk.get(url)
    other = people.signed_in(people.a_member(Role.INVESTIGATOR))
    for _view in range(30):
        other.get(url)
    assert views("identity.alerted") == []


def test_a_mail_that_cannot_be_sent_stops_nobody(
    desk: Client,
    identified: Page,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.SECURITY_CONTACT = "security@example.org"
    monkeypatch.setattr("patients.oversight.identity_reads.MOST_IN_AN_HOUR", 0)

    def refused(*_: object, **__: object) -> None:
        raise OSError("no mail host")

    monkeypatch.setattr("patients.oversight.identity_reads.send_mail", refused)
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.get(identified.get_absolute_url()).status_code == 200
    assert len(views("identity.alerted")) == 1
