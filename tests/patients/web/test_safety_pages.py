"""Where events, reports and deaths do not agree, on screen and within the sites of who looks."""

import html

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page
from tests.patients.entry import desk as entry
from tests.patients.oversight.test_reconciliation import EVENT, log
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.roles import Role

pytestmark = pytest.mark.django_db
URL = reverse("reconciliation")


def seen(client: Client) -> str:
    return html.unescape(client.get(URL).content.decode())


def test_each_line_leads_to_its_records(desk: Client) -> None:
    assert "Everything agrees" in seen(desk)
    page = log(entry.infused(), "AE", {"1": EVENT})
    shown = seen(desk)
    assert "A serious event that nobody has reported." in shown
    assert f'<a href="{page.get_absolute_url()}">AE 1</a>' in shown
    assert "sepsis · 4 · 2024-02-10" in shown


def test_another_site_sees_nothing_of_it(desk: Client) -> None:
    log(entry.consented("HZ02-001"), "AE", {"1": EVENT})
    assert "HZ02-001" not in seen(desk)
    other = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert "HZ02-001" in seen(other)


# --- reporting in one step ---------------------------------------------------------------------------------
@pytest.fixture
def events(db: None) -> Page:
    return log(entry.infused(), "AE", {"1": EVENT, "2": EVENT | {"ae_serious": "N"}})


def url_of(page: Page, key: str = "1") -> str:
    return f"{reverse('report-event', args=[page.pk])}?row={key}"


def test_a_serious_event_leads_to_its_report(desk: Client, events: Page) -> None:
    page = desk.get(events.get_absolute_url()).content.decode()
    assert f'href="{url_of(events)}">Report event 1</a>' in page
    assert "Report event 2" not in page
    answer = desk.get(url_of(events))
    shown = html.unescape(answer.content.decode())
    assert "The report that comes next: initial." in shown
    assert "sepsis" in shown
    form = form_of(answer, aware="2024-02-11 09:00")
    answers = [desk.post(reverse("report-event", args=[events.pk]), form) for _time in range(2)]
    reports = Page.objects.get(subject=events.subject, form_code="SAE")
    assert {answer["Location"] for answer in answers} == {reports.get_absolute_url()}
    assert form_model("SAE").of_page(reports).count() == 1
    assert "follow-up 1" in desk.get(url_of(events)).content.decode()


def test_what_cannot_be_read_is_said_and_kept(desk: Client, events: Page) -> None:
    form = form_of(desk.get(url_of(events)), aware="yesterday")
    answer = desk.post(reverse("report-event", args=[events.pk]), form)
    assert answer.status_code == 422
    assert 'value="yesterday"' in answer.content.decode()
    assert not Page.objects.filter(form_code="SAE").exists()


@pytest.mark.parametrize("key", ["2", "9", ""])
def test_an_event_that_is_not_serious_says_why(desk: Client, events: Page, key: str) -> None:
    answer = desk.get(url_of(events, key))
    assert answer.status_code == 422
    assert "Only an event that is said to be serious is reported." in answer.content.decode()


def test_a_page_of_another_form_has_no_events(desk: Client, events: Page) -> None:
    other = people.page_of(events.subject, "DM", "SCR")
    assert desk.get(url_of(other)).status_code == 422


def test_who_does_not_enter_is_not_led_to_it(events: Page) -> None:
    client = people.signed_in(people.a_member(Role.MONITOR, name="ke.fan"))
    assert "Report event" not in client.get(events.get_absolute_url()).content.decode()
    assert client.get(url_of(events)).status_code == 403
