"""The reports of a serious event as a PDF, read back by a reader that is not ours."""

from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from patients.casebook.page import Page
from patients.entry.register import register_identity
from patients.oversight.signatures import Signature
from tests.patients.entry import desk as entry
from tests.patients.entry.signing_desk import principal_investigator, sign
from tests.patients.oversight.test_safety_clocks import EVENT, SUSAR, log
from tests.patients.web import people
from tests.patients.web.test_casebook_print import bare, text_of
from trial.edition import EDITION
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]
NARRATIVE = 'fever and hypotension, *noradrenaline* #read("/etc/hostname") 汉字 ' * 3


@pytest.fixture
def reports() -> Page:
    """An event with an initial report and a follow-up, entered in the other order, and one beside it."""
    subject = entry.infused()
    register_identity(
        subject,
        full_name="Canary Zhaolin",
        hospital_number="H7745531",
        by=entry.SYSTEM,
        source=Source.COMMAND,
    )
    log(subject, "AE", {"1": EVENT, "2": EVENT | {"ae_term": "stroke"}})
    medicines = {
        "1": {"cm_name": "meropenem", "cm_start": "2024-02-10", "cm_route": "INTRAVENOUS"},
        "2": {"cm_name": "aciclovir", "cm_start": "2024-01-01", "cm_end": "2024-02-01", "cm_ongoing": "N"},
    }
    log(subject, "CM", medicines)
    follow_up = SUSAR | {"sae_report_type": "follow_up_1", "sae_aware_dt": "2024-02-16 09:00"}
    rows = {
        "1": follow_up | {"sae_to_sponsor_dt": "2024-02-16 10:00", "sae_hosp_from__missing": "unknown"},
        "2": SUSAR | {"sae_narrative": NARRATIVE},
        "3": SUSAR | {"sae_ae": "2"},
    }
    return log(subject, "SAE", rows)


def printed(client: Client, page: Page, language: str = "en", event: str = "1") -> bytes:
    answer = client.post(reverse("report-pdf", args=[page.pk]), {"event": event, "language": language})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return answer.content


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("I. The reaction", "II. Products", "III. Other medicines", "IV. Sponsor", "sepsis")),
        ("zh-hans", ("sepsis", "HZ01-001", "2024-02-11")),
    ],
)
def test_the_boxes_hold_what_is_known(desk: Client, reports: Page, language: str, said: Any) -> None:
    text = text_of(printed(desk, reports, language))
    for each in said:
        assert bare(each) in text
    assert bare(NARRATIVE) in text, "what was typed is text and no markup"
    assert "meropenem" in text
    assert "aciclovir" not in text, "it was over before the event began"
    assert "stroke" not in text, "another event has a report of its own"


def test_initial_and_follow_ups_stand_in_order(desk: Client, reports: Page) -> None:
    text = text_of(printed(desk, reports))
    assert text.index("Report2:initial") < text.index("Report1:follow-up1")


def test_a_pregnancy_is_named_as_one(desk: Client) -> None:
    subject = entry.infused()
    log(subject, "AE", {"1": EVENT | {"ae_term": "Pregnancy of the partner"}, "2": EVENT})
    page = log(subject, "SAE", {"1": SUSAR, "2": SUSAR | {"sae_ae": "2"}})
    assert bare("Report of a pregnancy") in text_of(printed(desk, page))
    assert bare("Report of a serious adverse event") in text_of(printed(desk, page, event="2"))


def test_it_says_who_reports_by_the_role_and_names_no_patient(desk: Client, reports: Page) -> None:
    text = text_of(printed(desk, reports))
    assert bare("Reported by investigator the role") in text
    for secret in ("Canary", "Zhaolin", "H7745531", "1992-04-04"):
        assert secret not in text


@pytest.mark.requirement("VD-04")
def test_each_page_says_what_it_is(desk: Client, reports: Page) -> None:
    pdf = printed(desk, reports)
    reader = PdfReader(BytesIO(pdf))
    digest = TrailEvent.objects.get(action="sae.printed").changes.get(item="sha256").new
    assert digest in text_of(pdf)
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        assert "HZ01-001" in text
        assert f"{number} / {len(reader.pages)}" in text
        assert f"Chimera {EDITION}" in text
        assert digest[:16] in text
    assert bare(f"version {reports.version} of the page") in text_of(pdf)
    assert bare("Nobody has signed the page.") in text_of(pdf)
    assert reader.metadata is not None
    assert isinstance(reader.metadata.creation_date, datetime)


def test_a_missing_value_says_why(desk: Client, reports: Page) -> None:
    events = Page.objects.get(subject=reports.subject, form_code="AE")
    entry.save(events, rows={"1": {"ae_start_time__missing": "unknown"}})
    assert bare("Start time Unknown no value") in text_of(printed(desk, reports))


def test_that_it_left_is_on_the_trail_and_the_hash_knows_no_language(desk: Client, reports: Page) -> None:
    printed(desk, reports)
    printed(desk, reports, "zh-hans")
    first, second = TrailEvent.objects.filter(action="sae.printed").order_by("pk")
    told = {change.item: change.new for change in first.changes.all()}
    assert (told["language"], told["event"], told["reports"]) == ("en", "1", "2")
    assert told["sha256"] == second.changes.get(item="sha256").new
    assert (first.site, first.subject, first.form, first.actor) == ("HZ01", "HZ01-001", "SAE", "lin.qiao")
    entry.save(reports, rows={"1": {"sae_to_ec_dt": "2024-02-16 11:00"}})
    printed(desk, reports)
    last = TrailEvent.objects.filter(action="sae.printed").latest("pk")
    assert last.changes.get(item="sha256").new != told["sha256"]


def test_only_who_reads_the_page_and_only_what_is_there(desk: Client, reports: Page) -> None:
    url = reverse("report-pdf", args=[reports.pk])
    assert desk.post(url, {"event": "9"}).status_code == 404
    assert desk.post(url, {"event": "1", "language": "fr"}).status_code == 400
    assert desk.get(url).status_code == 405
    other = people.signed_in(people.a_member(Role.MONITOR, "HZ02", name="mo.nitor"))
    assert other.post(url, {"event": "1"}).status_code == 404
    shown = desk.get(reports.get_absolute_url()).content.decode()
    assert shown.count(f'action="{url}"') == 2, "one for each event"


@pytest.mark.requirement("ES-02")
def test_who_signed_it_and_whether_that_stands_is_printed(desk: Client) -> None:
    subject = entry.infused()
    log(subject, "AE", {"1": EVENT})
    page = entry.logged(subject, "SAE")
    whole = SUSAR | {"sae_narrative": NARRATIVE, "sae_to_ec_dt": "2024-02-11 16:00"}
    whole |= {"sae_expected": "expected"}
    saved = entry.save(page, rows={"1": whole}, on="2024-02-11", complete=True)
    assert saved.is_complete, [(each.item, str(each.message)) for each in saved.findings]
    sign(page, principal_investigator())
    text = text_of(printed(desk, entry.now(page)))
    assert bare("Wei.Shen.Hz01") in text or bare("Wei Shen Hz01") in text
    assert "Nobodyhassigned" not in text
    made = Signature.objects.get()
    at = f"{made.at_site:%Y-%m-%d %H:%M:%S} UTC+08:00"
    assert bare(f"{at} · {made.meaning}: {made.statement} (statement 1)") in text
    entry.save(page, rows={"1": {"sae_to_ec_dt": "2024-02-11 17:00"}}, why=entry.BECAUSE)
    assert bare("no longer in force") in text_of(printed(desk, entry.now(page)))
