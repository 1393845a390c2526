"""A serious event from the awareness of the site to the closed report, in both languages: the investigator
reports it in one step, the medical monitor judges it, and every clock stops."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.safety_mailing import send_due
from tests.patients.entry import desk as entry
from tests.patients.oversight.test_safety_clocks import EVENT, log
from tests.patients.web import people
from tests.patients.web.words import said
from tests.trial.people.test_safety_contacts import a_contact
from tests.watched_tab import watched_tab
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)
NARRATIVE = "fever and hypotension, cultures taken, antibiotics begun within the hour " * 2


@pytest.fixture
def events() -> Page:
    return log(entry.infused(), "AE", {"1": EVENT | {"ae_ser_crit": "medically_important"}})


@pytest.fixture
def yi(events: Page) -> Account:
    return people.a_member(Role.INVESTIGATOR, name="yi.shen", printed="Yi Shen")


@pytest.fixture
def ru(events: Page) -> Account:
    return people.a_member(Role.MEDICAL_MONITOR, name="ru.bai", printed="Ru Bai")


def hours_ago(hours: int) -> str:
    return f"{timezone.localtime() - timedelta(hours=hours):%Y-%m-%d %H:%M}"


def save(tab: "Tab") -> None:
    tab.locator(".actionbar button[value=save]").click()
    tab.wait_for_load_state()


def waits(tab: "Tab") -> list[str]:
    """What the page of safety waits for."""
    tab.goto(reverse("safety"))
    return tab.locator("tbody td a").all_inner_texts()


@pytest.mark.parametrize("language", ["en-GB"])
def test_from_awareness_to_the_closed_report(
    chromium: "Browser", live_server, events: Page, yi: Account, ru: Account, language: str
) -> None:
    a_contact(language="zh-hans" if language == "zh-CN" else "en")
    with (
        watched_tab(chromium, live_server.url, language=language, person=yi) as site,
        watched_tab(chromium, live_server.url, language=language, person=ru) as sponsor,
    ):
        # given: a serious event that nobody has reported, of which the contact of the site is told
        assert waits(site) == [said(language, "report of serious event %(row)s to be begun", row="1")]
        send_due()
        assert [each.subject for each in mail.outbox] == [
            f"HZ01-001: {said(language, 'a serious adverse event was saved')}"
        ]

        # when: the investigator begins the report from the event and sends it
        site.goto(events.get_absolute_url())
        site.locator(f'a[href="{reverse("report-event", args=[events.pk])}?row=1"]').click()
        site.locator("#aware").fill(hours_ago(5))
        site.locator("form .btn-primary").click()
        site.wait_for_load_state()
        assert waits(site) == [said(language, "SAE report %(row)s to the sponsor", row="1")]
        reports = Page.objects.get(subject=events.subject, form_code="SAE")
        site.goto(reports.get_absolute_url())
        site.locator("[name=r0-sae_to_sponsor_dt]").fill(hours_ago(3))
        site.locator("[name=r0-sae_narrative]").fill(NARRATIVE)
        save(site)

        # and: the medical monitor finds it among what waits, and judges it
        assert waits(sponsor) == [said(language, "SAE report %(row)s to be judged by the sponsor", row="1")]
        sponsor.goto(reports.get_absolute_url())
        sponsor.locator(f'a[href="{reverse("judge", args=[reports.pk])}"]').click()
        sponsor.locator('[name="r0-sae_causality_spo.cart"]').select_option("possible")
        sponsor.locator("[name=r0-sae_expected][value=unexpected]").check(force=True)
        save(sponsor)
        assert waits(sponsor) == [said(language, "SAE report %(row)s to the authority", row="1")]

        # then: it is a SUSAR of 15 days, and no clock runs once it has gone to the authority
        site.goto(reports.get_absolute_url())
        site.locator("[name=r0-sae_submitted_dt]").fill(hours_ago(1))
        save(site)
        assert waits(site) == []
        row = form_model("SAE").of_page(reports).get()
        assert (row.sae_susar, row.sae_clock_days) == (True, 15)
        send_due(timezone.now() + timedelta(days=30))
        assert len(mail.outbox) == 1, "nothing waits, nobody is told"
