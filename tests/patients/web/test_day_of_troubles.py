"""The coordinator's day when it does not go smoothly, in both languages: a correction, two people on one
page, a lost network; and a block of laboratory results."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.reasons import ReasonCode
from tests.counts import counted_work
from tests.patients.web import people
from tests.patients.web.typist import Keys, send
from tests.patients.web.words import label, said, said_of
from tests.watched_tab import look, watched_tab
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailChange

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)
RESP = form_model("RESP")
SAVE = "button.btn[name=do][value=save]"
NETWORK = ("ERR_INTERNET_DISCONNECTED",)
Told = Callable[[str, object], None]
At = Callable[..., "AbstractContextManager[Tab]"]


@pytest.fixture(params=["en-GB"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lin() -> Account:
    return people.a_member(Role.COORDINATOR, name="lin.qiao", printed="Lin Qiao")


@pytest.fixture
def wang() -> Account:
    return people.a_member(Role.COORDINATOR, name="wang.ping", printed="Wang Ping")


@pytest.fixture
def page(lin: Account) -> Page:
    """The baseline response, saved once."""
    page = people.page_of(people.a_subject(), "RESP", "SCR")
    answers = {"resp_dt": "2025-05-20", "bm_done": "Y", "bm_blast": "61.5"}
    people.save(page, answers, {"form_date": "2025-05-20"})
    return page


@pytest.fixture
def at(chromium: "Browser", live_server, language: str) -> At:
    """The tab of a person, in the language of the test."""
    return partial(watched_tab, chromium, live_server.url, language=language, expected=NETWORK)


def stored(page: Page) -> object:
    return RESP.objects.get(page=page)


def replace(keys: Keys, item: str, text: str) -> None:
    """Type another value over the one that stands there."""
    keys.click(f"#{item}")
    keys.press("Control+a")
    keys.type(text)


def labelled(language: str, item: str) -> str:
    return label(language, RESP.item(item).declared.label)


# --- a correction ------------------------------------------------------------------------------------------
@pytest.mark.requirement("AT-04")
def test_a_value_is_corrected_with_its_reason_and_its_trail_says_why(
    at: At, lin: Account, page: Page, language: str, record_property: Told
) -> None:
    code, words = ReasonCode.TRANSCRIPTION_ERROR, "61.5 stood one line below"
    with at(person=lin) as tab:
        # given: a value that was saved
        tab.goto(page.get_absolute_url())

        # when: it is typed anew, the page asks why, and is told by code and in words
        keys = Keys(tab)
        with counted_work(tab) as work:
            replace(keys, "bm_blast", "16.5")
            keys.click(f"#r-bm_blast label:has(input[value={code}])")
            keys.click("#words-bm_blast")
            keys.type(words)
            answer = send(keys)
        keys.tell(record_property, f"correction ({language})", work)

        # then: it is saved, and the trail of the item says from what, to what, by whom and why
        one, several = (
            "Saved as version %(version)s: %(count)s item changed.",
            "Saved as version %(version)s: %(count)s items changed.",
        )
        assert said_of(language, one, several, 1, count=1, version=2) in answer
        tab.locator("#i-bm_blast .mark").click()
        newest = tab.locator("article.request").first
        change = newest.locator(".change", has_text=labelled(language, "bm_blast"))
        assert "61.5" in change.locator("del").inner_text()
        assert "16.5" in change.locator("ins").inner_text()
        assert label(language, code.label) in change.inner_text()
        assert words in change.inner_text()
        assert lin.printed_name in newest.inner_text()
        look(tab, f"corrected-{language}")
    kept = TrailChange.objects.get(item="bm_blast", old="61.5")
    assert (kept.new, kept.reason_code, kept.reason) == ("16.5", code, words)


# --- two people on one page --------------------------------------------------------------------------------
@pytest.mark.requirement("DI-01")
def test_different_items_of_two_people_go_together_and_it_is_said(
    at: At, lin: Account, wang: Account, page: Page, language: str
) -> None:
    with at(person=lin) as mine, at(person=wang) as theirs:
        # given: both look at the same version
        mine.goto(page.get_absolute_url())
        theirs.goto(page.get_absolute_url())

        # when: each enters another item
        theirs.fill("#pb_blast", "12.0")
        send(Keys(theirs))
        mine.fill("#mol_marker", "NPM1")
        answer = send(Keys(mine))

        # then: both are saved, and the second is told who had changed what
        named = {"who": wang.printed_name, "items": labelled(language, "pb_blast")}
        assert said(language, "Meanwhile %(who)s had changed: %(items)s.", **named) in answer
        assert mine.input_value("#pb_blast") == "12.0"
    saved = stored(page)
    assert (str(saved.pb_blast), saved.mol_marker) == ("12.0", "NPM1")


@pytest.mark.requirement("DI-01")
def test_of_the_same_item_both_values_stand_side_by_side_and_one_is_chosen(
    at: At, lin: Account, wang: Account, page: Page, language: str, record_property: Told
) -> None:
    with at(person=lin) as mine, at(person=wang) as theirs:
        # given: both look at the same version, and one saves another value
        mine.goto(page.get_absolute_url())
        theirs.goto(page.get_absolute_url())
        for tab, value in ((theirs, "16.5"), (mine, "65.1")):
            replace(Keys(tab), "bm_blast", value)
            tab.locator("#words-bm_blast").fill("read again from the report")
        send(Keys(theirs))

        # when: the other saves as well
        keys = Keys(mine)
        with counted_work(mine) as work:
            keys.click(SAVE)
            row = mine.locator("fieldset.conflict-row")
            row.wait_for()

            # then: nothing is saved; both values stand there with who saved the other, and none is chosen
            assert labelled(language, "bm_blast") in row.inner_text()
            assert all(value in row.inner_text() for value in ("61.5", "65.1", "16.5"))
            assert wang.printed_name in mine.inner_text(".conflict-row.head")
            assert said(language, "Nothing is lost and nothing was overwritten.") in mine.inner_text("main")
            assert row.locator("input:checked").count() == 0
            assert str(stored(page).bm_blast) == "16.5"
            look(mine, f"conflict-{language}")

            # when: mine is chosen, with the reason
            keys.click(row.locator("label.choice").first)
            keys.click("label:has([name=why-code][value=clinical_review])")
            answer = send(keys)
        keys.tell(record_property, f"conflict ({language})", work)

        # then: it stands, and the other stays in the trail
        assert "3" in answer
        assert mine.input_value("#bm_blast") == "65.1"
    changes = TrailChange.objects.filter(item="bm_blast").values_list("old", "new", "reason_code")
    assert list(changes)[1:] == [("61.5", "16.5", ""), ("16.5", "65.1", "clinical_review")]


# --- a lost network ----------------------------------------------------------------------------------------
def test_a_network_that_is_lost_in_mid_page_takes_nothing_that_was_typed(
    at: At, lin: Account, page: Page, language: str
) -> None:
    with at(person=lin) as tab:
        # given: half of a page typed
        tab.goto(page.get_absolute_url())
        tab.locator("#mol_marker").press_sequentially("NP")

        # when: the network is lost, and the rest is typed and saved
        tab.context.set_offline(True)
        tab.locator("#mol_marker").press_sequentially("M1")
        trouble = tab.locator("[data-trouble]:not([hidden])")
        trouble.wait_for()
        stays = said(
            language,
            "Go on typing and leave this page open: it is sent as soon as the connection is back.",
        )
        assert stays in trouble.inner_text()
        tab.locator(SAVE).click()
        assert tab.input_value("#mol_marker") == "NPM1"

        # then: with the network it is kept by itself, and waits in another tab, not saved
        tab.context.set_offline(False)
        tab.locator("[data-trouble]").wait_for(state="hidden")
        assert stored(page).mol_marker in ("", None)
        again = tab.context.new_page()
        tab.close(run_before_unload=False)
        again.goto(page.get_absolute_url())
        assert again.input_value("#mol_marker") == "NPM1"
        assert said(language, "Discard what I typed") in again.inner_text(".banner-warn")
        send(Keys(again))
    assert stored(page).mol_marker == "NPM1"


# --- a block of results ------------------------------------------------------------------------------------
BLOCK = "白细胞\t5.2\t×10⁹/L\n血红蛋白\t9.8\tg/dL\nPLT\t102\t10^9/L"


def test_a_block_of_results_is_pasted_looked_at_and_saved(
    at: At, lin: Account, page: Page, language: str, record_property: Told
) -> None:
    results = people.page_of(page.subject, "LAB", "SCR")
    with at(person=lin) as tab:
        # given: a page of results, and a block copied from the laboratory's sheet
        tab.goto(results.get_absolute_url())

        # when: it is pasted and read
        keys = Keys(tab)
        with counted_work(tab) as work:
            keys.click(tab.get_by_role("link", name=said(language, "Paste results")))
            keys.click("#block")
            keys.paste(BLOCK)
            keys.click("#moment")
            keys.type("2025-05-20 07:30")
            keys.click("#laboratory")
            keys.type("HZ-LAB")
            keys.click("button.btn[name=do][value=read]")

            # then: it is shown line by line in the unit that is graded, and nothing is saved
            lines = tab.locator("table.log")
            lines.wait_for()
            assert "98 g/L" in lines.inner_text()
            assert not form_model("LAB").objects.filter(page=results).exists()
            look(tab, f"pasted-{language}")

            # when: it is saved
            send(keys)
        keys.tell(record_property, f"block of results ({language})", work)
    rows = form_model("LAB").objects.filter(page=results)
    kept = {row.lab_test: (str(row.lab_value), row.lab_unit, f"{row.lab_si:.1f}") for row in rows}
    assert kept == {
        "WBC": ("5.2", "10^9/L", "5.2"),
        "HGB": ("9.8", "g/dL", "98.0"),
        "PLAT": ("102", "10^9/L", "102.0"),
    }
