"""The safety of the subjects on screen, within the sites of who looks: what does not agree, what runs out."""

import hashlib
import html
from typing import Any

import polars as pl
import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.safety_mailing import send_due
from tests.patients.entry import desk as entry
from tests.patients.oversight.test_adjudication import SEVERE
from tests.patients.oversight.test_reconciliation import EVENT, REPORT, log
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.trial.people.test_safety_contacts import a_contact
from tests.trial.trail.faults import counted
from trial.people.roles import Role
from trial.people.safety_contacts import SafetyContact
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
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


# --- the clocks --------------------------------------------------------------------------------------------
SAFETY, FILE = reverse("safety"), reverse("safety-file")


def clocks_seen(client: Client) -> str:
    return html.unescape(client.get(SAFETY).content.decode())


def test_each_clock_stands_with_its_hours_and_leads_to_its_page(desk: Client, events: Page) -> None:
    reports = log(events.subject, "SAE", {"1": REPORT})
    shown = clocks_seen(desk)
    assert f'<a href="{reports.get_absolute_url()}">SAE report 1 to the sponsor</a>' in shown
    assert "sepsis · 2024-02-10" in shown
    assert "2024-02-12 09:00" in shown
    assert "hours late" in shown
    assert "UTC+8" in shown
    assert f'href="{SAFETY}"' in desk.get(reverse("home")).content.decode()


PREGNANCY = EVENT | {
    "ae_term": "Pregnancy of the partner",
    "ae_grade": "2",
    "ae_ser_crit": "medically_important",
}


def test_a_pregnancy_is_named_and_followed_to_its_outcome(desk: Client, events: Page) -> None:
    assert "Pregnancies" not in clocks_seen(desk)
    entry.save(events, rows={"3": PREGNANCY})
    shown = clocks_seen(desk)
    assert '<span class="chip chip-busy">pregnancy</span>' in shown
    assert "first report" in shown
    narrowed = html.unescape(desk.get(SAFETY, {"only": "pregnancy"}).content.decode())
    assert "report of serious event 3 to be begun" in narrowed
    assert "report of serious event 1 to be begun" not in narrowed
    told = {"sae_to_sponsor_dt": "2024-02-11 15:00", "sae_expected": "expected"}
    told |= {"sae_ae": "3", "sae_causality_spo": "cart=unlikely"}
    log(events.subject, "SAE", {"1": REPORT | told})
    narrowed = html.unescape(desk.get(SAFETY, {"only": "pregnancy"}).content.decode())
    assert "No clock of a pregnancy runs" in narrowed
    assert "follow-up, until the outcome is known" in narrowed
    assert "2024-02-11 09:00" in narrowed
    entry.save(events, rows={"3": {"ae_outcome": "RECOVERED/RESOLVED"}}, why=entry.BECAUSE)
    assert "final report" in clocks_seen(desk)


def test_the_csv_says_which_clocks_are_of_pregnancies(desk: Client, events: Page) -> None:
    entry.save(events, rows={"3": PREGNANCY})
    read = pl.read_csv(desk.post(FILE).content, infer_schema=False)
    assert dict(zip(read["Serious event"], read["Pregnancy"], strict=True)) == {
        "sepsis · 2024-02-10": None,
        "Pregnancy of the partner · 2024-02-10": "pregnancy",
    }


def test_a_pregnancy_of_another_site_is_not_told_of(desk: Client) -> None:
    log(entry.consented("HZ02-001"), "AE", {"1": PREGNANCY})
    assert "Pregnancy of the partner" not in clocks_seen(desk)


def test_what_has_gone_out_is_not_there(desk: Client, events: Page) -> None:
    page = log(events.subject, "SAE", {"1": REPORT | {"sae_to_sponsor_dt": "2024-02-11 15:00"}})
    assert "SAE report 1 to be judged by the sponsor" in clocks_seen(desk)
    entry.save(page, rows={"1": {"sae_causality_spo": "cart=unlikely", "sae_expected": "expected"}})
    assert "No clock runs" in clocks_seen(desk)


def test_it_says_who_was_told_and_who_cannot_be(desk: Client, events: Page, settings: Any) -> None:
    assert "No safety contact is on record for HZ01." in clocks_seen(desk)
    a_contact()
    send_due()
    shown = clocks_seen(desk)
    assert "1 sent" in shown
    assert "No safety contact is on record" not in shown
    assert "No mail server is set up" in shown
    settings.MAIL_LEAVES = True
    assert "No mail server is set up" not in clocks_seen(desk)


def test_a_mail_that_did_not_go_is_said(desk: Client, events: Page, settings: Any) -> None:
    a_contact()
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
    send_due()
    assert "1 not sent" in clocks_seen(desk)


def test_the_clocks_of_another_site_are_not_told_of(desk: Client) -> None:
    log(entry.consented("HZ02-001"), "AE", {"1": EVENT})
    assert "HZ02-001" not in clocks_seen(desk)
    assert b"HZ02-001" not in desk.post(FILE).content
    other = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert "HZ02-001" in clocks_seen(other)


def test_the_clocks_leave_as_csv_on_record(desk: Client, events: Page) -> None:
    content = desk.post(FILE).content
    read = pl.read_csv(content, infer_schema=False)
    assert read["Subject"].to_list() == ["HZ01-001"]
    assert read["What is waited for"].to_list() == ["report of serious event 1 to be begun"]
    event = TrailEvent.objects.get(action="safety.exported")
    told = {change.item: change.new for change in event.changes.all()}
    assert told == {"entries": "1", "sha256": hashlib.sha256(content).hexdigest(), "sites": "HZ01"}
    assert desk.get(FILE).status_code == 405


def test_the_page_takes_the_same_statements_however_many_clocks_run(desk: Client, events: Page) -> None:
    def statements() -> int:
        with counted() as sent:
            desk.get(SAFETY)
        return len(sent)

    few = statements()
    entry.save(events, rows={str(number): EVENT for number in range(3, 9)})
    assert statements() == few


def test_the_data_manager_keeps_the_contacts_of_the_site() -> None:
    client = people.signed_in(people.a_member(Role.DATA_MANAGER, name="mei.zhang"))
    url = reverse("study-file", args=["safety-contacts"])
    typed = {"add-site": people.a_site().pk, "add-address": "ward@hz01.example", "add-language": "zh-hans"}
    typed |= {"add-starts": "2024-01-01", "add-reason": "letter of the ward"}
    assert client.post(url, {"do": "add", **typed}).status_code == 302
    assert client.post(url, {"do": "add", **typed}).status_code == 422
    contact = SafetyContact.objects.get()
    ended = {"do": "end", "row": contact.pk, "on": "2025-01-31", "reason": "the desk has moved"}
    assert client.post(url, ended).status_code == 302
    contact.refresh_from_db()
    assert str(contact.ends) == "2025-01-31"
    shown = client.get(url).content.decode()
    assert "letter of the ward" in shown
    assert "the desk has moved" in shown


# --- dose-limiting toxicity --------------------------------------------------------------------------------
DLT = reverse("adjudication")


def test_candidates_stand_with_the_form_that_decides(desk: Client) -> None:
    subject = entry.infused()
    events = log(subject, "AE", {"1": SEVERE | {"ae_dlt": "Y_candidate"}})
    page = entry.page_of(subject, "DLT", "C28")
    shown = html.unescape(desk.get(DLT).content.decode())
    assert f'<a href="{events.get_absolute_url()}">AE 1: stroke · grade 4 · D+15</a>' in shown
    assert f'<a href="{page.get_absolute_url()}">Form of adjudication</a>' in shown
    for said in ("candidate", "2024-02-02", "by its dose: yes", "waits for the committee"):
        assert said in shown
    entry.save(page, {"dlt_evaluable": "Y", "dlt_occurred": "N"}, on="2024-02-10")
    shown = html.unescape(desk.get(DLT).content.decode())
    assert "no dose-limiting toxicity" in shown


def test_the_definition_is_shown_as_awaiting_confirmation(desk: Client) -> None:
    shown = html.unescape(desk.get(DLT).content.decode())
    assert "Nobody was infused yet" in shown
    assert "Default awaiting the trial team's confirmation; not the protocol." in shown
    assert "D1: CRS grade 4" in shown
    assert "to day 28" in shown


def test_the_adjudication_of_another_site_is_not_shown(desk: Client) -> None:
    entry.infused()
    assert "HZ01-001" in desk.get(DLT).content.decode()
    other = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert "HZ01-001" not in other.get(DLT).content.decode()
