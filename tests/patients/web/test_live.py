"""The answer to what is typed on an open page: what it says, to whom, and that it leaves nothing behind."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from patients.casebook.page import Page, PageState, Subject
from patients.entry.drafts import KeptDraft
from patients.entry.idempotency import AnsweredRequest
from tests.patients.entry import desk as entry
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.trial.trail.faults import counted
from trial.people.roles import Role

pytestmark = pytest.mark.one_engine

MOST = 10  # with the session and the person


def typed_on(client: Client, page: Page, **typed: Any) -> dict[str, list[str]]:
    return form_of(client.get(page.get_absolute_url()), **typed)


def asked(client: Client, page: Page, form: dict[str, list[str]]) -> HttpResponse:
    return client.post(reverse("page-check", args=[page.pk]), form)


def told(client: Client, page: Page, **typed: Any) -> dict[str, Any]:
    answer = asked(client, page, typed_on(client, page, **typed))
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def texts(said: dict[str, Any], name: str) -> list[tuple[str, str]]:
    return [(each["severity"], each["text"]) for each in said["messages"][name]]


def test_it_says_at_each_item_what_the_save_would_say(desk: Client, response_page: Page) -> None:
    said = told(desk, response_page, resp_dt="2025-05-20", bm_done="Y", bm_blast="140", pb_blast="lots")
    (severity, text), *_ = texts(said, "bm_blast")
    assert (severity, text.partition(" %")[0]) == ("hard", "Marrow blasts: 140")
    assert [severity for severity, _text in texts(said, "pb_blast")] == ["error"]
    assert texts(said, "resp_dt") == []
    assert [severity for severity, _text in texts(said, "form_date")] == ["due"]


def test_a_message_is_drawn_as_on_the_page(desk: Client, response_page: Page) -> None:
    typed = {"bm_done": "Y", "bm_blast": "140"}
    (message, *_) = told(desk, response_page, **typed)["messages"]["bm_blast"]
    assert (
        desk.post(response_page.get_absolute_url(), typed_on(desk, response_page, **typed)).status_code == 302
    )
    assert message["html"].strip() in desk.get(response_page.get_absolute_url()).content.decode()


def test_a_derived_value_is_told_as_the_page_shows_it(desk: Client, subject: Subject) -> None:
    people.infuse(subject)
    page = people.page_of(subject, "INF", "C0")
    said = told(desk, page, inf_weight="74.0", inf_dose_total="148.00")
    assert said["derived"]["inf_dose_kg"] == {"shown": "2.000", "rule": ""}


def test_rows_keep_the_names_of_their_controls(desk: Client, subject: Subject) -> None:
    people.infuse(subject)
    page = people.page_of(subject, "LAB", "C28")
    said = told(desk, page, **{"n1-lab_dt": "yesterday"})
    assert [severity for severity, _text in texts(said, "n1-lab_dt")] == ["error"]


def test_it_is_said_in_the_language_of_the_person(desk: Client, response_page: Page) -> None:
    desk.cookies["django_language"] = "zh-hans"
    (_severity, text), *_ = texts(told(desk, response_page, bm_done="Y", bm_blast="140"), "bm_blast")
    assert "140" in text
    assert "does not keep" not in text


def test_a_reason_for_a_change_is_asked_by_the_save_alone(desk: Client, response_page: Page) -> None:
    people.save(response_page, {"bm_done": "Y", "bm_blast": "14"})
    assert texts(told(desk, response_page, bm_blast="15"), "bm_blast") == []


@pytest.mark.requirement("PV-08")
def test_no_cache_keeps_it(desk: Client, response_page: Page) -> None:
    answer = asked(desk, response_page, typed_on(desk, response_page, bm_done="Y"))
    assert "no-store" in answer["Cache-Control"]


def test_nothing_is_written_and_the_form_can_still_be_saved(desk: Client, response_page: Page) -> None:
    form = typed_on(desk, response_page, bm_done="Y", bm_blast="14")
    before = entry.content()
    assert asked(desk, response_page, form).status_code == 200
    assert entry.content() == before
    assert not KeptDraft.objects.exists()
    assert not AnsweredRequest.objects.exists()
    assert desk.post(response_page.get_absolute_url(), form).status_code == 302


def test_it_takes_few_statements(desk: Client, response_page: Page) -> None:
    form = typed_on(desk, response_page, bm_done="Y", bm_blast="14", form_date="2025-05-20")
    with counted() as sent:
        asked(desk, response_page, form)
    assert {sql.split()[0] for sql in sent} == {"SELECT"}
    assert len(sent) <= MOST, "\n".join(sql[:120] for sql in sent)


# --- to whom ----------------------------------------------------------------------------------------------
def test_a_form_of_somebody_else_is_not_answered(desk: Client, response_page: Page) -> None:
    form = typed_on(desk, response_page, bm_done="Y")
    other = people.signed_in(people.a_member(Role.COORDINATOR, name="wu.min"))
    answer = asked(other, response_page, form)
    assert (answer.status_code, answer.json()) == (409, {})


def test_a_closed_page_is_not_answered(desk: Client, response_page: Page) -> None:
    form = typed_on(desk, response_page, bm_done="Y")
    entry.put_in_state(response_page, PageState.FROZEN)
    assert asked(desk, response_page, form).status_code == 423


@pytest.mark.parametrize("version", ["", "99", "1.5"])
def test_a_form_that_no_page_of_ours_sends_is_not_answered(
    desk: Client, response_page: Page, version: str
) -> None:
    assert asked(desk, response_page, {"base_version": [version]}).status_code == 400


def test_of_who_the_subject_is_nothing_is_told_that_was_not_typed(desk: Client, subject: Subject) -> None:
    """Reading it leaves a record (PV-02), and this leaves none."""
    page = people.page_of(subject, "DM", "SCR")
    people.save(page, {"birth_date": "2099-03-09"})
    form = typed_on(desk, page, sex="F")
    said = asked(desk, page, form).json()
    assert "birth_date" not in said["messages"]
    assert "2099" not in str(said)
    changed = asked(desk, page, form | {"birth_date": ["2098-01-01"]}).json()
    assert [each["severity"] for each in changed["messages"]["birth_date"]] == ["hard"]
