"""The screen on which a row that was entered by mistake is made void, and restored."""

import pytest
from django.test import Client
from django.urls import reverse

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState
from patients.entry.opening import open_log
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from trial.people.models import Account
from trial.people.roles import Role

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("DI-09")]


@pytest.fixture
def log(coordinator: Account) -> Page:
    page = open_log(people.a_subject(), "CM", by=coordinator)
    entry.save(page, rows={key: {"cm_name": f"drug {key}"} for key in ("1", "2 b")})
    return entry.now(page)


def url_of(page: Page, key: str = "") -> str:
    return reverse("void-row", args=[page.pk]) + (f"?row={key}" if key else "")


def send(client: Client, page: Page, key: str, do: str, **typed: str):
    form = form_of(client.get(url_of(page, key)), **typed)
    return client.post(url_of(page), form | {"do": do})


def standing(page: Page) -> set[str]:
    return {row.row_key for row in form_model("CM").of_page(page)}


def test_the_page_leads_to_each_row_and_says_which_are_void(desk: Client, log: Page) -> None:
    shown = desk.get(log.get_absolute_url()).content.decode()
    assert f'href="{reverse("void-row", args=[log.pk])}?row=2%20b"' in shown
    assert "Void rows" not in shown
    answer = send(desk, log, "2 b", "void", void__reason="transcription_error")
    assert answer.status_code == 302
    assert standing(log) == {"1"}
    after = desk.get(answer["Location"]).content.decode()
    assert "Row 2 b is void." in after
    assert "Void rows, kept with their trail:" in after
    assert "drug 2 b" not in after


def test_a_void_row_shows_what_it_says_and_is_restored(desk: Client, log: Page) -> None:
    send(desk, log, "2 b", "void", void__reason="transcription_error")
    shown = desk.get(url_of(log, "2 b")).content.decode()
    assert "drug 2 b" in shown
    assert "Restore the row" in shown
    assert send(desk, log, "2 b", "restore", void__why="it was right").status_code == 302
    assert standing(log) == {"1", "2 b"}


def test_whoever_names_no_row_knows_each_by_what_it_says(desk: Client, log: Page) -> None:
    send(desk, log, "2 b", "void", void__reason="transcription_error")
    shown = desk.get(url_of(log)).content.decode()
    assert shown.index("drug 1") < shown.index("Restore a row") < shown.index("drug 2 b")


def test_without_a_reason_it_is_shown_again_as_typed(desk: Client, log: Page) -> None:
    answer = send(desk, log, "1", "void", void__why="abc")
    assert answer.status_code == 422
    assert "Give a reason for the change" in answer.content.decode()
    assert 'value="abc"' in answer.content.decode()
    assert standing(log) == {"1", "2 b"}


def test_a_row_that_changed_meanwhile_is_shown_first(desk: Client, log: Page) -> None:
    form = form_of(desk.get(url_of(log, "1")), void__reason="late_source")
    entry.save(log, rows={"1": {"cm_name": "another drug"}}, why=entry.BECAUSE)
    answer = desk.post(url_of(log), form | {"do": "void"})
    assert answer.status_code == 409
    assert "Somebody changed this row" in answer.content.decode()
    assert "another drug" in answer.content.decode()
    again = form_of(answer)
    assert desk.post(url_of(log), again | {"do": "void"}).status_code == 302


def test_a_form_that_is_sent_twice_has_one_effect(desk: Client, log: Page) -> None:
    form = form_of(desk.get(url_of(log, "1")), void__reason="late_source") | {"do": "void"}
    assert [desk.post(url_of(log), form).status_code for _ in range(2)] == [302, 302]
    assert entry.now(log).version == log.version + 1


@pytest.mark.parametrize("key", ["3", "x" * 80])
def test_a_row_that_is_not_there_is_not_found(desk: Client, log: Page, key: str) -> None:
    assert desk.get(url_of(log, key)).status_code == 404


def test_a_new_row_takes_no_key_of_a_void_one(desk: Client, log: Page) -> None:
    entry.save(log, rows={"2": {"cm_name": "drug 2"}})
    send(desk, log, "2", "void", void__reason="transcription_error")
    added = desk.post(log.get_absolute_url(), form_of(desk.get(log.get_absolute_url())) | {"do": "add"})
    assert 'name="n3-cm_name"' in added.content.decode()


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_on_a_closed_page_nothing_is_offered_or_done(desk: Client, log: Page, state: PageState) -> None:
    form = form_of(desk.get(url_of(log, "1")), void__reason="late_source") | {"do": "void"}
    entry.put_in_state(log, state)
    assert "Make the row void" not in desk.get(url_of(log, "1")).content.decode()
    assert desk.post(url_of(log), form).status_code == 423
    assert standing(log) == {"1", "2 b"}


@pytest.mark.parametrize(
    ("role", "site", "status"),
    [(Role.MONITOR, "HZ01", 403), (Role.DATA_MANAGER, "HZ01", 403), (Role.COORDINATOR, "HZ02", 404)],
)
def test_who_does_not_enter_makes_nothing_void(log: Page, role: Role, site: str, status: int) -> None:
    client = people.signed_in(people.a_member(role, site, name="some.body"))
    for answer in (client.get(url_of(log, "1")), client.post(url_of(log), {"row": "1", "do": "void"})):
        assert answer.status_code == status
