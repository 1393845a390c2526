"""A page printed by a browser: what stands on it and who vouches for it, without what can only be clicked."""

import re
from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pypdf import PdfReader

from patients.casebook.page import Page
from tests.patients.entry.signing_desk import eligibility, principal_investigator, screened, sign
from tests.patients.web import people
from trial.people.models import Account

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db(transaction=True)
PAPER = {"width": "210mm", "height": "297mm", "print_background": True}


@pytest.fixture
def pi() -> Account:
    return principal_investigator()


@pytest.fixture
def page(pi: Account) -> Page:
    found = eligibility(screened())
    sign(found, pi)
    return found


def printed(chromium: "Browser", client: Client, url: str) -> str:
    """The text of what the browser prints for somebody who is signed in, without its spaces."""
    value = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = chromium.new_context()
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": url}])
    tab = context.new_page()
    tab.goto(url)
    pdf = tab.pdf(**PAPER)
    context.close()
    return "".join(bare(each.extract_text()) for each in PdfReader(BytesIO(pdf)).pages)


def bare(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_page_keeps_its_values_banners_and_signatures_and_loses_its_controls(
    chromium: "Browser", live_server, page: Page, pi: Account
) -> None:
    client = people.signed_in(pi)
    text = printed(chromium, client, live_server.url + page.get_absolute_url())
    for kept in (
        page.subject.code,
        "ELIG",
        "I9",
        "66.9 %",
        pi.printed_name,
        "Signatures",
        "meaning: approval",
    ):
        assert bare(kept) in text, kept
    for lost in ("Save and complete", "Clear the answer", "Sign out", "Not applicable"):
        assert bare(lost) not in text, lost


def test_the_page_of_a_subject_keeps_its_visits_and_loses_its_buttons(
    chromium: "Browser", live_server, page: Page, pi: Account
) -> None:
    client = people.signed_in(pi)
    url = live_server.url + reverse("subject", args=[page.subject.code])
    text = printed(chromium, client, url)
    assert page.subject.code in text
    assert "SCR" in text
    for lost in ("Casebook as PDF", "Add a visit or an entry", "Next due"):
        assert bare(lost) not in text, lost
