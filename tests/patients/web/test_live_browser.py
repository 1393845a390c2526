"""In a real browser: what is typed is answered at its item before it is saved; without script it saves."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.web import page_presenter
from tests.patients.web import people
from tests.watched_tab import watched_tab
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = "Marrow blasts: 140 % does not keep to"


@pytest.fixture
def lin() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def page(lin: Account) -> Page:
    return people.page_of(people.a_subject(infused=True), "RESP", "C28")


@pytest.fixture
def tab(chromium: "Browser", live_server, lin: Account, page: Page) -> Iterator["Tab"]:
    """Signed in, on the response page."""
    with watched_tab(chromium, live_server.url, person=lin, expected=("INTERNET_DISCONNECTED",)) as tab:
        tab.on("dialog", lambda dialog: dialog.accept())
        tab.goto(page.get_absolute_url())
        yield tab


def choose(tab: "Tab", question: str, answer: str) -> None:
    tab.get_by_role("radiogroup", name=question).get_by_label(answer, exact=True).check()


def test_a_value_out_of_range_is_told_while_it_is_typed_and_no_more_once_it_is_mended(
    tab: "Tab", page: Page
) -> None:
    written = TrailEvent.objects.count()
    choose(tab, "Marrow examined", "Yes")
    tab.fill("#bm_blast", "140")
    below = tab.locator("#below-bm_blast")
    below.get_by_text(LIMIT).wait_for()
    assert below.locator("p.msg.msg-error").count() == 1
    assert tab.get_attribute("#bm_blast", "aria-invalid") == "true"
    assert "m-bm_blast-1" in (tab.get_attribute("#bm_blast", "aria-describedby") or "").split()
    assert tab.locator("#m-bm_blast-1").is_visible()
    assert LIMIT in tab.locator("form > [aria-live=polite]").inner_text()
    assert tab.evaluate("document.activeElement.id") == "bm_blast"

    tab.fill("#bm_blast", "14")
    below.get_by_text(LIMIT).wait_for(state="detached")
    assert tab.get_attribute("#bm_blast", "aria-invalid") is None
    assert "m-bm_blast-1" not in (tab.get_attribute("#bm_blast", "aria-describedby") or "")
    assert tab.locator("form > [aria-live=polite]").inner_text() == ""
    assert TrailEvent.objects.count() == written
    assert not form_model("RESP").objects.filter(page=page).exists()


def test_a_derived_value_follows_before_it_is_saved(tab: "Tab", page: Page) -> None:
    infusion = people.page_of(page.subject, "INF", "C0")
    tab.goto(infusion.get_absolute_url())
    dose = tab.locator("output#inf_dose_kg")
    assert dose.inner_text() == "–"
    tab.fill("#inf_weight", "74.0")
    tab.fill("#inf_dose_total", "148.00")
    dose.get_by_text("2.000", exact=True).wait_for()
    tab.fill("#inf_dose_total", "74.00")
    dose.get_by_text("1.000", exact=True).wait_for()
    assert form_model("INF").objects.get(page=infusion).inf_dose_kg is None


def test_nothing_that_is_due_is_held_out_to_who_has_only_begun(tab: "Tab") -> None:
    with tab.expect_response("**/check/"):
        tab.fill("#resp_dt", "2025-07-05")
    tab.wait_for_timeout(100)
    assert tab.get_by_text("needed to complete the page").count() == 0


def test_what_a_refused_save_said_stays_until_that_item_changes(tab: "Tab") -> None:
    tab.fill("#resp_dt", "5/8/2025")
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.wait_for_selector(".error-summary")
    said = tab.inner_text("#m-resp_dt-1")
    with tab.expect_response("**/check/"):
        tab.fill("#mol_marker", "NPM1")
    tab.wait_for_timeout(100)
    assert tab.inner_text("#m-resp_dt-1") == said
    tab.fill("#resp_dt", "2025-07-05")
    tab.locator("#m-resp_dt-1").wait_for(state="detached")
    assert "has-error" not in (tab.get_attribute("#i-resp_dt", "class") or "")


def test_without_a_network_it_is_silent_and_goes_on_with_the_next_change(tab: "Tab") -> None:
    choose(tab, "Marrow examined", "Yes")
    tab.context.set_offline(True)
    tab.fill("#bm_blast", "140")
    tab.wait_for_timeout(1000)
    assert tab.locator("#below-bm_blast p").count() == 0
    tab.context.set_offline(False)
    tab.fill("#bm_blast", "141")
    tab.locator("#below-bm_blast").get_by_text("141 %").wait_for()


def test_an_idle_page_asks_nothing(tab: "Tab") -> None:
    """So no page that is left open keeps a session alive."""
    tab.wait_for_load_state("networkidle")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.focus("#resp_dt")
    tab.wait_for_timeout(1500)
    assert [
        address for address in asked if not address.endswith("favicon.svg")
    ] == []  # asked for when it likes


def test_in_a_table_each_message_names_its_item(
    tab: "Tab", page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_presenter, "MOST_COLUMNS", 30)
    samples = people.page_of(page.subject, "LAB", "C28")
    tab.goto(samples.get_absolute_url())
    assert tab.locator("table.log").count() == 1
    tab.fill("#n1-lab_dt", "yesterday")
    below = tab.locator("#below-n1-lab_dt")
    below.get_by_text("yesterday").wait_for()
    assert below.locator("p").first.inner_text() == tab.inner_text("#l-n1-lab_dt")
    tab.fill("#n1-lab_dt", "2025-07-05 08:00")
    below.get_by_text("yesterday").wait_for(state="detached")
    assert below.locator("p").count() == 0


def test_without_script_the_page_still_saves(
    chromium: "Browser", live_server, lin: Account, page: Page
) -> None:
    with watched_tab(chromium, live_server.url, person=lin, scripts=False) as tab:
        tab.goto(page.get_absolute_url())
        tab.fill("#resp_dt", "2025-07-05")
        tab.get_by_role("button", name="Save", exact=True).click()
        tab.wait_for_selector(".toast")
    assert str(form_model("RESP").objects.get(page=page).resp_dt) == "2025-07-05"
