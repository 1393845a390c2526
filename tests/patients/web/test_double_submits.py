"""A form or a request that is sent twice has one effect and the same answer (F08)."""

import os
import re
from collections.abc import Callable

import pytest
from django.test import Client

from patients.casebook.form import form_model
from patients.casebook.page import Page, Subject
from tests.patients.web import people
from tests.patients.web.api.programs import problem, read, send
from tests.patients.web.browser_form import form_of
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-02")]
PAIRS = int(os.environ.get("DOUBLE_SUBMITS", "30"))  # 1,000 in `make faults`


def saves(form: str) -> int:
    return TrailEvent.objects.filter(action="page.saved", form=form).count()


def marker(page: Page) -> str:
    return form_model("RESP").objects.get(page=page).mol_marker


def test_as_many_effects_as_forms_however_often_each_is_sent(
    desk: Client, response_page: Page, tried: Callable[[int], None]
) -> None:
    """By turns the same form twice, and once more with other content: a conflict of its own key."""
    tried(PAIRS)
    url, statuses = response_page.get_absolute_url(), set()
    for number in range(PAIRS):
        because = {"mol_marker__reason": "late_source"} if number else {}
        sent = form_of(desk.get(url), mol_marker=f"M{number}", **because)
        first, again = desk.post(url, sent), desk.post(url, sent | {"at": ["pb_blast"]})
        assert (first.status_code, first["Location"]) == (again.status_code, again["Location"]) == (302, url)
        if number % 10 == 0:
            other = desk.post(url, sent | {"mol_marker": [f"other {number}"]})
            statuses.add(other.status_code)
            assert form_of(other)["mol_marker"] == [f"other {number}"]
            assert form_of(other)["form_token"] != sent["form_token"]
            desk.post(f"{url}draft/", {"do": "discard"})
    assert statuses == {422}
    response_page.refresh_from_db()
    assert (saves("RESP"), response_page.version, marker(response_page)) == (PAIRS, PAIRS, f"M{PAIRS - 1}")


def test_both_times_it_says_the_same(desk: Client, response_page: Page) -> None:
    url = response_page.get_absolute_url()
    sent = form_of(desk.get(url), mol_marker="NPM1")
    for _time in range(2):
        answer = desk.post(url, sent)
        assert "Saved as version 1: 1 item changed." in desk.get(answer["Location"]).content.decode()


def test_a_row_that_is_added_twice_is_one_row(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "LAB", "SCR")
    url = page.get_absolute_url()
    sent = form_of(desk.get(url))
    prefix = sent["row"][0]
    sent[f"{prefix}lab_test"] = ["WBC"]
    assert [desk.post(url, sent).status_code for _time in range(3)] == [302] * 3
    assert form_model("LAB").objects.filter(page=page).count() == 1


@pytest.mark.parametrize("address", ["/subjects/new/", "/subjects/HZ01-001/add/"])
def test_what_is_opened_by_a_double_click_is_opened_once(
    desk: Client, subject: Subject, address: str
) -> None:
    key = re.search(r'name="form_token" value="([^"]+)"', desk.get(address).content.decode())
    sent = {"form_token": key[1], "site": "HZ01", "kind": "UNS", "form": "RESP", "day": "2025-06-20"}
    first, *more = [desk.post(address, sent) for _time in range(3)]
    assert [answer["Location"] for answer in more] == [first["Location"]] * 2
    made = TrailEvent.objects.filter(action__in=("subject.registered", "visit.opened"))
    assert made.filter(actor="lin.qiao").count() == 1
    assert desk.post(address, sent | {"day": "2025-06-21"}).status_code == 422


# --- programs --------------------------------------------------------------------------------------------
def test_a_program_that_tries_again_is_answered_as_before(desk: Client, response_page: Page) -> None:
    body = {"base_version": 0, "rows": {"": {"mol_marker": "NPM1"}}}
    first, *more = [
        send(desk, response_page, body, headers={"Idempotency-Key": "a-1"}).json() for _time in range(4)
    ]
    assert (first["version"], first["changed"]) == (1, 1)
    assert more == [first] * 3
    assert saves("RESP") == 1


def test_a_program_that_sends_something_else_under_its_key_is_refused(
    desk: Client, response_page: Page
) -> None:
    for number, status in enumerate((200, 422)):
        body = {"base_version": 0, "rows": {"": {"mol_marker": f"M{number}"}}}
        answer = send(desk, response_page, body, headers={"Idempotency-Key": "a-1"})
        assert answer.status_code == status
    assert "another content" in problem(answer, 422)["detail"]
    assert read(desk, response_page)["rows"][""]["mol_marker"] == "M0"


def test_a_key_has_at_most_200_characters(desk: Client, response_page: Page) -> None:
    answer = send(desk, response_page, {"base_version": 0}, headers={"Idempotency-Key": "k" * 201})
    problem(answer, 400)
