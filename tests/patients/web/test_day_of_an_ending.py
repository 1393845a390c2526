"""The day of a relapse and that of a death, as the investigator enters them, in both languages."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject, VisitState
from tests.counts import counted_work
from tests.patients.entry import casebooks
from tests.patients.web import people
from tests.patients.web.typist import Keys, enter, enter_what_is_asked_then, focus_first, send
from tests.patients.web.words import said
from tests.watched_tab import look, watched_tab
from trial.people.models import Account
from trial.people.roles import Role

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

pytestmark = pytest.mark.django_db(transaction=True)
RELAPSED, DIED, AFTER = "2025-07-09", "2025-07-28", "2025-07-30"
FORMS = ("ELIG", "DM", "DX", "MFG", "REL", "LD", "INF", "HSCT", "RESP")
Told = Callable[[str, object], None]


def told_of(form: str) -> dict[str, str]:
    """What the demo says of its patient who relapsed."""
    return casebooks.sheets(first=casebooks.RELAPSED)[form][0]


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """Transplanted, in remission on the last page that there is."""
    sheets = casebooks.sheets(first=casebooks.RELAPSED)
    found = {name: sheets[name] for name in (*casebooks.PEOPLE, *FORMS)}
    found["RESP"] = [row for row in sheets["RESP"] if row["form_date"] < RELAPSED]
    report = casebooks.imported(casebooks.write(tmp_path / "casebook", found))
    assert "refused" not in casebooks.counts(report), report
    return Subject.objects.get()


@pytest.fixture(params=["zh-CN"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def chen(subject: Subject) -> Account:
    return people.a_member(Role.INVESTIGATOR, name="chen.yu", printed="Chen Yu")


@pytest.fixture
def tab(chromium: "Browser", live_server, chen: Account, language: str) -> Iterator["Tab"]:
    with watched_tab(chromium, live_server.url, language=language, person=chen) as tab:
        yield tab


def happened(keys: Keys, subject: Subject, kind: str, day: str, form: str) -> Page:
    """Add the visit of what happened to the subject; it leads to the page of the form."""
    keys.tab.goto(reverse("subject", args=[subject.code]))
    keys.click(f"main a[href='{reverse('add', args=[subject.code])}']")
    keys.tab.select_option("#kind", kind)
    keys.click("#day")
    keys.type(day)
    keys.press("Enter")
    page = keys.tab.wait_for_selector("form[data-guard]") and Page.objects.get(
        subject=subject, form_code=form, visit__code__startswith=kind
    )
    assert keys.tab.url.endswith(page.get_absolute_url())
    return page


def due_on(tab: "Tab", day: str) -> str:
    """What the list says is due on a day."""
    tab.goto(f"{reverse('due')}?on={day}")
    return tab.inner_text("main table") if tab.locator("main table").count() else ""


def standing(tab: "Tab", subject: Subject) -> str:
    tab.goto(reverse("subject", args=[subject.code]))
    return tab.inner_text(".clocks-id")


def test_from_a_relapse_on_survival_is_followed_and_from_death_on_nothing(
    tab: "Tab", subject: Subject, language: str, record_property: Told
) -> None:
    # given: a subject in remission, with the visits of the transplantation before it
    assert said(language, "in remission") in standing(tab, subject)
    assert "HM2" in due_on(tab, "2025-07-24")

    # when: the relapse is entered at a visit of its own
    keys = Keys(tab)
    with counted_work(tab) as work:
        page = happened(keys, subject, "RLPv", RELAPSED, "RLP")
        focus_first(keys)
        answer = enter_what_is_asked_then(keys, form_model("RLP"), told_of("RLP"), "rlp_origin", "rlp_chim")
    keys.tell(record_property, f"relapse ({language})", work)
    look(tab, f"relapse-{language}")

    # then: the subject is no longer in remission; the visits after it give way to contacts every 90 days
    assert said(language, "The page is complete.") in answer
    assert "CD7" in tab.inner_text("main")
    assert said(language, "in remission") not in standing(tab, subject)
    assert "HM2" not in due_on(tab, "2025-07-24")
    assert "S90" in due_on(tab, "2025-08-07")
    assert subject.visits.get(code="HM2").reason == "relapsed"
    page.refresh_from_db()
    assert (page.state, page.form_date) == (PageState.COMPLETE, date.fromisoformat(RELAPSED))

    # when: the death is entered
    keys = Keys(tab)
    with counted_work(tab) as work:
        page = happened(keys, subject, "ENDv", DIED, "DTH")
        focus_first(keys)
        enter(keys, form_model("DTH"), told_of("DTH"))
        answer = send(keys, "complete")
    keys.tell(record_property, f"death ({language})", work)
    look(tab, f"death-{language}")

    # then: it is a death after relapse, and nothing is due after it
    assert said(language, "The page is complete.") in answer
    assert form_model("DTH").objects.get(page=page).dth_nrm is False
    assert said(language, "died") in standing(tab, subject)
    look(tab, f"died-{language}")
    assert "S90" not in due_on(tab, "2025-08-07")
    later = subject.visits.filter(target__gt=DIED)
    assert later.exists()
    assert not later.exclude(state=VisitState.SUPERSEDED).exists()

    # when: a page is dated after it, it is refused, and what was typed stands on it
    page = people.page_of(subject, "VS", "HM2")
    tab.goto(page.get_absolute_url())
    tab.fill("#form_date", AFTER)
    tab.fill("#vs_temp", "36.5")
    tab.locator("button[name=do][value=save]").last.click()
    summary = tab.locator(".error-summary")
    summary.wait_for()
    look(tab, f"after-death-{language}")
    assert said(language, "%(form)s %(day)s is after death.", form="VS", day=AFTER) in summary.inner_text()
    assert tab.input_value("#vs_temp") == "36.5"
    page.refresh_from_db()
    assert page.version == 0

    # when: it is dated on the day of death, it is saved
    tab.fill("#form_date", DIED)
    send(Keys(tab))
    page.refresh_from_db()
    assert str(page.form_date) == DIED
