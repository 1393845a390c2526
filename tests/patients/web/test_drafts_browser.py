"""What is typed in a real browser survives a lost network, a dead server and a closed tab (F11)."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.drafts import KeptDraft
from patients.web import draft_views, keeping
from tests.patients.web import people
from tests.patients.web.cut_line import Line
from tests.watched_tab import look
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("DI-02")]
NETWORK = ("status of 4", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE")


@pytest.fixture
def lin() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def page(lin: Account) -> Page:
    return people.page_of(people.a_subject(), "RESP", "SCR")


@pytest.fixture
def tab(chromium: "Browser", live_server, lin: Account, page: Page) -> Iterator["Tab"]:
    """Signed in, on the response page. At the end the console has told of the network alone."""
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1360, "height": 900})
    context.set_default_timeout(10_000)
    cookie = signed_in(lin)
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text) if message.type != "log" else None)
    tab = context.new_page()
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.goto(page.get_absolute_url())
    yield tab
    context.close()
    assert [line for line in said if not any(words in line for words in NETWORK)] == []


def signed_in(account: Account) -> str:
    """The key of a session of a coordinator, who needs no second factor."""
    client = Client()
    client.force_login(account)
    return client.cookies["sessionid"].value


def type_marker(tab: "Tab", text: str) -> None:
    tab.locator("#mol_marker").press_sequentially(text)


def wait_until_kept(tab: "Tab") -> None:
    tab.locator("[data-kept]", has_text="kept at").wait_for()


def typed(page: Page) -> list[str]:
    return [text for draft in KeptDraft.objects.filter(page=page) for text in draft.fields["mol_marker"]]


def saved_marker(page: Page) -> str:
    return form_model("RESP").objects.get(page=page).mol_marker


def test_what_was_typed_is_there_in_another_tab_and_goes_with_the_save(tab: "Tab", page: Page) -> None:
    type_marker(tab, "NPM1")
    wait_until_kept(tab)
    look(tab, "kept")
    tab.close(run_before_unload=False)
    again = tab.context.new_page()
    again.goto(page.get_absolute_url())
    assert again.input_value("#mol_marker") == "NPM1"
    assert "1 changed, not saved" in again.inner_text(".actionbar")
    assert "It is kept, and not saved." in again.inner_text(".banner-warn")
    look(again, "reopened")
    again.get_by_role("button", name="Save", exact=True).click()
    again.wait_for_selector(".toast")
    assert (saved_marker(page), KeptDraft.objects.count()) == ("NPM1", 0)
    assert not again.is_visible(".banner-warn")
    stored = "JSON.stringify([localStorage.length, sessionStorage.length])"
    assert again.evaluate(stored) == "[0,0]"


def test_the_last_key_before_a_tab_is_left_is_kept_and_shown_however_late_it_arrives(
    tab: "Tab", page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who goes back at once is served the page before the server has kept what leaving sent."""
    served = threading.Event()
    keep, look_up = draft_views._kept, keeping.draft_of

    def keep_late(*args: Any) -> Any:
        assert served.wait(timeout=5)
        return keep(*args)

    def look_up_first(*args: Any, **kwargs: Any) -> Any:
        found = look_up(*args, **kwargs)
        served.set()
        return found

    monkeypatch.setattr(draft_views, "_kept", keep_late)
    monkeypatch.setattr(keeping, "draft_of", look_up_first)
    type_marker(tab, "FLT3")
    tab.goto("/subjects/")
    tab.go_back()
    tab.wait_for_selector(".banner-warn")
    assert tab.input_value("#mol_marker") == "FLT3"
    assert typed(page) == ["FLT3"]


def test_what_was_typed_is_given_up(tab: "Tab", page: Page) -> None:
    type_marker(tab, "NPM1")
    wait_until_kept(tab)
    tab.reload()
    tab.get_by_role("button", name="Discard what I typed").click()
    tab.wait_for_selector(".toast")
    assert tab.input_value("#mol_marker") == ""
    assert not KeptDraft.objects.exists()


def test_without_network_it_says_so_and_sends_when_the_network_is_back(tab: "Tab", page: Page) -> None:
    type_marker(tab, "NP")
    wait_until_kept(tab)
    tab.context.set_offline(True)
    tab.wait_for_selector("[data-trouble]:not([hidden])", timeout=5_000)
    assert "Not saved since" in tab.inner_text("[data-trouble]")
    type_marker(tab, "M1")
    tab.get_by_role("button", name="Save", exact=True).click()
    look(tab, "offline")
    assert tab.input_value("#mol_marker") == "NPM1"  # the page did not leave
    assert typed(page) == ["NP"]
    tab.context.set_offline(False)
    tab.wait_for_selector("[data-trouble]", state="hidden", timeout=5_000)
    assert typed(page) == ["NPM1"]
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.wait_for_selector(".toast")
    assert saved_marker(page) == "NPM1"


def test_a_double_click_saves_once(tab: "Tab", page: Page) -> None:
    type_marker(tab, "NPM1")
    tab.get_by_role("button", name="Save", exact=True).dblclick()
    tab.wait_for_selector(".toast")
    assert "Saved as version 1: 1 item changed." in tab.inner_text(".toast")
    assert TrailEvent.objects.filter(action="page.saved", form="RESP").count() == 1
    page.refresh_from_db()
    assert page.version == 1


def test_a_server_that_dies_and_comes_back_has_all_that_was_typed(
    chromium: "Browser", live_server, lin: Account, page: Page
) -> None:
    """Cut off in the middle of a page; the form that is sent meanwhile stays where it is."""
    line = Line(live_server.thread.host, live_server.thread.port)
    context = chromium.new_context(base_url=line.url)
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": "sessionid", "value": signed_in(lin), "url": line.url}])
    tab = context.new_page()
    tab.goto(page.get_absolute_url())
    type_marker(tab, "NP")
    wait_until_kept(tab)
    line.cut()
    type_marker(tab, "M1")
    tab.wait_for_selector("[data-trouble]:not([hidden])", timeout=5_000)
    tab.get_by_role("button", name="Save", exact=True).click()
    assert tab.input_value("#mol_marker") == "NPM1"
    assert typed(page) == ["NP"]
    line.mend()
    tab.wait_for_selector("[data-trouble]", state="hidden")
    assert typed(page) == ["NPM1"]
    context.close()
    line.cut()


def test_a_session_that_ends_while_somebody_types_leads_back_to_what_was_typed(
    tab: "Tab", lin: Account, page: Page
) -> None:
    type_marker(tab, "NPM1")
    Session.objects.all().delete()
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.wait_for_selector("#login")
    assert "What you typed on HZ01-001 SCR RESP was kept" in tab.inner_text("[role=status]")
    look(tab, "sign-in")
    tab.fill("#login", lin.user_name)
    tab.fill("#password", people.PASSWORD)
    tab.get_by_role("button", name="Sign in").click()
    tab.wait_for_selector(".banner-warn")
    assert tab.input_value("#mol_marker") == "NPM1"


def test_on_a_narrow_screen_it_is_in_sight(tab: "Tab", page: Page) -> None:
    tab.set_viewport_size({"width": 390, "height": 800})
    type_marker(tab, "NPM1")
    wait_until_kept(tab)
    tab.reload()
    look(tab, "narrow")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.context.set_offline(True)
    tab.wait_for_selector("[data-trouble]:not([hidden])")
    look(tab, "narrow-offline")
    tab.context.set_offline(False)
