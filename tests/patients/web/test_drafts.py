"""Nothing typed is lost: what was not saved comes back to who typed it, whatever ended the work."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.entry.drafts import KeptDraft
from patients.web.binding import read_draft
from tests.patients.entry import desk as entry
from tests.patients.entry import signing_desk
from tests.patients.web import people
from tests.patients.web.browser_form import form_of
from tests.trial.trail.faults import StatementFailed, counted, failing_at
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db, pytest.mark.requirement("DI-02")]
SESSIONS = int(os.environ.get("SESSIONS", "20"))  # 100 in `make faults`
KEPT = "It is kept, and not saved."


def look(client: Client, page: Page) -> HttpResponse:
    return client.get(page.get_absolute_url())


def post(client: Client, page: Page, **typed: str | list[str]) -> HttpResponse:
    return client.post(page.get_absolute_url(), form_of(look(client, page), **typed))


def autosave(client: Client, page: Page, **typed: str | list[str]) -> HttpResponse:
    """What the script sends while somebody types."""
    return client.post(f"{page.get_absolute_url()}draft/", form_of(look(client, page), **typed))


def text_of(answer: HttpResponse) -> str:
    return answer.content.decode()


@pytest.fixture
def colleague() -> Client:
    return people.signed_in(people.a_member(Role.COORDINATOR, name="zhou.lan", printed="Zhou Lan"))


# --- kept, shown again, given up ---------------------------------------------------------------------------
def test_what_was_typed_is_laid_over_what_is_saved(desk: Client, response_page: Page) -> None:
    post(desk, response_page, bm_done="Y", bm_blast="61.5", pb_blast="12")
    answer = autosave(desk, response_page, bm_blast="6.5", bm_blast__why="typing", resp_dt="5/8/2025")
    assert answer.json()["kept"] == f"{timezone.localtime():%H:%M}"
    shown = look(desk, response_page)
    sent = form_of(shown)
    typed = {
        name: sent[name] for name in ("bm_blast", "bm_blast__base", "bm_blast__why", "resp_dt", "pb_blast")
    }
    assert typed == {
        "bm_blast": ["6.5"],
        "bm_blast__base": ["61.5"],
        "bm_blast__why": ["typing"],
        "resp_dt": ["5/8/2025"],
        "pb_blast": ["12"],
    }
    assert KEPT in text_of(shown)
    assert "2 changed, not saved" in text_of(shown)


def test_typing_writes_no_event_and_no_version(desk: Client, response_page: Page) -> None:
    events = TrailEvent.objects.count()
    autosave(desk, response_page, mol_marker="NPM1")
    response_page.refresh_from_db()
    assert (response_page.version, TrailEvent.objects.count()) == (0, events)


def test_it_goes_with_the_save(desk: Client, response_page: Page) -> None:
    autosave(desk, response_page, mol_marker="NPM1")
    assert desk.post(response_page.get_absolute_url(), form_of(look(desk, response_page))).status_code == 302
    assert form_model("RESP").objects.get(page=response_page).mol_marker == "NPM1"
    assert not KeptDraft.objects.exists()
    assert KEPT not in text_of(look(desk, response_page))


def test_it_goes_when_it_is_given_up_and_when_nothing_differs_any_more(
    desk: Client, response_page: Page
) -> None:
    autosave(desk, response_page, mol_marker="NPM1")
    answer = desk.post(f"{response_page.get_absolute_url()}draft/", {"do": "discard"})
    assert answer["Location"] == response_page.get_absolute_url()
    assert form_of(look(desk, response_page))["mol_marker"] == [""]
    autosave(desk, response_page, mol_marker="NPM1")
    assert autosave(desk, response_page, mol_marker="").json()["kept"] == ""
    assert not KeptDraft.objects.exists()


def test_a_draft_that_comes_after_its_save_shows_nothing(desk: Client, response_page: Page) -> None:
    sent = form_of(look(desk, response_page), mol_marker="NPM1")
    desk.post(response_page.get_absolute_url(), sent)
    desk.post(f"{response_page.get_absolute_url()}draft/", sent)
    assert KEPT not in text_of(look(desk, response_page))


def test_nobody_else_sees_it(desk: Client, colleague: Client, response_page: Page) -> None:
    autosave(desk, response_page, mol_marker="NPM1")
    theirs = text_of(look(colleague, response_page))
    assert ("NPM1" in theirs, KEPT in theirs) == (False, False)
    autosave(colleague, response_page, mol_marker="FLT3")
    assert form_of(look(desk, response_page))["mol_marker"] == ["NPM1"]
    assert KeptDraft.objects.count() == 2


def test_a_birth_date_is_kept_and_is_not_readable_at_rest(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "DM", "SCR")
    autosave(desk, page, birth_date="1977-03-09")
    assert "1977-03-09" not in entry.all_text()
    assert form_of(look(desk, page))["birth_date"] == ["1977-03-09"]


def test_new_rows_come_back_where_they_were(desk: Client, subject: Subject) -> None:
    page = people.page_of(subject, "LAB", "SCR")
    first = form_of(look(desk, page))["row"][0]
    autosave(desk, page, **{f"{first}lab_test": "WBC"})
    sent = form_of(look(desk, page))
    assert (sent["row"], sent[f"{first}lab_test"]) == ([first], ["WBC"])


def test_a_form_that_no_page_of_ours_sends_is_not_understood(desk: Client, response_page: Page) -> None:
    for version in ("", "x", "7"):
        sent = {"base_version": version, "mol_marker": "N", "mol_marker__base": ""}
        assert desk.post(f"{response_page.get_absolute_url()}draft/", sent).status_code == 400


# --- not saved: refused, in conflict, closed, signed ------------------------------------------------------
def test_a_refused_form_is_kept(desk: Client, response_page: Page) -> None:
    assert post(desk, response_page, resp_dt="5/8/2025", mol_marker="NPM1").status_code == 422
    assert form_of(look(desk, response_page))["mol_marker"] == ["NPM1"]


def test_a_conflict_is_kept_until_it_is_resolved(
    desk: Client, colleague: Client, response_page: Page
) -> None:
    mine = form_of(look(desk, response_page), bm_done="Y", bm_blast="12.0")
    post(colleague, response_page, bm_done="Y", bm_blast="18.0")
    clash = desk.post(response_page.get_absolute_url(), mine)
    assert clash.status_code == 409
    again = look(desk, response_page)
    assert form_of(again)["bm_blast"] == ["12.0"]
    assert "Zhou Lan saved version 1" in text_of(again)
    assert desk.post(response_page.get_absolute_url(), form_of(again)).status_code == 409
    chosen = form_of(clash, **{"choose-bm_blast": "mine", "why-code": "late_source"})
    assert desk.post(response_page.get_absolute_url(), chosen).status_code == 302
    assert not KeptDraft.objects.exists()


def test_a_save_says_what_colleagues_had_changed_meanwhile(
    desk: Client, colleague: Client, response_page: Page
) -> None:
    mine = form_of(look(desk, response_page), mol_marker="NPM1")
    post(colleague, response_page, cns_resp="CNS1")
    post(colleague, response_page, pb_blast="3")
    answer = desk.post(response_page.get_absolute_url(), mine)
    said = text_of(desk.get(answer["Location"]))
    assert "Saved as version 3: 1 item changed. Meanwhile Zhou Lan had changed:" in said
    assert "CNS status" in said.split("Meanwhile Zhou Lan had changed:")[1][:60]
    alone = post(desk, response_page, mol_marker="FLT3", mol_marker__reason="late_source")
    assert "Meanwhile" not in text_of(desk.get(alone["Location"]))


@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.LOCKED])
def test_a_page_that_was_closed_meanwhile_says_by_whom_and_keeps_it(
    desk: Client, response_page: Page, state: PageState
) -> None:
    sent = form_of(look(desk, response_page), mol_marker="NPM1")
    entry.put_in_state(response_page, state)
    answer = desk.post(response_page.get_absolute_url(), sent)
    assert answer.status_code == 423
    for shown in (answer, look(desk, response_page)):
        assert f"This page is {state.label}. Since " in text_of(shown)
        assert "by the tests." in text_of(shown)
        assert 'value="NPM1"' in text_of(shown)
        assert 'name="do" value="save"' not in text_of(shown)
    assert KeptDraft.objects.count() == 1


def test_a_page_that_was_signed_meanwhile_says_by_whom_before_the_signature_falls(
    coordinator: Account, desk: Client
) -> None:
    pi = signing_desk.principal_investigator()
    page = signing_desk.eligibility(signing_desk.screened("HZ01-002"))
    sent = form_of(look(desk, page), lvef_pct="60", lvef_pct__reason="late_source")
    signing_desk.sign(page, pi)
    answer = desk.post(page.get_absolute_url(), sent)
    assert answer.status_code == 409
    assert f"{pi.printed_name} signed this page at" in text_of(answer)
    page.refresh_from_db()
    assert page.state == PageState.SIGNED
    again = look(desk, page)
    assert form_of(again)["lvef_pct"] == ["60"]
    saved = form_of(again)
    assert desk.post(page.get_absolute_url(), saved).status_code == 302
    signing_desk.sign(page, pi)
    assert desk.post(page.get_absolute_url(), saved).status_code == 302  # answered as before
    page.refresh_from_db()
    assert page.state == PageState.SIGNED


def test_a_signature_between_the_reading_and_the_save_does_not_fall_unsaid(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page that the save has read is not signed yet when it begins."""
    pi = signing_desk.principal_investigator()
    page = signing_desk.eligibility(signing_desk.screened("HZ01-002"))
    sent = form_of(look(desk, page), lvef_pct="60", lvef_pct__reason="late_source")

    def signed_first(*read: Any, **how: Any) -> Any:
        signing_desk.sign(page, pi)
        return read_draft(*read, **how)

    monkeypatch.setattr("patients.web.saving.read_draft", signed_first)
    answer = desk.post(page.get_absolute_url(), sent)
    assert answer.status_code == 409
    assert f"{pi.printed_name} signed this page at" in text_of(answer)
    page.refresh_from_db()
    assert page.state == PageState.SIGNED


# --- the session has ended --------------------------------------------------------------------------------
def expire(client: Client, *, gone: bool) -> None:
    """The session lasts too long, or was ended from elsewhere already."""
    session = client.session
    if gone:
        session.delete()
    else:
        session["seen"] = 0
        session.save()


def test_many_forms_sent_after_their_session_has_ended_are_kept(
    desk: Client,
    coordinator: Account,
    colleague: Client,
    response_page: Page,
    tried: Callable[[int], None],
) -> None:
    """F10: by turns a session left alone too long, and one that is not there any more."""
    tried(SESSIONS)
    url, kept, seen_by_others = response_page.get_absolute_url(), 0, 0
    for number in range(SESSIONS):
        sent = form_of(look(desk, response_page), mol_marker=f"M{number}", pb_blast="12")
        expire(desk, gone=bool(number % 2))
        answer = desk.post(url, sent)
        assert answer["Location"].startswith("/sign-in/?next=")
        if number < 2:
            asked = text_of(desk.get(answer["Location"]))
            assert "HZ01-001 SCR RESP</b> was kept and will be there." in asked
        if number % 10 == 0:
            seen_by_others += f'value="M{number}"' in text_of(look(colleague, response_page))
        desk = Client()
        desk.force_login(coordinator)
        back = form_of(look(desk, response_page))
        kept += (back["mol_marker"], back["pb_blast"]) == ([f"M{number}"], ["12"])
    assert (kept, seen_by_others) == (SESSIONS, 0)
    assert TrailEvent.objects.filter(action="page.saved", form="RESP").count() == 0


def test_what_the_script_sends_after_the_end_is_kept_as_well(
    desk: Client, coordinator: Account, response_page: Page
) -> None:
    sent = form_of(look(desk, response_page), mol_marker="NPM1")
    expire(desk, gone=True)
    assert desk.post(f"{response_page.get_absolute_url()}draft/", sent).status_code == 302
    assert KeptDraft.objects.get().account == coordinator


def test_who_signs_in_at_the_same_browser_sees_nothing_of_it(
    desk: Client, colleague: Client, response_page: Page, coordinator: Account
) -> None:
    """A form that was given to one person is not saved by another, whoever sends it."""
    sent = form_of(look(desk, response_page), mol_marker="NPM1")
    answer = colleague.post(response_page.get_absolute_url(), sent)
    shown = text_of(colleague.get(answer["Location"]))
    assert "nothing was saved, what was typed on it is kept" in shown
    assert "NPM1" not in shown
    assert colleague.post(f"{response_page.get_absolute_url()}draft/", sent).status_code == 409
    assert KeptDraft.objects.get().account == coordinator
    response_page.refresh_from_db()
    assert response_page.version == 0


def test_a_form_from_before_the_last_sign_in_is_kept(coordinator: Account, response_page: Page) -> None:
    """Signing in changes the CSRF token: a form of before is not accepted, and is not lost either."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    sent = form_of(look(client, response_page), mol_marker="NPM1")
    other = Client(enforce_csrf_checks=True)
    other.force_login(coordinator)
    other.cookies["csrftoken"] = "a" * 32
    answer = other.post(response_page.get_absolute_url(), sent)
    assert answer["Location"] == response_page.get_absolute_url()
    assert form_of(look(other, response_page))["mol_marker"] == ["NPM1"]


def test_a_form_from_elsewhere_is_refused_and_keeps_nothing(
    coordinator: Account, response_page: Page
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(coordinator)
    sent = form_of(look(client, response_page), mol_marker="NPM1")
    for word in ("", "x", sent["form_token"][0] + "x", "9" * 300, "\0"):
        forged = sent | {"form_token": [word], "csrfmiddlewaretoken": ["b" * 64]}
        assert client.post(response_page.get_absolute_url(), forged).status_code == 403
        anonymous = Client()
        assert anonymous.post(response_page.get_absolute_url(), forged).status_code == 302
    assert not KeptDraft.objects.exists()


def test_who_is_disabled_or_has_no_role_any_more_keeps_nothing(
    desk: Client, coordinator: Account, response_page: Page
) -> None:
    sent = form_of(look(desk, response_page), mol_marker="NPM1")
    Account.objects.filter(pk=coordinator.pk).update(is_active=False)
    assert Client().post(response_page.get_absolute_url(), sent).status_code == 302
    assert not KeptDraft.objects.exists()


def test_the_word_of_a_form_is_forgotten_after_thirty_days(desk: Client, response_page: Page) -> None:
    sent = form_of(look(desk, response_page), mol_marker="NPM1")
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert Client().post(response_page.get_absolute_url(), sent).status_code == 302
    assert not KeptDraft.objects.exists()


def test_a_role_that_does_not_enter_the_form_keeps_nothing(response_page: Page) -> None:
    for role, status in ((Role.MONITOR, 403), (Role.CELL_LAB, 403)):
        client = people.signed_in(people.a_member(role))
        sent = {"base_version": "0", "mol_marker": "N", "mol_marker__base": ""}
        assert client.post(f"{response_page.get_absolute_url()}draft/", sent).status_code == status
    assert not KeptDraft.objects.exists()


def test_a_broken_save_leaves_the_draft(desk: Client, response_page: Page) -> None:
    """Save, answer and the end of the draft are one transaction: whichever statement fails."""
    autosave(desk, response_page, mol_marker="NPM1")
    sent = form_of(look(desk, response_page))
    with counted() as statements, transaction.atomic():
        desk.post(response_page.get_absolute_url(), sent)
        transaction.set_rollback(True)
    for number in range(5, len(statements) - 2):  # from the save on; without those of the block here
        with pytest.raises(StatementFailed), failing_at(number):
            desk.post(response_page.get_absolute_url(), sent)
        assert KeptDraft.objects.count() == 1, statements[number - 1]
    assert desk.post(response_page.get_absolute_url(), sent).status_code == 302
    assert not KeptDraft.objects.exists()
