"""A monitor's visit in a browser: what has come, its rows, closing it, and the report."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from pypdf import PdfReader

from patients.casebook.page import Page
from patients.entry.reasons import Reason
from patients.oversight.monitoring_visits import MonitoringVisit
from tests.patients.web import people
from tests.patients.web.test_accessibility import GRAVE, WCAG
from tests.watched_tab import look, watched_tab
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.study import site_today

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/sites/HZ01/visit/"
TODAY = str(site_today())


@pytest.fixture
def monitor() -> Account:
    return people.a_member(Role.MONITOR, name="tan.rui", printed="Tan Rui")


@pytest.fixture
def page(monitor: Account) -> Page:
    found = people.page_of(people.a_subject(), "RESP", "SCR")
    people.save(found, {"bm_done": "Y", "bm_blast": "61.5"}, {"form_date": "2025-05-20"})
    people.save(
        found, {"bm_blast": "6.5"}, reasons={("", "bm_blast"): Reason("late_source", "report 25-3391")}
    )
    return found


def number_of(tab: "Tab", figure: str) -> str:
    return tab.locator(f'.tally a[href*="show={figure}"] b').inner_text()


def close(tab: "Tab", actions: str) -> None:
    tab.locator("#kind").select_option("on_site")
    for field in ("began", "ended"):
        tab.locator(f"#{field}").fill(TODAY)
    tab.locator("#actions").fill(actions)
    tab.locator("form:has(#kind) button[type=submit]").click()
    tab.get_by_role("row").filter(has_text=actions).wait_for()


@pytest.mark.parametrize(("language", "code"), [("en-GB", "en"), ("zh-CN", "zh-hans")])
def test_a_monitor_looks_closes_the_visit_and_takes_the_report(
    chromium: "Browser",
    live_server: Any,
    monitor: Account,
    page: Page,
    tmp_path: Path,
    language: str,
    code: str,
) -> None:
    with watched_tab(chromium, live_server.url, person=monitor, language=language) as tab:
        # given: changes since the beginning, which the page counts
        tab.goto(URL)
        assert (number_of(tab, "corrected"), number_of(tab, "subjects")) == ("1", "1")
        look(tab, f"visit-{code}")
        # when: a figure is followed to its rows
        tab.locator('.tally a[href*="show=subjects"]').click()
        tab.locator("#h-rows ~ *, section:has(#h-rows) tbody tr").first.wait_for()
        assert tab.locator("section:has(#h-rows) tbody tr").count() == 1
        tab.locator('.tally a[href*="show=corrected"]').click()
        assert "report 25-3391" in tab.locator("section:has(#h-rows) tbody").inner_text()
        # when: the visit is closed
        close(tab, "File the report of May.")
        assert number_of(tab, "corrected") == "0"
        look(tab, f"visit-closed-{code}")
        # then: its report says what was found, in the language asked for
        with tab.expect_download() as taken:
            tab.locator(f'section:has(#h-closed) button[value="{code}"]').click()
        kept = tmp_path / "report.pdf"
        taken.value.save_as(kept)
    reader = PdfReader(kept)
    text = " ".join(each.extract_text() for each in reader.pages)
    for said in ("61.5", "report 25-3391", "Tan Rui", "File the report of May.", "HZ01-001"):
        assert said.replace(" ", "") in "".join(text.split()), said
    assert reader.trailer["/Root"]["/Lang"] == code.partition("-")[0]
    assert MonitoringVisit.objects.get().figures["corrected"] == 1


@pytest.mark.parametrize(("language", "width"), [("en-GB", 1360), ("zh-CN", 360)])
def test_nothing_grave_stands_in_the_way_of_a_monitor(
    chromium: "Browser", live_server: Any, monitor: Account, page: Page, language: str, width: int
) -> None:
    context = chromium.new_context(
        base_url=live_server.url,
        locale=language,
        viewport={"width": width, "height": 800},
        bypass_csp=True,  # for the checker, which the policy of the page would keep out
    )
    key = people.signed_in(monitor).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    tab = context.new_page()
    tab.goto(URL)
    told = Axe().run(tab, options={"resultTypes": ["violations"], "runOnly": WCAG}).response
    found = [each["id"] for each in told["violations"] if each["impact"] in GRAVE]
    if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
        found.append("wider than its window")
    look(tab, f"visit-{width}")
    context.close()
    assert found == []
