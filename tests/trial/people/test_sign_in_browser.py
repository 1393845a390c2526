"""Signing in in a real browser: the pages, a passkey, and the warning before a session ends."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.trial.people import persons
from tests.trial.people.persons import code_of
from tests.watched_tab import watched_tab
from trial.people.accounts import create_account, issue_link
from trial.people.models import Member, Site
from trial.people.roles import Role
from trial.trail.models import TrailEvent

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)
OWN = "a sentence that nobody else has"


@pytest.fixture
def tab(chromium: "Browser", live_server) -> Iterator["Tab"]:
    with watched_tab(chromium, live_server.url, width=1100) as tab:
        yield tab


def look(tab: "Tab", name: str) -> None:
    """Keep a picture where the run asks for one."""
    import os

    if folder := os.environ.get("SCREENSHOTS"):
        tab.screenshot(path=f"{folder}/{name}.png", full_page=True)


def with_passkeys(tab: "Tab") -> None:
    """A device that makes and answers passkeys by itself."""
    session = tab.context.new_cdp_session(tab)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def enter(tab: "Tab", name: str, password: str) -> None:
    tab.fill("#login", name)
    tab.fill("#password", password)
    tab.get_by_role("button", name="Sign in").click()


def secret_on(tab: "Tab") -> str:
    return re.sub(r"\s", "", tab.locator("code").inner_text())


@pytest.mark.requirement("ES-06", "AC-09")
def test_from_the_link_to_the_registry(tab: "Tab") -> None:
    site = Site.objects.create(code="HZ01", name="Hangzhou")
    account = create_account("mei.zhang", "Mei Zhang", by=persons.SETUP)
    Member.objects.create(account=account, site=site, role=Role.DATA_MANAGER, granted_by="t", reason="t")
    tab.goto(issue_link(account, by=persons.SETUP))
    look(tab, "set-password")
    tab.fill("#password", "mei.zhang has one")
    tab.fill("#again", "mei.zhang has one")
    tab.get_by_role("button", name="Set the password").click()
    assert "holds no name" in tab.inner_text("[role=alert]")
    look(tab, "set-password-refused")
    tab.fill("#password", OWN)
    tab.fill("#again", OWN)
    tab.get_by_role("button", name="Set the password").click()
    look(tab, "password-set")
    tab.get_by_role("link", name="Sign in").click()
    look(tab, "sign-in")
    enter(tab, "mei.zhang", OWN)
    tab.wait_for_url("**/account/second-factor/")
    look(tab, "second-factor-missing")
    tab.get_by_role("link", name="Add a telephone").click()
    assert tab.locator(".qr svg").bounding_box()["width"] > 150
    look(tab, "add-telephone")
    secret = secret_on(tab)
    tab.fill("#code", code_of(secret))
    tab.get_by_role("button", name="Add").click()
    assert tab.locator(".codes li").count() == 10
    look(tab, "recovery-codes")
    tab.get_by_role("link", name="I have kept them").click()
    tab.wait_for_url("http://localhost:*/")
    look(tab, "shell")
    tab.goto(reverse("my-sessions"))
    look(tab, "my-sessions")
    tab.get_by_role("button", name="Sign out").click()
    tab.goto("/subjects/")
    enter(tab, "mei.zhang", OWN)
    look(tab, "code")
    tab.fill("#code", "000000")
    tab.keyboard.press("Enter")
    assert "wrong or was used before" in tab.inner_text("[role=alert]")
    look(tab, "code-wrong")
    tab.get_by_role("link", name="Use a recovery code").click()
    look(tab, "recovery")
    tab.fill("#code", code_of(secret, 1))
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/subjects/")


@pytest.mark.requirement("AC-09")
def test_a_passkey_is_made_and_signs_in(tab: "Tab") -> None:
    persons.a_person(Role.DATA_MANAGER, "mei.zhang")
    with_passkeys(tab)
    tab.goto("/sign-in/")
    enter(tab, "mei.zhang", persons.PASSWORD)
    tab.get_by_role("link", name="Add a passkey").click()
    tab.fill("#name", "Laptop of the ward")
    look(tab, "add-passkey")
    tab.get_by_role("button", name="Make the passkey").click()
    tab.wait_for_url("**/recovery/")
    tab.goto(reverse("second-factor"))
    assert "Laptop of the ward" in tab.inner_text("main")
    look(tab, "second-factors")
    tab.get_by_role("button", name="Sign out").click()
    tab.goto("/subjects/")
    enter(tab, "mei.zhang", persons.PASSWORD)
    look(tab, "code-passkey")
    tab.get_by_role("button", name="Use a passkey").click()
    tab.wait_for_url("**/subjects/")
    acts = list(TrailEvent.objects.order_by("id").values_list("action", flat=True))
    assert acts == ["person.signed_in", "second_factor.added", "person.signed_out", "person.signed_in"]


@pytest.mark.requirement("AC-12")
def test_the_end_of_a_session_is_told_before_it_comes(tab: "Tab", settings) -> None:
    persons.a_person()
    tab.clock.install()
    tab.goto("/sign-in/")
    enter(tab, "lin.qiao", persons.PASSWORD)
    tab.goto(reverse("second-factor"))
    warning = tab.locator("#session-warning")
    tab.clock.run_for(27 * 60 * 1000)
    assert not warning.is_visible()
    tab.clock.run_for(70 * 1000)
    assert "signed out in two minutes" in warning.inner_text()
    look(tab, "warning")
    tab.get_by_role("button", name="Stay signed in").click()
    warning.wait_for(state="hidden")
    tab.clock.run_for(29 * 60 * 1000)
    assert warning.is_visible()
    tab.clock.run_for(2 * 60 * 1000)
    assert "You were signed out" in warning.inner_text()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_pages_are_complete_in_chinese_and_work_without_the_script(
    chromium: "Browser", live_server, script: bool
) -> None:
    secret = persons.with_telephone(persons.a_person(Role.DATA_MANAGER, "mei.zhang"))
    context = chromium.new_context(
        base_url=live_server.url, locale="zh-CN", java_script_enabled=script, color_scheme="dark"
    )
    context.set_default_timeout(10_000)
    tab = context.new_page()
    tab.goto("/sign-in/")
    tab.fill("#login", "mei.zhang")
    tab.fill("#password", persons.PASSWORD)
    tab.locator("form.card button").click()
    look(tab, f"zh-code-{script}")
    tab.fill("#code", code_of(secret))
    tab.locator("form.card button").click()
    tab.wait_for_url("http://localhost:*/")
    for name in ("second-factor", "my-sessions", "recovery-codes"):
        tab.goto(reverse(name))
        look(tab, f"zh-{name}")
        text = tab.inner_text("main .card").replace("Chimera", "")
        text = re.sub(r"Mozilla.*", "", text)
        assert not re.search(r"[A-Za-z]{4,}", text), text
    context.close()
