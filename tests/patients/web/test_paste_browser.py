"""Rows by keyboard, and a block from a spreadsheet, in a real browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.opening import open_log
from tests.patients.web import people
from tests.watched_tab import watched_tab
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)
MOMENT = "2025-05-20 07:30"


@pytest.fixture
def coordinator() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def page(coordinator: Account) -> Page:
    return people.page_of(people.a_subject(), "LAB", "SCR")


@pytest.fixture
def tab(chromium: "Browser", live_server, page: Page) -> Iterator["Tab"]:
    lin = people.a_member(Role.COORDINATOR, name="lin.qiao")
    with watched_tab(chromium, live_server.url, person=lin) as tab:
        yield tab


def values(page: Page) -> dict[str, str]:
    return {row.lab_test: str(row.lab_value) for row in form_model("LAB").objects.filter(page=page)}


def test_a_block_is_pasted_looked_at_and_saved(tab: "Tab", page: Page) -> None:
    tab.goto(page.get_absolute_url())
    tab.get_by_role("link", name="Paste results").click()
    tab.get_by_label("Rows", exact=True).fill("白细胞\t5.2\t×10⁹/L\n血红蛋白\t9.8\tg/dL\n胆红素\t12\tumol/L")
    tab.get_by_label("Sample date/time, where").fill(MOMENT)
    tab.get_by_label("Laboratory, where").fill("HZ-LAB")
    tab.get_by_role("button", name="Read the rows").click()
    assert tab.get_by_text("98 g/L").is_visible()
    tab.get_by_label("Line 3, 胆红素: Test").select_option("BILI")
    tab.get_by_role("button", name="Save these rows").click()
    tab.wait_for_selector(".toast")
    assert tab.url.endswith(page.get_absolute_url())
    assert values(page) == {"WBC": "5.2", "HGB": "9.8", "BILI": "12"}


def test_rows_are_added_on_a_stacked_form_without_losing_what_stands_in_others(
    tab: "Tab", page: Page
) -> None:
    tab.goto(page.get_absolute_url())
    tab.select_option("#n1-lab_test", "WBC")
    tab.fill("#n1-lab_dt", MOMENT)
    tab.keyboard.press("Alt+ArrowDown")
    tab.wait_for_selector("#n2-lab_dt")
    assert tab.evaluate("document.activeElement.id") == "n2-lab_dt"
    assert tab.input_value("#n1-lab_dt") == MOMENT
    assert tab.inner_text("form > [role=status]") == "Row 2 was added."
    tab.keyboard.type(MOMENT)
    tab.select_option("#n2-lab_test", "PLAT")
    assert "4 changed, not saved" in tab.inner_text(".actionbar")
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.wait_for_selector(".toast")
    assert set(values(page)) == {"WBC", "PLAT"}


def test_enter_and_tab_in_the_last_cell_add_a_row_unless_the_last_is_empty(
    tab: "Tab", page: Page, coordinator: Account
) -> None:
    """Transfusions: a table."""
    log = open_log(page.subject, "TRF", by=coordinator)
    tab.goto(log.get_absolute_url())
    cells = tab.locator("tr.is-new").last.locator("input:visible:not([type=hidden]), select:visible")
    first, last = cells.first.get_attribute("id"), cells.last.get_attribute("id")
    assert first
    assert last
    tab.focus(f"#{last}")
    tab.keyboard.press("Tab")  # an empty row leads on
    assert tab.locator("tr.is-new").count() == 1
    tab.fill(f"#{first}", "2025-05-21")
    for key, number in (("Enter", 2), ("Tab", 3)):
        tab.focus(f"#{last.replace('n1-', f'n{number - 1}-')}")
        tab.keyboard.press(key)
        tab.wait_for_selector(f"#{first.replace('n1-', f'n{number}-')}")
        assert tab.evaluate("document.activeElement.id") == first.replace("n1-", f"n{number}-")
        tab.keyboard.type("2025-05-22")
    assert tab.input_value(f"#{first}") == "2025-05-21"
    assert tab.inner_text("#rows + .count") == "3"
