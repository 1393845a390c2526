"""A monitor asks at an item and a coordinator answers, each in a browser; what they see is accessible."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from patients.casebook.page import Page
from patients.oversight.queries import Query
from tests.patients.web import people
from tests.patients.web.test_accessibility import GRAVE, WCAG
from tests.watched_tab import watched_tab
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def monitor() -> Account:
    return people.a_member(Role.MONITOR, name="tan.rui", printed="Tan Rui")


@pytest.fixture
def coordinator() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def page() -> Page:
    found = people.page_of(people.a_subject(), "RESP", "SCR")
    people.save(found, {"resp_dt": "2025-05-20", "bm_done": "Y"}, {"form_date": "2025-05-20"})
    return found


@pytest.fixture
def monitors(chromium: "Browser", live_server: Any, monitor: Account) -> Iterator["Tab"]:
    with watched_tab(chromium, live_server.url, person=monitor) as tab:
        yield tab


@pytest.fixture
def sites(chromium: "Browser", live_server: Any, coordinator: Account) -> Iterator["Tab"]:
    with watched_tab(chromium, live_server.url, width=360, person=coordinator) as tab:
        yield tab


def test_a_monitor_asks_and_a_coordinator_answers(monitors: "Tab", sites: "Tab", page: Page) -> None:
    monitors.goto(page.get_absolute_url())
    monitors.get_by_role("link", name="Marrow examined: raise a query").click()
    monitors.get_by_label("Question, without anything").fill("Which report says so?")
    monitors.get_by_label("Waits for").select_option("Lin Qiao")
    monitors.get_by_role("button", name="Raise the query").click()
    monitors.get_by_text("waits for Lin Qiao").wait_for()
    sites.goto("/")
    sites.get_by_role("link", name="Marrow examined").click()
    sites.get_by_label("Answer").fill("That of 20 May.")
    sites.get_by_role("button", name="Answer", exact=True).click()
    sites.get_by_role("heading", name="Answered query").wait_for()
    assert sites.get_by_role("button", name="Close with this reason").count() == 0
    sites.goto(page.get_absolute_url())
    sites.get_by_role("link", name="Marrow examined: Answered query").wait_for()
    monitors.goto("/")
    monitors.get_by_role("link", name="Marrow examined").click()
    monitors.get_by_label("Words, or the reason").fill("seen in the source")
    monitors.get_by_role("button", name="Close with this reason").click()
    monitors.get_by_role("heading", name="Closed query").wait_for()
    assert Query.objects.get().state == "closed"


@pytest.mark.parametrize(("language", "width"), [("en-GB", 1360), ("zh-CN", 360)])
def test_nothing_grave_stands_in_the_way_of_who_asks(
    chromium: "Browser", live_server: Any, monitor: Account, page: Page, language: str, width: int
) -> None:
    asking = people.signed_in(monitor)
    asking.post(f"/pages/{page.pk}/query/", {"item": "bm_done", "text": "Which report says so?"})
    places = [
        page.get_absolute_url(),
        f"/pages/{page.pk}/query/?item=resp_dt",
        f"/subjects/{page.subject.code}/query/",
        f"/queries/{Query.objects.get().pk}/",
        "/queries/",
        "/queries/new/?form=RESP&item=resp_dt",
        "/queries/metrics/",
    ]
    context = chromium.new_context(
        base_url=live_server.url,
        locale=language,
        viewport={"width": width, "height": 800},
        bypass_csp=True,  # for the checker, which the policy of the page would keep out
    )
    key = asking.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    tab, axe, found = context.new_page(), Axe(), []
    for place in places:
        answer = tab.goto(place)
        assert answer is not None
        assert answer.status == 200, place
        told = axe.run(tab, options={"resultTypes": ["violations"], "runOnly": WCAG}).response
        found += [(place, each["id"]) for each in told["violations"] if each["impact"] in GRAVE]
        if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            found.append((place, "wider than its window"))
    context.close()
    assert found == []
