"""The coordinator's day in a browser, in both languages: a patient is entered, signed for and enrolled."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from tests.counts import counted_work
from tests.patients.entry import casebooks
from tests.patients.entry.signing_desk import principal_investigator
from tests.patients.web import people
from tests.patients.web.typist import Keys, enter, send
from tests.trial.people.persons import code_of
from tests.watched_tab import watched_tab
from trial.people.models import Account
from trial.people.roles import Role
from trial.people.second_factor import add_telephone, new_secret
from trial.protocol.study import site_today

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.django_db(transaction=True)
SIGNED_LATER = ("signed_in_source_by", "signed_in_source_on", "enrol_dt")


@pytest.fixture
def lin() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def pi() -> Account:
    account = principal_investigator()
    people.has_password(account)
    return account


def of_today(form: str) -> dict[str, str]:
    """What the demo has of its patient at screening, as if the consent had been given two days ago."""
    row = dict(next(row for row in casebooks.sheets()[form] if row["visit_code"] == "SCR"))
    today = site_today()
    days = {"2025-04-23": today - timedelta(days=2), "2025-04-29": today}
    for name, text in row.items():
        for before, now in days.items():
            text = text.replace(before, str(now))
        row[name] = text
    return {name: text for name, text in row.items() if name not in SIGNED_LATER}


def type_page(keys: Keys, page: Page, row: dict[str, str], how: str = "save") -> None:
    """Open the page, type it and send it."""
    keys.tab.goto(page.get_absolute_url())
    enter(keys, form_model(page.form_code), row)
    send(keys, how)


@pytest.mark.requirement("ES-01")
@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_patient_is_entered_signed_for_and_enrolled(
    chromium: "Browser",
    live_server,
    lin: Account,
    pi: Account,
    language: str,
    record_property: Callable[[str, object], None],
) -> None:
    secret = new_secret()
    with transaction.atomic():
        add_telephone(pi, secret, by=people.SETUP)
    with watched_tab(chromium, live_server.url, language=language, person=lin) as tab:
        # given: a subject who has consented and meets all criteria
        keys = Keys(tab)
        with counted_work(tab) as work:
            tab.goto(reverse("subjects"))
            keys.click(tab.locator(f"a[href='{reverse('new-subject')}']").first)
            keys.click("main form button[type=submit]")
            tab.wait_for_url("**/subjects/*-001/")
            subject = Subject.objects.get()
            eligibility = people.page_of(subject, "ELIG", "SCR")
            type_page(keys, eligibility, of_today("ELIG"))
            birth = casebooks.sheets()["IDENTITY"][0]["birth_date"]
            demographics = of_today("DM") | {"birth_date": birth}
            type_page(keys, people.page_of(subject, "DM", "SCR"), demographics, "complete")
        keys.tell(record_property, f"a new subject, ELIG and DM ({language})", work)
        tab.goto(eligibility.get_absolute_url())

        # when: the day of enrolment is entered before the signature, the page is kept and not complete
        tab.fill("#enrol_dt", str(site_today()))
        tab.locator("button[name=do][value=complete]").click()
        tab.wait_for_selector(".toast:not([hidden])")
        eligibility.refresh_from_db()
        assert eligibility.state == PageState.IN_PROGRESS
        assert tab.locator("#below-enrol_dt .msg").count() >= 1

        # when: the principal investigator signs
        with watched_tab(chromium, live_server.url, language=language, person=pi) as other:
            other.goto(reverse("sign", args=[eligibility.pk]))
            other.fill("#user_name", pi.user_name)
            other.fill("#password", people.PASSWORD)
            other.fill("#code", code_of(secret))
            other.keyboard.press("Enter")
            other.wait_for_selector(".toast:not([hidden])")

        # then: the subject is enrolled, and its page says so
        assert form_model("ELIG").objects.get(page=eligibility).enrol_dt == site_today()
        tab.goto(eligibility.get_absolute_url())
        assert pi.printed_name in tab.inner_text("main")
        assert tab.locator("#below-enrol_dt .msg").count() == 0
