"""A data manager freezes pages of a subject in the browser, and thaws them."""

import html
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, PageState
from patients.oversight.freezes import Freeze
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("LK-01")]
WHY = "ready to be cut"


@pytest.fixture
def pages() -> list[Page]:
    """Demographics and disease, complete, and eligibility, which is not."""
    subject = people.a_subject()
    for form, answers in (("DM", entry.DM), ("DX", entry.DX)):
        entry.save(entry.page_of(subject, form), answers, on=entry.CONSENT, complete=True)
    return [entry.page_of(subject, form) for form in ("DM", "DX", "ELIG")]


@pytest.fixture
def manager(db: None) -> Client:
    return people.signed_in(people.a_member(Role.DATA_MANAGER, name="mei.zhang", printed="Mei Zhang"))


def url_of(page: Page) -> str:
    return reverse("freeze", args=[page.subject.code])


def send(client: Client, do: str, *pages: Page, reason: str = WHY) -> HttpResponse:
    form: dict[str, Any] = form_of(client.get(url_of(pages[0])))
    chosen = [f"{page.pk}:{page.version}" for page in pages]
    return client.post(url_of(pages[0]), form | {"do": do, "reason": reason, "page": chosen})


def boxes(client: Client, page: Page, query: str = "") -> dict[str, str]:
    """The boxes of the list, each with what it says of itself: checked, disabled."""
    shown = client.get(url_of(page) + query).content.decode()
    return dict(re.findall(r'<input type="checkbox" name="page" value="(\d+):\d+"([^>]*)>', shown))


def test_what_is_complete_can_be_chosen_and_what_is_not_cannot(manager: Client, pages: list[Page]) -> None:
    found = boxes(manager, pages[0])
    assert [found[str(page.pk)].strip() for page in pages] == ["", "", "disabled"]
    found = boxes(manager, pages[0], "?visit=SCR")
    assert [found[str(page.pk)].strip() for page in pages] == ["checked", "checked", "disabled"]
    assert boxes(manager, pages[0], f"?page={pages[1].pk}")[str(pages[1].pk)].strip() == "checked"


def test_those_chosen_are_frozen_in_one_act_and_say_so(
    manager: Client, pages: list[Page], desk: Client
) -> None:
    answer = send(manager, "freeze", *pages[:2])
    assert (answer.status_code, answer["Location"]) == (302, url_of(pages[0]))
    shown = html.unescape(manager.get(url_of(pages[0])).content.decode())
    assert "2 pages are frozen." in shown
    assert f"frozen by Mei Zhang, {entry.last_event().at:%Y}" in shown
    assert WHY in shown
    assert TrailEvent.objects.filter(action="pages.frozen").count() == 1
    page = html.unescape(desk.get(pages[0].get_absolute_url()).content.decode())
    assert "This page is frozen since" in page
    assert f"by Mei Zhang: {WHY}." in page
    assert 'value="save"' not in page


def test_they_are_thawed_again(manager: Client, pages: list[Page]) -> None:
    send(manager, "freeze", *pages[:2])
    assert send(manager, "thaw", pages[0], reason="a late result").status_code == 302
    assert [entry.now(page).state for page in pages[:2]] == [PageState.COMPLETE, PageState.FROZEN]


@pytest.mark.parametrize(
    ("do", "reason", "which", "said"),
    [
        ("freeze", "", 0, "Say why, in 5 to 200 characters."),
        ("freeze", WHY, 2, "HZ01-001 SCR ELIG is in progress"),
        ("thaw", WHY, 0, "only a frozen page can be thawed"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(
    manager: Client, pages: list[Page], do: str, reason: str, which: int, said: str
) -> None:
    answer = send(manager, do, pages[which], reason=reason)
    text = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert said in text
    assert f'name="reason" maxlength="200" value="{reason}"' in text
    assert not Freeze.objects.exists()


def test_a_page_that_changed_meanwhile_is_named(manager: Client, pages: list[Page]) -> None:
    entry.save(pages[0], {"hctci": "3"}, why=entry.BECAUSE)
    answer = send(manager, "freeze", pages[0])
    assert answer.status_code == 409
    assert "HZ01-001 SCR DM changed after you opened this." in answer.content.decode()


def test_a_form_that_is_sent_twice_is_one_act(manager: Client, pages: list[Page]) -> None:
    form: dict[str, Any] = form_of(manager.get(url_of(pages[0])))
    form |= {"do": "freeze", "reason": WHY, "page": [f"{pages[0].pk}:{pages[0].version}"]}
    assert [manager.post(url_of(pages[0]), form).status_code for _time in range(2)] == [302, 302]
    assert TrailEvent.objects.filter(action="pages.frozen").count() == 1


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("1", 400),
        ("x:1", 400),
        ("1:x", 400),
        ("٣:١", 400),
        ("9" * 30 + ":1", 400),
        ("987654:1", 404),
    ],
)
def test_what_is_no_page_is_refused(manager: Client, pages: list[Page], page: str, status: int) -> None:
    sent = {"do": "freeze", "reason": WHY, "page": page}
    assert manager.post(url_of(pages[0]), sent).status_code == status


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PRINCIPAL_INVESTIGATOR, Role.MONITOR])
def test_nobody_else_is_let_in(pages: list[Page], role: Role) -> None:
    client = people.signed_in(people.a_member(role, name="some.body"))
    assert client.get(url_of(pages[0])).status_code == 403
    other = people.signed_in(people.a_member(Role.DATA_MANAGER, "HZ02", name="da.ta"))
    assert other.get(url_of(pages[0])).status_code == 404
