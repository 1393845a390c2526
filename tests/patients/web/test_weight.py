"""What a page of thirty items weighs on the wire, as a site serves it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import Page
from tests.counts import told
from tests.patients.web import people
from tests.patients.web.words import LANGUAGES
from tests.served import BEHIND_TLS, SESSION_COOKIE, served
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession

pytestmark = pytest.mark.django_db(transaction=True)
FIRST_VISIT, AFTER = 150_000, 40_000  # bytes


@pytest.fixture(scope="module")
def site(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture
def lin() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def page(lin: Account) -> Page:
    """Of at least thirty items, all of them answered that the baseline asks."""
    page = people.page_of(people.a_subject(), "RESP", "SCR")
    assert len(form_model("RESP").items()) >= 30
    people.save(
        page, {"resp_dt": "2025-05-20", "bm_done": "Y", "bm_blast": "61.5"}, {"form_date": "2025-05-20"}
    )
    return page


@dataclass
class Visit:
    """What came over the wire for one look at a page; a file out of the cache weighs nothing."""

    bytes: dict[str, int] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        return sum(self.bytes.values())

    @property
    def fetched(self) -> list[str]:
        return [address for address, size in self.bytes.items() if size]


@pytest.fixture
def visit(chromium: "Browser", site: str, lin: Account, language: str) -> Iterator[Callable[[Page], Visit]]:
    """A browser of somebody who is signed in, which has seen nothing yet."""
    context = chromium.new_context(base_url=site, locale=language, extra_http_headers=BEHIND_TLS)
    key = people.signed_in(lin).cookies["sessionid"].value
    context.add_cookies(
        [{"name": SESSION_COOKIE, "value": key, "url": site.replace("http:", "https:"), "secure": True}]
    )
    yield lambda page: look(context, page)
    context.close()


def look(context: "BrowserContext", page: Page) -> Visit:
    """Open the page in a new tab, and weigh what the network brought."""
    tab, visit, asked = context.new_page(), Visit(), {}
    network: CDPSession = context.new_cdp_session(tab)
    network.send("Network.enable")
    network.on(
        "Network.requestWillBeSent", lambda sent: asked.update({sent["requestId"]: sent["request"]["url"]})
    )
    network.on(
        "Network.loadingFinished",
        lambda done: visit.bytes.update({asked[done["requestId"]]: int(done["encodedDataLength"])}),
    )
    answer = tab.goto(page.get_absolute_url(), wait_until="networkidle")
    assert answer is not None
    assert answer.status == 200
    assert tab.locator("#bm_blast").count() == 1
    tab.close()
    return visit


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_thirty_items_is_light_and_lighter_when_it_is_seen_again(
    page: Page,
    visit: Callable[[Page], Visit],
    language: str,
    record_property: Callable[[str, object], None],
) -> None:
    first, again = visit(page), visit(page)
    for what, seen in (("first visit", first), ("after", again)):
        told(record_property, f"RESP, {what} ({language})", bytes=seen.weight, requests=len(seen.fetched))
    assert first.weight < FIRST_VISIT, first.bytes
    assert again.weight < AFTER, again.bytes
    assert len(first.fetched) > 5
    assert [address.rpartition("/pages/")[2] for address in again.fetched] == [f"{page.pk}/"]
