"""A coordinator in a real browser: by keyboard, with the script, without a word on the console."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import Page
from tests.patients.web import people
from tests.watched_tab import watched_tab
from trial.people.models import Account
from trial.people.needs import Door
from trial.people.roles import Role
from trial.people.routes import routes

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page() -> Page:
    people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")
    return people.page_of(people.a_subject(), "RESP", "SCR")


@pytest.fixture
def tab(chromium: "Browser", live_server, page: Page) -> Iterator["Tab"]:
    """Signed in by keyboard, on the response page."""
    with watched_tab(chromium, live_server.url) as tab:
        tab.goto("/sign-in/")
        tab.keyboard.type("lin.qiao")
        tab.keyboard.press("Tab")
        tab.keyboard.type(people.PASSWORD)
        tab.keyboard.press("Enter")
        tab.wait_for_url("http://localhost:*/")
        tab.goto(page.get_absolute_url())
        yield tab


def row(page: Page):
    return form_model(page.form_code).objects.get(page=page)


def choose(tab: "Tab", question: str, answer: str) -> None:
    tab.get_by_role("radiogroup", name=question).get_by_label(answer, exact=True).check()


def save(tab: "Tab") -> None:
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.wait_for_load_state()


def test_a_page_is_entered_and_saved_by_keyboard(tab: "Tab", page: Page) -> None:
    tab.focus("#form_date")
    tab.keyboard.type("20 May 2025")
    tab.focus("#resp_dt")
    tab.keyboard.type("2025-05-20")
    tab.keyboard.press("Tab")  # past the menu of missing reasons
    tab.keyboard.press("Space")  # Marrow examined: Yes
    assert tab.is_checked("#bm_done")
    tab.focus("#bm_blast")
    tab.keyboard.type("61.5")
    assert "4 changed, not saved" in tab.inner_text(".actionbar")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".toast")
    assert "Saved as version 1: 4 items changed." in tab.inner_text(".toast")
    saved = row(page)
    assert (str(saved.resp_dt), saved.bm_done, str(saved.bm_blast)) == ("2025-05-20", True, "61.5")
    assert tab.inner_text("[data-unsaved]") == ""


def test_conditions_are_followed_as_they_are_declared(tab: "Tab", page: Page) -> None:
    assert not tab.is_visible("#bm_blast")
    choose(tab, "Marrow examined", "Yes")
    assert tab.is_visible("#bm_blast")
    assert not tab.is_visible("#i-cd7_relapse_resp")
    tab.fill("#bm_blast", "4.9")
    assert not tab.is_visible("#i-cd7_relapse_resp")
    tab.fill("#bm_blast", "5")  # at least 5
    assert tab.is_visible("#i-cd7_relapse_resp")
    choose(tab, "MRD tested", "Yes")
    assert not tab.is_visible("#mrd_events")
    tab.get_by_text("multiparameter flow").click()  # one of several codes
    assert tab.is_visible("#mrd_events")
    assert not tab.is_visible("#mol_result")
    tab.fill("#mol_marker", "NPM1")  # filled
    assert tab.is_visible("#mol_result")
    choose(tab, "Marrow examined", "No")
    for hidden in ("#bm_blast", "#i-mrd_done", "#i-mrd_method", "#mrd_events"):  # one hangs on another
        assert not tab.is_visible(hidden), hidden
    save(tab)
    saved = row(page)
    assert (saved.bm_done, saved.bm_blast, saved.mrd_done, saved.mol_marker) == (False, None, None, "NPM1")


def test_a_form_that_was_not_done_asks_for_its_reason_alone(tab: "Tab") -> None:
    assert not tab.is_visible("#not_done_reason")
    choose(tab, "Form not done", "Yes")
    assert tab.is_visible("#not_done_reason")
    assert not tab.is_visible("#resp_dt")


def test_a_refusal_takes_the_focus_and_leads_to_the_input(tab: "Tab") -> None:
    tab.fill("#resp_dt", "5/8/2025")
    tab.fill("#mol_marker", "NPM1")
    save(tab)
    assert tab.evaluate("document.activeElement.className") == "error-summary"
    assert tab.input_value("#resp_dt") == "5/8/2025"
    assert tab.input_value("#mol_marker") == "NPM1"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.id") == "resp_dt"
    assert tab.get_attribute("#resp_dt", "aria-invalid") == "true"


def test_the_reason_is_asked_as_soon_as_a_saved_value_changes(tab: "Tab", page: Page) -> None:
    choose(tab, "Marrow examined", "Yes")
    tab.fill("#bm_blast", "61.5")
    save(tab)
    tab.wait_for_selector(".toast")
    reason = tab.get_by_role("group", name="Why does “Marrow blasts” change from 61.5 %?")
    tab.fill("#bm_blast", "6.5")
    assert reason.is_visible()
    reason.get_by_role("button", name="Undo").click()
    assert not reason.is_visible()
    assert tab.input_value("#bm_blast") == "61.5"
    assert tab.inner_text("[data-unsaved]") == ""

    tab.fill("#bm_blast", "6.5")
    reason.get_by_text("Late source").click()
    reason.get_by_role("textbox").fill("report 25-3391")
    save(tab)
    tab.wait_for_selector(".toast")
    assert str(row(page).bm_blast) == "6.5"


@pytest.mark.requirement("AT-04")
def test_the_reason_for_another_date_is_asked_at_the_date(tab: "Tab", page: Page) -> None:
    tab.fill("#form_date", "2025-05-20")
    assert not tab.is_visible("#r-form_date")  # a first entry
    save(tab)
    tab.wait_for_selector(".toast")
    reason = tab.get_by_role("group", name="change from 2025-05-20?")
    tab.fill("#form_date", "2025-05-21")
    reason.get_by_role("button", name="Undo").click()
    assert tab.input_value("#form_date") == "2025-05-20"
    tab.fill("#form_date", "2025-05-21")
    reason.get_by_text("Transcription error").click()
    save(tab)
    tab.wait_for_selector(".toast")
    page.refresh_from_db()
    assert str(page.form_date) == "2025-05-21"


def test_a_saved_item_that_is_no_longer_asked_stays_in_sight(tab: "Tab") -> None:
    choose(tab, "Marrow examined", "Yes")
    tab.fill("#bm_blast", "61.5")
    save(tab)
    tab.wait_for_selector(".toast")
    choose(tab, "Marrow examined", "No")
    assert tab.is_visible("#bm_blast")
    assert "item-orphan" in (tab.get_attribute("#i-bm_blast", "class") or "")
    assert not tab.is_visible("#i-bm_cellularity")


def test_why_there_is_no_answer_is_one_click(tab: "Tab", page: Page) -> None:
    tab.fill("#pb_blast", "3")
    item = tab.locator("#i-pb_blast")
    item.locator("summary").click()
    item.get_by_role("button", name="Not done").click()
    assert item.locator("[data-missing]").inner_text() == "Not done"
    assert tab.input_value("#pb_blast") == ""
    assert "1 changed, not saved" in tab.inner_text(".actionbar")
    save(tab)
    tab.wait_for_selector(".toast")
    assert row(page).missing == {"pb_blast": "not_done"}
    tab.fill("#pb_blast", "3")
    assert not item.locator("[data-missing]").is_visible()


def test_today_is_one_key(tab: "Tab") -> None:
    from trial.protocol.study import site_today

    tab.focus("#resp_dt")
    tab.keyboard.press("t")
    assert tab.input_value("#resp_dt") == str(site_today())


def test_leaving_with_unsaved_input_asks(tab: "Tab") -> None:
    asked: list[str] = []

    def answer(dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    tab.on("dialog", answer)
    tab.locator("#pb_blast").press_sequentially("3")
    tab.get_by_role("link", name="Subjects").first.click()
    tab.wait_for_timeout(300)
    assert asked == ["beforeunload"]
    assert tab.input_value("#pb_blast") == "3"


def test_two_versions_are_chosen_from(tab: "Tab", page: Page) -> None:
    choose(tab, "Marrow examined", "Yes")
    tab.fill("#bm_blast", "12.0")
    people.save(page, {"bm_blast": "18.0"})
    save(tab)
    assert tab.get_by_text("Nothing is lost and nothing was overwritten.").is_visible()
    tab.get_by_text("12.0 %").click()
    tab.get_by_text("Clinical review").click()
    tab.get_by_role("button", name="Save as version 2").click()
    tab.wait_for_selector(".toast")
    saved = row(page)
    assert (str(saved.bm_blast), saved.bm_done) == ("12.0", True)


def test_the_matrix_is_walked_by_arrows(tab: "Tab") -> None:
    tab.goto("/subjects/HZ01-001/")
    tab.focus("table.matrix a")
    first = tab.evaluate("document.activeElement.href")
    tab.keyboard.press("ArrowDown")
    second = tab.evaluate("document.activeElement.href")
    assert second != first
    tab.keyboard.press("Enter")
    tab.wait_for_url(second)


def test_the_screens_speak_chinese(tab: "Tab", page: Page) -> None:
    demographics = people.page_of(page.subject, "DM", "SCR")
    tab.goto(demographics.get_absolute_url())
    tab.locator("summary", has_text="English").click()
    tab.get_by_role("button", name="简体中文").click()
    tab.wait_for_selector("html[lang=zh-hans]")
    assert tab.url.endswith(demographics.get_absolute_url())
    assert tab.locator("#country option[value=CHN]").inner_text() == "中国"
    tab.goto("/subjects/")
    assert tab.get_attribute("html", "lang") == "zh-hans"


def test_without_script_a_page_is_saved_just_the_same(chromium: "Browser", live_server, page: Page) -> None:
    lin = Account.objects.get(user_name="lin.qiao")
    with watched_tab(chromium, live_server.url, person=lin, scripts=False) as tab:
        tab.goto(page.get_absolute_url())
        choose(tab, "Marrow examined", "Yes")
        assert not tab.is_visible("#bm_blast")
        save(tab)
        tab.fill("#bm_blast", "61.5")
        tab.locator("#bm_blast").press("Enter")  # the first button of the form must be Save
        tab.wait_for_load_state()
        assert str(row(page).bm_blast) == "61.5"
        tab.locator("#i-pb_blast summary").click()
        tab.locator("#i-pb_blast").get_by_role("button", name="Unknown").click()
        tab.wait_for_load_state()
        assert row(page).missing == {"pb_blast": "unknown"}


def test_a_monitor_reads_what_was_saved(chromium: "Browser", live_server, page: Page) -> None:
    """Nothing to type in, so nothing for the script to hide."""
    people.save(page, {"bm_done": "Y", "bm_blast": "61.5"}, {"form_date": "2025-05-20"})
    people.a_member(Role.MONITOR, name="tan.rui")
    with watched_tab(chromium, live_server.url) as tab:
        tab.goto(f"/sign-in/?next={page.get_absolute_url()}")
        tab.fill("#login", "tan.rui")
        tab.fill("#password", people.PASSWORD)
        tab.keyboard.press("Enter")
        tab.wait_for_selector("#i-bm_blast")
        assert tab.locator("#i-bm_blast .value").inner_text() == "61.5 %"


def test_script_and_server_read_every_widget_alike(tab: "Tab") -> None:
    """In the gallery one item is changed; every other stands as it was saved."""
    tab.goto("/ui/")
    assert tab.inner_text("[data-unsaved]") == "1 changed, not saved"
    tab.select_option("[name='ui_grid.liver']", "1")
    assert tab.inner_text("[data-unsaved]") == "2 changed, not saved"
    tab.select_option("[name='ui_grid.liver']", "")
    tab.get_by_label("NPM1").uncheck()
    tab.get_by_label("NPM1").check()
    assert tab.inner_text("[data-unsaved]") == "1 changed, not saved"


@pytest.mark.requirement("SE-02", "PV-08")
def test_a_tour_of_all_pages_breaks_no_policy_and_leaves_nothing_in_the_browser(
    tab: "Tab", page: Page
) -> None:
    """What the browser says of a breach stands on the console, which `tab` wants empty."""
    people.a_member(Role.AUDITOR, name="lin.qiao")  # sees most without a second factor
    places = {
        "<int:pk>": str(page.pk),
        "<str:code>": page.subject.code,
        "<slug:name>": "training",
        "<slug:kind>": "overdue",
    }
    seen = 0
    for route in routes():
        address = route.address
        for place, value in places.items():
            address = address.replace(place, value)
        is_screen = (
            route.need is not None and route.need.door is Door.PERSON and "GET" in route.need.by_method
        )
        if "<" in address or not is_screen or address.endswith((".csv", ".pdf")):
            continue
        answer = tab.goto(address)
        seen += answer is not None and answer.status == 200 and tab.url.endswith(address)
        held = tab.evaluate("[localStorage.length, sessionStorage.length]")
        assert held == [0, 0], address
    assert seen > 15
