"""A monitor's visit on screen: figures that lead to their rows, closing, and the report."""

import hashlib
import html
import re
from io import BytesIO
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from patients.casebook.page import Page
from patients.entry.asking import raise_query
from patients.entry.query_act import Question, Target
from patients.entry.query_moves import answer_query
from patients.entry.reasons import Reason
from patients.oversight.monitoring_visits import MonitoringVisit
from patients.oversight.redaction import approve_redaction, request_redaction
from patients.oversight.since_visit import Figure
from patients.web import visit_report
from tests.patients.web import people
from tests.trial.trail.faults import counted
from trial.edition import EDITION
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.study import site_today
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
URL = reverse("monitoring-visit", args=["HZ01"])
LATE = Reason("late_source", "report 25-3391")
TODAY = str(site_today())
TYPED = {"kind": "on_site", "began": TODAY, "ended": TODAY, "actions": "File the report of May."}


@pytest.fixture
def tan_rui(db: None) -> Account:
    return people.a_member(Role.MONITOR, name="tan.rui", printed="Tan Rui")


@pytest.fixture
def monitor(tan_rui: Account) -> Client:
    return people.signed_in(tan_rui)


@pytest.fixture
def corrected(response_page: Page, coordinator: Account) -> Page:
    """The blasts are entered, then corrected with a reason."""
    people.save(
        response_page, {"bm_done": "Y", "bm_blast": "61.5"}, {"form_date": "2025-05-20"}, by=coordinator
    )
    people.save(response_page, {"bm_blast": "6.5"}, by=coordinator, reasons={("", "bm_blast"): LATE})
    return response_page


def seen(client: Client, url: str = URL) -> str:
    text = re.sub(r"<[^>]+>", " ", client.get(url).content.decode())
    return html.unescape(" ".join(text.split()))


def figures_on(client: Client) -> dict[str, tuple[str, int]]:
    """Of each figure its address and its number."""
    shown = client.get(URL).content.decode()
    found = re.findall(r'<a href="([^"]*show=(\w+)#h-rows)"[^>]*><b>(\d+)</b>', shown)
    return {name: (html.unescape(url), int(number)) for url, name, number in found}


def rows_at(client: Client, url: str) -> int:
    table = client.get(url).content.decode().partition('id="h-rows"')[2].partition("</section>")[0]
    return table.count('<th scope="row">')


def send(client: Client, **typed: str) -> HttpResponse:
    shown = client.get(URL).content.decode()
    kept = dict(re.findall(r'name="(after|up_to|acts|whose)" value="(\w+)"', shown))
    return client.post(URL, kept | TYPED | typed)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages)


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def report(client: Client, language: str = "en") -> Any:
    visit = MonitoringVisit.objects.latest("pk")
    return client.post(reverse("visit-report", args=[visit.site, visit.pk]), {"language": language})


# --- the screen --------------------------------------------------------------------------------------------
def test_each_figure_leads_to_as_many_rows_as_it_counts(monitor: Client, corrected: Page) -> None:
    found = figures_on(monitor)
    assert set(found) == set(Figure)
    assert found["corrected"][1] == 1
    assert found["to_verify"][1] > 0
    assert {name: rows_at(monitor, url) for name, (url, _number) in found.items()} == {
        name: number for name, (_url, number) in found.items()
    }


def test_a_correction_is_told_with_old_new_and_reason_and_the_trail_has_the_same(
    monitor: Client, corrected: Page
) -> None:
    shown = monitor.get(URL).content.decode()
    assert "61.5" in shown
    assert "report 25-3391" in shown
    [to_trail] = re.findall(r'href="([^"]*since=[^"]*)"', shown)
    told = seen(monitor, html.unescape(to_trail))
    assert "1 act · 1 entry" in told
    assert "of the ledger" in told
    assert "report 25-3391" in told
    send(monitor)
    assert "report 25-3391" not in seen(monitor)


def test_the_trail_is_narrowed_to_the_period_and_a_broken_one_is_none(
    monitor: Client, corrected: Page
) -> None:
    trail = reverse("trail-of-sites")
    last = TrailEvent.objects.filter(site="HZ01").latest("pk").leaf.seq  # type: ignore[attr-defined]
    assert "No changes" in seen(monitor, f"{trail}?since={last}..{last + 5}")
    assert "report 25-3391" in seen(monitor, f"{trail}?since=0..{last}")
    for broken in ("..", "1..", "..9", "a..b", f"1..{'9' * 30}"):
        assert "report 25-3391" in seen(monitor, f"{trail}?since={broken}")


def test_what_identifies_the_subject_is_withheld(monitor: Client, corrected: Page, desk: Client) -> None:
    page = people.page_of(corrected.subject, "DM", "SCR")
    people.save(page, {"birth_date": "1992-04-04"}, {"form_date": "2025-05-20"})
    people.save(page, {"birth_date": "1992-04-05"}, reasons={("", "birth_date"): LATE})
    assert figures_on(monitor)["corrected"][1] == 2
    assert "withheld" in seen(monitor)
    send(monitor)
    for text in (seen(monitor), text_of(report(monitor).content)):
        assert "1992-04" not in text


def test_a_visit_is_closed_and_stands_in_the_list(monitor: Client, corrected: Page) -> None:
    answer = send(monitor)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    shown = seen(monitor)
    assert "The visit is closed." in shown
    assert "Since the visit that ended on" in shown
    assert "Values corrected: 1" in shown
    assert "File the report of May." in shown
    assert "my last visit" in shown


def test_what_is_refused_is_said_and_what_was_typed_is_kept(monitor: Client, corrected: Page) -> None:
    answer = send(monitor, actions="Call 138 0013 8000 again.", began="")
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Give the first and the last day of the visit." in text
    assert "Action item 1" in text
    assert "Call 138 0013 8000 again." in text
    assert not MonitoringVisit.objects.exists()


def test_a_period_that_moved_is_looked_at_again(monitor: Client, corrected: Page) -> None:
    answer = send(monitor, acts="1")
    assert answer.status_code == 409
    assert "The visit is not closed" in html.unescape(answer.content.decode())
    assert monitor.post(URL, TYPED).status_code == 400


def test_who_does_not_monitor_reads_and_closes_nothing(desk: Client, corrected: Page) -> None:
    assert "Close the visit" not in seen(desk)
    assert "the last visit of any monitor" in seen(desk)
    assert desk.post(URL, TYPED).status_code == 403


def test_other_sites_are_not_told_of(monitor: Client, corrected: Page) -> None:
    send(monitor)
    other = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert other.get(URL).status_code == 404
    assert report(other).status_code == 404
    assert other.get(reverse("monitoring-visit", args=["HZ02"])).status_code == 200
    visit = MonitoringVisit.objects.get()
    assert other.post(reverse("visit-report", args=["HZ02", visit.pk])).status_code == 404


def test_more_rows_are_shown_by_no_more_statements(monitor: Client, corrected: Page) -> None:
    def sent() -> int:
        with counted() as statements:
            assert monitor.get(URL).status_code == 200
        return len(statements)

    few = sent()
    for number in range(2, 6):
        reasons = {("", "bm_blast"): LATE}
        people.save(corrected, {"bm_blast": f"{number}.5"}, reasons=reasons)
    people.a_subject("HZ01-002")
    assert figures_on(monitor)["corrected"][1] == 5
    assert sent() == few


# --- the report --------------------------------------------------------------------------------------------
def test_the_report_says_what_was_found_by_whom_and_when(monitor: Client, corrected: Page) -> None:
    send(monitor)
    answer = report(monitor)
    assert answer["Content-Type"] == "application/pdf"
    text = text_of(answer.content)
    said_in_it = ("Monitoring visit report, HZ01", "Tan Rui, Monitor", "on site", "File the report of May.")
    for said in (*said_in_it, "HZ01-001", "61.5", "report 25-3391"):
        assert bare(said) in bare(text), said
    pages = PdfReader(BytesIO(answer.content)).pages
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page.extract_text()
        assert f"Chimera {EDITION}" in page.extract_text()
    event = TrailEvent.objects.get(action="visit_report.exported")
    assert event.changes.get(item="sha256").new == hashlib.sha256(answer.content).hexdigest()
    assert event.changes.get(item="content_sha256").new in bare(text)
    assert (event.site, event.changes.get(item="language").new) == ("HZ01", "en")


def test_it_is_made_again_later_with_the_same_figures(monitor: Client, corrected: Page) -> None:
    """Whatever came since, and in whichever language."""
    target, asked = Target(subject=corrected.subject), Question("Which report says so?")
    query = raise_query(target, asked, by=people.SETUP)
    send(monitor)
    first = report(monitor)
    answer_query(query, "That of May.", by=people.SETUP)
    people.save(corrected, {"bm_blast": "7.5"}, reasons={("", "bm_blast"): LATE})
    people.a_subject("HZ01-002")
    again, chinese = report(monitor), report(monitor, "zh-hans")
    texts = [re.sub(r"\d\d:\d\d:\d\d", "", text_of(each.content)) for each in (first, again)]
    assert texts[0] == texts[1]
    assert "Values corrected since the last visit 1" in texts[0]
    assert "Which report says so?" in texts[0]
    events = TrailEvent.objects.filter(action="visit_report.exported")
    assert events.count() == 3
    assert len({event.changes.get(item="content_sha256").new for event in events}) == 1
    assert PdfReader(BytesIO(chinese.content)).trailer["/Root"]["/Lang"] == "zh"
    assert "61.5" in text_of(chinese.content)


def test_a_long_list_is_cut_and_says_so(
    monitor: Client, corrected: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.save(corrected, {"bm_blast": "7.5"}, reasons={("", "bm_blast"): LATE})
    send(monitor)
    monkeypatch.setattr(visit_report, "MOST_PRINTED", 1)
    text = text_of(report(monitor).content)
    assert "Values corrected (2)" in text
    assert "1 more, in Chimera." in text


def test_a_language_that_chimera_does_not_have_is_refused(monitor: Client, corrected: Page) -> None:
    send(monitor)
    assert report(monitor, "fr").status_code == 400


def test_what_is_hidden_later_is_hidden_in_the_report_too(monitor: Client, corrected: Page) -> None:
    """And the hiding names the close and the report before it, which it does not reach."""
    page = people.page_of(corrected.subject, "DX", "SCR")
    people.save(page, {"karyotype_iscn": "see Wang Wu"}, {"form_date": "2025-05-20"})
    people.save(page, {"karyotype_iscn": "46,XY"}, reasons={("", "karyotype_iscn"): LATE})
    send(monitor)
    assert "Wang Wu" in text_of(report(monitor).content)
    asks, decides = (people.a_member(role) for role in (Role.DATA_MANAGER, Role.PRINCIPAL_INVESTIGATOR))
    asked = request_redaction(corrected.subject, "Wang Wu", reason="a relative's name", by=asks)
    approve_redaction(asked, by=decides)
    assert "Wang Wu" not in text_of(report(monitor).content)
    hidden = TrailEvent.objects.get(action="redaction.done")
    stays = " ".join(hidden.changes.filter(item="kept_elsewhere").values_list("new", flat=True))
    assert "visit.closed" in stays
    assert "visit_report.exported" in stays
