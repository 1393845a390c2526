"""An investigator's round: what waits is read, chosen and signed in one act; what changed since comes back.
In both languages, from signing in to the last signature."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from patients.casebook.page import Page, PageState
from patients.oversight.signatures import Signature
from tests.patients.entry import desk
from tests.patients.entry.signing_desk import eligibility, principal_investigator, screened
from tests.patients.web import people
from tests.patients.web.test_signing_browser import with_telephone
from tests.trial.people.persons import code_of
from tests.watched_tab import look, watched_tab
from trial.people.models import Account
from trial.trail.models import TrailEvent

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("ES-09")]


@pytest.fixture
def pi() -> Account:
    account = principal_investigator()
    people.has_password(account)
    return account


@pytest.fixture
def pages(pi: Account) -> list[Page]:
    """Demographics of two subjects, complete; their eligibility waits for its approval alone."""
    return [desk.page_of(screened(code), "DM") for code in ("HZ01-001", "HZ01-002")]


@pytest.fixture(params=["zh-CN"])
def tab(chromium: "Browser", live_server, request: pytest.FixtureRequest) -> Iterator["Tab"]:
    with watched_tab(chromium, live_server.url, language=request.param) as tab:
        yield tab


def sign_in(tab: "Tab", account: Account, secret: str) -> None:
    tab.goto("/sign-in/")
    tab.fill("#login", account.user_name)
    tab.fill("#password", people.PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#code")
    tab.fill("#code", code_of(secret))
    tab.keyboard.press("Enter")
    tab.wait_for_url("http://localhost:*/")


def sign_what_is_offered(tab: "Tab", account: Account, code: str = "") -> int:
    """From the first screen to the list; all of it is chosen, and signed as reviewed. How many they were."""
    tab.goto("/")
    tab.locator(f"a[href='{reverse('work', args=['sign'])}']").first.click()
    tab.locator(f"a[href='{reverse('sign-several')}']").first.click()
    boxes = tab.locator("input[name=page]")
    for number in range(boxes.count()):
        boxes.nth(number).check()
    tab.check("input[name=meaning][value=review]")
    if code:
        tab.fill("input[name=user_name]", account.user_name)
        tab.fill("input[name=code]", code)
    tab.fill("input[name=password]", people.PASSWORD)
    count = boxes.count()
    look(tab, f"round-{count}-{tab.evaluate('navigator.language')}")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".toast")
    return count


def states(pages: list[Page]) -> list[str]:
    return [desk.now(page).state for page in pages]


def test_a_round_is_signed_and_what_changed_since_is_signed_again(
    tab: "Tab", pi: Account, pages: list[Page]
) -> None:
    # Given the eligibility of two subjects to approve, and two pages of demographics to review
    secret = with_telephone(pi)
    sign_in(tab, pi, secret)
    # When the investigator signs what the list offers
    assert sign_what_is_offered(tab, pi, code_of(secret, 1)) == 2
    # Then each has a signature of its own, and what only an approval can sign still waits
    assert states(pages) == [PageState.SIGNED, PageState.SIGNED]
    assert Signature.objects.count() == 2
    assert desk.now(eligibility(pages[0].subject)).state != PageState.SIGNED
    assert tab.locator("input[name=page]").count() == 0
    # When a value of one changes, that one alone comes back, with what changed
    desk.save(desk.now(pages[1]), {"hctci": "3"}, why=desk.BECAUSE)
    tab.goto(reverse("sign-several"))
    assert tab.locator("input[name=page]").count() == 1
    assert "HZ01-002" in tab.inner_text("main")
    tab.locator("main details summary").click()
    assert "HCT-CI" in tab.inner_text("main")
    # And is signed with the password alone, in the same session
    assert sign_what_is_offered(tab, pi) == 1
    assert states(pages) == [PageState.SIGNED, PageState.SIGNED]
    assert TrailEvent.objects.filter(action="page.signed").count() == 3
