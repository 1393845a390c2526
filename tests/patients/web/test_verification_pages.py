"""A monitor compares a page with its source in the browser, and sees how far a site is."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page
from patients.oversight.verification import Verification, ticks_on
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.trial.trail.faults import counted
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
VALUES = {"resp_dt": "2025-06-13", "bm_done": "Y", "bm_blast": "3.0", "mrd_value": "0.005"}


@pytest.fixture
def page(coordinator: Account) -> Page:
    subject = people.a_subject(infused=True)
    page = people.page_of(subject, "RESP", "C28")
    people.save(page, VALUES, {"form_date": "2025-06-13"}, by=coordinator)
    return entry.now(page)


@pytest.fixture
def ke_fan(db: None) -> Account:
    return people.a_member(Role.MONITOR, name="ke.fan", printed="Ke Fan")


@pytest.fixture
def monitor(ke_fan: Account) -> Client:
    return people.signed_in(ke_fan)


def url_of(page: Page) -> str:
    return reverse("verify", args=[page.pk])


def send(client: Client, page: Page, do: str, *ticked: str, **typed: str) -> Any:
    form: dict[str, Any] = form_of(client.get(url_of(page)), **typed)
    return client.post(url_of(page), form | {"do": do, "value": [f"{item}|" for item in ticked]})


def seen(client: Client, url: str) -> str:
    text = re.sub(r"<[^>]+>", " ", client.get(url).content.decode())
    return html.unescape(" ".join(text.split()))


def verified(page: Page) -> set[str]:
    return {item for _key, item in ticks_on(entry.now(page))}


def test_the_values_stand_with_units_and_what_is_critical(monitor: Client, page: Page) -> None:
    shown = seen(monitor, url_of(page))
    assert "0 of 5 values verified" in shown
    assert "Assessment" in shown
    assert "Date of assessment (local site date) 2025-06-13" in shown
    assert "Marrow blasts critical 3.0 % to verify" in shown
    assert "Strict response" not in shown, "what is derived has no source"


def test_what_is_ticked_is_verified_and_shown_on_the_page(monitor: Client, page: Page, desk: Client) -> None:
    answer = send(monitor, page, "ticked", "bm_blast", "resp_dt")
    assert (answer.status_code, answer["Location"]) == (302, url_of(page))
    assert verified(page) == {"bm_blast", "resp_dt"}
    assert "2 verified." in seen(monitor, url_of(page))
    on_page = seen(desk, page.get_absolute_url())
    assert on_page.count("Verified by Ke Fan") == 2
    assert "2 of 5 values verified" in on_page
    assert url_of(page) not in desk.get(page.get_absolute_url()).content.decode()


def test_the_header_has_a_tick_of_its_own(monitor: Client, page: Page, desk: Client) -> None:
    send(monitor, page, "ticked", "form_date")
    assert verified(page) == {"form_date"}
    shown = desk.get(page.get_absolute_url()).content.decode()
    assert re.search(r'data-field="form_date".*?Verified by Ke Fan', shown, re.S)
    assert seen(desk, page.get_absolute_url()).count("Verified by Ke Fan") == 1


def test_the_rest_is_verified_in_one_act_and_the_page_says_so(monitor: Client, page: Page) -> None:
    send(monitor, page, "ticked", "bm_blast")
    assert send(monitor, page, "rest").status_code == 302
    assert verified(page) == {"form_date", *VALUES}
    assert "Verify the rest" not in seen(monitor, url_of(page))


def test_a_form_that_is_sent_twice_is_one_act(monitor: Client, page: Page) -> None:
    form = form_of(monitor.get(url_of(page))) | {"do": "rest"}
    assert [monitor.post(url_of(page), form).status_code for _ in range(2)] == [302, 302]
    assert TrailEvent.objects.filter(action="page.verified").count() == 1


def test_nothing_ticked_is_said(monitor: Client, page: Page) -> None:
    answer = send(monitor, page, "ticked")
    assert answer.status_code == 422
    assert "Tick what you have compared with its source." in answer.content.decode()


def test_a_page_that_changed_meanwhile_is_looked_at_again(
    monitor: Client, page: Page, coordinator: Account
) -> None:
    form = form_of(monitor.get(url_of(page))) | {"do": "rest"}
    people.save(entry.now(page), {"pb_blast": "1.0"}, by=coordinator)
    answer = monitor.post(url_of(page), form)
    assert (answer.status_code, verified(page)) == (409, set())
    assert "Something changed after you opened this." in answer.content.decode()
    assert send(monitor, page, "rest").status_code == 302


def test_it_is_taken_back_with_a_reason_that_is_kept_when_it_is_refused(monitor: Client, page: Page) -> None:
    send(monitor, page, "rest")
    answer = send(monitor, page, "take-back", "bm_blast", reason="no")
    assert answer.status_code == 422
    assert 'value="no"' in answer.content.decode()
    assert send(monitor, page, "take-back", "bm_blast", reason="another report").status_code == 302
    assert verified(page) == {"form_date", *VALUES} - {"bm_blast"}


def test_who_entered_on_it_is_told(page: Page, monitor: Client) -> None:
    page.entered_by = ["ke.fan"]
    entry.put_in_state(page, page.state)
    shown = monitor.get(url_of(page)).content.decode()
    assert "Somebody else compares it with the source." in shown
    assert 'type="checkbox"' not in shown
    assert monitor.post(url_of(page), {"do": "rest", "base_version": page.version}).status_code == 422
    assert verified(page) == set()


def test_a_visit_is_verified_in_one_act(monitor: Client, page: Page, coordinator: Account) -> None:
    other = people.page_of(page.subject, "VS", "C28")
    people.save(other, {"vs_temp": "36.8"}, {"form_date": "2025-06-13"}, by=coordinator)
    url = reverse("verify-visit", args=[page.visit_id])
    form = monitor.get(url).content.decode()
    offered = re.findall(r'name="seen" value="([\d:]+)"', form)
    assert len(offered) == 2
    assert "Verify the 7 values that are left at this visit" in form
    token = re.search(r'name="form_token" value="([^"]+)"', form)
    assert token
    sent = {"seen": offered, "form_token": token[1]}
    assert monitor.post(url, sent).status_code == 302
    assert Verification.objects.count() == 7
    assert entry.now(other).is_verified
    after = monitor.get(url).content.decode()
    assert "left at this visit" not in after
    assert "Verified" in after


@pytest.mark.parametrize("wrong", ["1", "x:1", "1:x", ":", "٣:١", "9" * 30 + ":1"])
def test_a_visit_takes_pages_with_versions_alone(monitor: Client, page: Page, wrong: str) -> None:
    url = reverse("verify-visit", args=[page.visit_id])
    assert monitor.post(url, {"seen": wrong}).status_code == 400


def test_a_page_of_another_visit_is_unknown_to_it(monitor: Client, page: Page) -> None:
    other = people.page_of(page.subject, "ELIG", "SCR")
    url = reverse("verify-visit", args=[page.visit_id])
    form = form_of(monitor.get(url)) | {"seen": f"{other.pk}:{other.version}"}
    assert monitor.post(url, form).status_code == 404


# --- lists -------------------------------------------------------------------------------------------------
def work(client: Client) -> list[str]:
    content = client.get(reverse("work", args=["verify"])).content.decode()
    return re.findall(r'<a class="title" href="([^"]+)"', content)


def test_the_work_list_holds_a_page_until_its_critical_values_are_verified(
    monitor: Client, page: Page
) -> None:
    assert url_of(page) in work(monitor)
    send(monitor, page, "ticked", "bm_blast", "mrd_value")
    drawn = entry.now(page).verification_draw < 2000
    assert (url_of(page) in work(monitor)) is drawn
    send(monitor, page, "rest")
    assert url_of(page) not in work(monitor)


def test_a_value_that_changes_brings_its_page_back(monitor: Client, page: Page, coordinator: Account) -> None:
    send(monitor, page, "rest")
    why = entry.BECAUSE
    entry.save(entry.now(page), {"bm_blast": "4.0"}, why=why, by=coordinator)
    assert url_of(page) in work(monitor)


def progress(client: Client, **asked: str) -> list[list[str]]:
    content = client.get(reverse("verification"), asked).content.decode()
    body = content.partition("<tbody>")[2].partition("</tbody>")[0]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>") if "<t" in row]
    return [[" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def test_the_progress_counts_what_is_planned_and_done(monitor: Client, page: Page) -> None:
    def of_response() -> list[str]:
        return next(row for row in progress(monitor, by="form") if row[0].startswith("RESP"))[1:3]

    assert of_response() == ["0 / 2", "0 %"]
    send(monitor, page, "ticked", "bm_blast")
    assert of_response() == ["1 / 2", "50 %"]
    (site,) = progress(monitor)
    assert site[0] == "HZ01"
    assert int(site[1].split(" / ")[0]) == 1
    assert [row[0] for row in progress(monitor, by="subject", site="HZ01")] == ["HZ01-001"]
    assert "C28" in [row[0] for row in progress(monitor, by="visit")]


def test_another_site_is_not_counted(monitor: Client, page: Page) -> None:
    people.a_subject("HZ02-001", infused=True)
    assert [row[0] for row in progress(monitor)] == ["HZ01"]
    assert progress(monitor, site="HZ02") == []


def test_the_progress_is_one_statement_however_many_pages(monitor: Client, page: Page) -> None:
    def statements() -> int:
        with counted() as sent:
            monitor.get(reverse("verification"), {"by": "subject"})
        return len(sent)

    few = statements()
    for number in (2, 3):
        people.a_subject(f"HZ01-00{number}", infused=True)
    assert statements() == few


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVESTIGATOR, Role.DATA_MANAGER, Role.AUDITOR])
def test_only_who_verifies_sees_the_screens_for_it(role: Role, page: Page) -> None:
    client = people.signed_in(people.a_member(role, name="some.body"))
    assert client.get(url_of(page)).status_code == 403
    assert client.get(reverse("verify-visit", args=[page.visit_id])).status_code == 403
    assert client.get(reverse("verification")).status_code == 200


def test_another_site_finds_nothing(page: Page) -> None:
    client = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert client.get(url_of(page)).status_code == 404
    assert client.get(reverse("verify-visit", args=[page.visit_id])).status_code == 404
