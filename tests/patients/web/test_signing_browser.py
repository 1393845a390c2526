"""The principal investigator signs in a real browser: with a code, with a passkey, and without the script."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from django.urls import reverse

from patients.casebook.page import Page
from patients.oversight.signatures import Signature
from tests.patients.entry import desk as entry
from tests.patients.entry.signing_desk import eligibility, principal_investigator, screened
from tests.patients.web import people
from tests.trial.people.persons import code_of
from tests.trial.people.test_sign_in_browser import with_passkeys
from tests.watched_tab import look, watched_tab
from trial.people.models import Account
from trial.people.second_factor import add_telephone, new_secret

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pi() -> Account:
    account = principal_investigator()
    people.has_password(account)
    return account


@pytest.fixture
def page(pi: Account) -> Page:
    return eligibility(screened())


@pytest.fixture
def tab(chromium: "Browser", live_server) -> Iterator["Tab"]:
    with watched_tab(chromium, live_server.url, width=1360) as tab:
        yield tab


def enter(tab: "Tab", account: Account) -> None:
    tab.goto("/sign-in/")
    tab.fill("#login", account.user_name)
    tab.fill("#password", people.PASSWORD)
    tab.get_by_role("button", name="Sign in").click()


def with_telephone(account: Account) -> str:
    secret = new_secret()
    with transaction.atomic():
        add_telephone(account, secret, by=people.SETUP)
    return secret


@pytest.mark.requirement("ES-01", "ES-02", "ES-04")
def test_a_page_is_signed_changed_and_signed_again(tab: "Tab", page: Page, pi: Account) -> None:
    secret = with_telephone(pi)
    enter(tab, pi)
    tab.fill("#code", code_of(secret))
    tab.keyboard.press("Enter")
    tab.wait_for_url("http://localhost:*/")
    tab.goto(page.get_absolute_url())
    tab.get_by_role("link", name="Sign", exact=True).click()
    assert "66.9" in tab.inner_text("main")
    look(tab, "sign")
    tab.fill("#user_name", pi.user_name)
    tab.fill("#password", "wrong")
    tab.fill("#code", code_of(secret, 1))
    tab.keyboard.press("Enter")
    assert "Nothing was signed" in tab.locator(".banner-bad").inner_text()
    look(tab, "sign-wrong")
    tab.fill("#user_name", pi.user_name)
    tab.fill("#password", people.PASSWORD)
    tab.fill("#code", code_of(secret, 1))
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".toast")
    assert f"Signed by {pi.printed_name}, Principal investigator." in tab.inner_text("main")
    look(tab, "signed")
    tab.goto(reverse("subject", args=[page.subject.code]))
    look(tab, "subject")
    entry.save(page, {"spo2_ra_pct": "96"}, why=entry.BECAUSE)
    tab.goto(page.get_absolute_url())
    assert "This page needs signing again." in tab.inner_text("main")
    look(tab, "again")
    tab.get_by_role("link", name="Sign", exact=True).click()
    assert "Changed since it was signed last" in tab.inner_text("main")
    look(tab, "sign-again")
    tab.set_viewport_size({"width": 390, "height": 844})
    look(tab, "sign-again-narrow")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    tab.fill("#password", people.PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".toast")
    look(tab, "signed-narrow")
    assert Signature.objects.in_force().count() == 1


@pytest.mark.requirement("ES-01")
def test_a_passkey_signs(tab: "Tab", page: Page, pi: Account) -> None:
    with_passkeys(tab)
    enter(tab, pi)
    tab.get_by_role("link", name="Add a passkey").click()
    tab.fill("#name", "Laptop of the ward")
    tab.get_by_role("button", name="Make the passkey").click()
    tab.wait_for_url("**/recovery/")
    tab.goto(reverse("sign", args=[page.pk]))
    tab.fill("#user_name", pi.user_name)
    tab.fill("#password", people.PASSWORD)
    look(tab, "sign-passkey")
    tab.get_by_role("button", name="Sign with a passkey").click()
    tab.wait_for_selector(".toast")
    assert Signature.objects.get().signer == pi.user_name


@pytest.mark.requirement("ES-01")
def test_a_page_is_signed_without_the_script(
    chromium: "Browser", live_server, page: Page, pi: Account
) -> None:
    secret = with_telephone(pi)
    context = chromium.new_context(
        base_url=live_server.url, locale="en-GB", java_script_enabled=False, color_scheme="dark"
    )
    context.set_default_timeout(10_000)
    tab = context.new_page()
    enter(tab, pi)
    tab.fill("#code", code_of(secret))
    tab.keyboard.press("Enter")
    tab.wait_for_url("http://localhost:*/")
    tab.goto(reverse("sign", args=[page.pk]))
    tab.fill("#user_name", pi.user_name)
    tab.fill("#password", people.PASSWORD)
    tab.fill("#code", code_of(secret, 1))
    look(tab, "sign-dark")
    tab.get_by_role("button", name="Sign", exact=True).click()
    tab.wait_for_url(f"**{page.get_absolute_url()}")
    assert Signature.objects.get().signer == pi.user_name
    context.close()
