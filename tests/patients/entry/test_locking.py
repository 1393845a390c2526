"""One person asks for a lock, another approves it; what is locked stays so until two people unlock it."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied

from patients.casebook.page import Page, PageState, Subject
from patients.entry.checking import check_subject
from patients.entry.lock_gate import Check
from patients.entry.locking import (
    Decided,
    Extent,
    NotAsked,
    Wish,
    ask_for_lock,
    ask_for_unlock,
    lock_again,
    lock_casebooks,
    refuse_request,
    unlock_casebook,
)
from patients.entry.opening import enter_subject, open_event, open_log
from patients.entry.refusals import PageClosed, Refused, UnknownPage
from patients.entry.register import register_identity, register_subject
from patients.oversight.casebook_locks import CasebookLock, LockRequest
from patients.oversight.signatures import Signature
from tests.patients.entry import casebooks, desk, locking_desk, signing_desk
from tests.patients.entry.locking_desk import CUTOFF, WHY, approver, asked, locked, manager, unlocked
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db


def states(subject: Subject) -> set[str]:
    return set(Page.objects.filter(subject=subject).values_list("state", flat=True))


# --- two people --------------------------------------------------------------------------------------------
@pytest.mark.requirement("LK-04")
def test_whoever_asked_cannot_approve_and_another_can() -> None:
    subject = desk.infused()
    request = asked(subject)
    assert states(subject) != {PageState.LOCKED}, "asking locks nothing"
    with pytest.raises(NotAsked, match="cannot approve"):
        lock_casebooks(request, by=manager())
    lock_casebooks(request, by=approver())
    assert states(subject) == {PageState.LOCKED}
    with pytest.raises(Decided):
        lock_casebooks(request, by=approver())
    assert desk.rows_that_differ_from_their_newest_version() == []


def test_the_acts_are_on_record_with_both_people_and_the_reason() -> None:
    subject = desk.infused()
    locked(subject)
    events = TrailEvent.objects.filter(action__in=("lock.requested", "lock.approved", "casebook.locked"))
    found = list(events.order_by("pk").values_list("action", "actor", "subject", "reason"))
    assert found == [
        ("lock.requested", "mei.zhang", subject.code, WHY.reason),
        ("casebook.locked", "wei.shen", subject.code, WHY.reason),
        ("lock.approved", "wei.shen", subject.code, WHY.reason),
    ]
    pages = TrailEvent.objects.get(action="casebook.locked").changes
    assert pages.count() == Page.objects.filter(subject=subject).count()


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.MONITOR, Role.SPONSOR])
def test_others_neither_ask_nor_approve(role: Role) -> None:
    subject, somebody = desk.consented(), desk.a_member(role, user_name="ben.wu")
    with pytest.raises(PermissionDenied):
        ask_for_lock(Extent(subject=subject), CUTOFF, WHY, by=somebody)
    with pytest.raises(PermissionDenied):
        lock_casebooks(asked(subject), by=somebody)


def test_a_lock_of_the_study_takes_the_right_at_each_of_its_sites() -> None:
    desk.consented()
    desk.a_site("HZ02")
    with pytest.raises(PermissionDenied):
        asked()
    desk.a_member(Role.DATA_MANAGER, "HZ02", "mei.zhang")
    request = asked()
    with pytest.raises(PermissionDenied):
        lock_casebooks(request, by=approver())
    desk.a_member(Role.PRINCIPAL_INVESTIGATOR, "HZ02", "wei.shen")
    lock_casebooks(request, by=approver())


def test_a_request_is_refused_by_another_or_withdrawn() -> None:
    subject = desk.consented()
    refuse_request(asked(subject), by=approver())
    refuse_request(asked(subject), by=manager())
    assert not CasebookLock.objects.exists()
    assert LockRequest.objects.undecided().count() == 0
    with pytest.raises(PermissionDenied):
        refuse_request(asked(subject), by=desk.a_member(Role.COORDINATOR, user_name="ben.wu"))


@pytest.mark.parametrize(
    ("wish", "cutoff", "said"),
    [
        (Wish("", "because of it"), CUTOFF, "5 to 200"),
        (Wish("interim analysis", "no"), CUTOFF, "5 to 200"),
        (Wish("interim analysis"), CUTOFF, "stands in the way"),
        (WHY, date(2100, 1, 1), "not come"),
    ],
)
def test_what_cannot_be_asked_for_is_said(wish: Wish, cutoff: date, said: str) -> None:
    with pytest.raises(NotAsked, match=said):
        ask_for_lock(Extent(subject=desk.infused()), cutoff, wish, by=manager())
    assert not LockRequest.objects.exists()


def test_nothing_is_asked_for_twice() -> None:
    subject = desk.consented()
    asked(subject)
    with pytest.raises(NotAsked, match="already"):
        asked(subject)


def test_of_a_site_what_is_locked_is_left_as_it_is() -> None:
    first, second = desk.consented(), desk.consented("HZ01-002")
    locked(first)
    before = CasebookLock.objects.get(subject=first).at
    lock_casebooks(asked(None, site=first.site), by=approver())
    assert CasebookLock.objects.get(subject=first).at == before
    assert states(second) == {PageState.LOCKED}
    with pytest.raises(NotAsked, match="not locked"):
        asked(None, site=first.site)


# --- what is locked ----------------------------------------------------------------------------------------
def test_nothing_is_added_to_a_locked_casebook() -> None:
    subject, coordinator = desk.infused(), desk.a_member()
    locked()
    page = desk.page_of(subject, "DM")
    with pytest.raises(PageClosed):
        desk.save(page, {"hctci": "1"}, by=coordinator, why=desk.BECAUSE)
    with pytest.raises(Refused, match="locked"):
        open_event(subject, "UNS", date(2024, 2, 1), by=coordinator, form="VS")
    with pytest.raises(Refused, match="locked"):
        open_log(subject, "CM", by=coordinator)
    with pytest.raises(Refused, match="locked"):
        enter_subject(subject.site, by=coordinator)
    with pytest.raises(Exception, match="locked"):
        register_subject("HZ01-009", subject.site, by=desk.SYSTEM, source=Source.IMPORT)
    with pytest.raises(Exception, match="locked"):
        register_identity(
            subject, full_name="", hospital_number="123456", by=desk.SYSTEM, source=Source.IMPORT
        )


def test_the_nightly_look_leaves_a_locked_casebook_as_it_is() -> None:
    subject = desk.infused()
    locked(subject)
    before = desk.content()
    check_subject(subject.code, by=desk.SYSTEM)
    assert desk.content() == before


# --- unlocking ---------------------------------------------------------------------------------------------
@pytest.mark.requirement("LK-05")
def test_pages_are_unlocked_as_they_were_and_a_signature_stands() -> None:
    subject = signing_desk.screened()
    page = signing_desk.eligibility(subject)
    signing_desk.sign(page, signing_desk.principal_investigator())
    locked(subject)
    unlocking = unlocked(subject, page)
    assert desk.now(page).state == PageState.SIGNED
    assert Signature.objects.in_force().filter(page=page).exists()
    assert desk.page_of(subject, "DM").state == PageState.LOCKED, "the scope is what was named"
    with pytest.raises(PageClosed):
        desk.save(desk.page_of(subject, "DM"), {"hctci": "1"}, why=desk.BECAUSE)
    lock_again(unlocking, by=manager(), source=Source.WEB)
    assert states(subject) == {PageState.LOCKED}
    with pytest.raises(Decided):
        lock_again(unlocking, by=manager(), source=Source.WEB)


def test_what_changed_meanwhile_is_the_state_of_the_next_unlocking() -> None:
    subject = desk.infused()
    page = desk.page_of(subject, "DM")
    locked(subject)
    unlocking = unlocked(subject, page)
    desk.save(desk.now(page), {}, complete=True)
    became = desk.now(page).state
    lock_again(unlocking, by=manager(), source=Source.WEB)
    unlocked(subject, page)
    assert desk.now(page).state == became


def test_a_whole_casebook_is_unlocked_and_something_is_added() -> None:
    subject, coordinator = desk.infused(), desk.a_member()
    locked(subject)
    unlocking = unlocked(subject)
    assert PageState.LOCKED not in states(subject)
    opened = open_event(subject, "UNS", date(2024, 2, 1), by=coordinator, form="VS")
    lock_again(unlocking, by=manager(), source=Source.WEB)
    assert desk.now(opened).state == PageState.LOCKED, "what was added meanwhile is locked with the rest"


@pytest.mark.parametrize("hours", [0, 73])
def test_nothing_is_unlocked_for_longer_than_three_days(hours: int) -> None:
    subject = desk.consented()
    locked(subject)
    with pytest.raises(NotAsked, match="72"):
        unlocked(subject, hours=hours)


def test_what_cannot_be_unlocked_is_said() -> None:
    subject, other = desk.consented(), desk.consented("HZ01-002")
    because = Wish("the laboratory corrected it")
    with pytest.raises(NotAsked, match="not locked"):
        ask_for_unlock(subject, [], 24, because, by=manager())
    locked(subject)
    with pytest.raises(UnknownPage):
        ask_for_unlock(subject, [desk.page_of(other, "DM").pk], 24, because, by=manager())
    request = ask_for_unlock(subject, [], 24, because, by=manager())
    with pytest.raises(NotAsked, match="already"):
        ask_for_unlock(subject, [], 24, because, by=manager())
    with pytest.raises(NotAsked, match="cannot approve"):
        unlock_casebook(request, by=manager())
    unlock_casebook(request, by=approver())
    with pytest.raises(NotAsked, match="unlocked already"):
        ask_for_unlock(subject, [], 24, because, by=manager())


# --- the gate ----------------------------------------------------------------------------------------------
def test_the_gate_is_kept_with_the_request_and_the_decision() -> None:
    request = asked(desk.infused())
    assert request.gate[Check.PAGES] > 0
    assert set(request.gate) == {check.value for check in Check}
    assert lock_casebooks(request, by=approver()).gate == request.gate


def test_what_is_done_is_locked_without_a_word_more() -> None:
    """Asking for the lock is no act that somebody has to review before it."""
    subject = locking_desk.spotless()
    lock_casebooks(asked(subject, Wish("all is done"), locking_desk.BEFORE_ALL), by=approver())
    assert states(subject) == {PageState.LOCKED}


@pytest.mark.parametrize("override", ["", "what is left is known"])
def test_what_stands_in_the_way_later_holds_up_the_approval(override: str) -> None:
    """Neither of the two has seen it, so no reason is about it."""
    subject = locking_desk.spotless()
    request = asked(subject, Wish("all is done", override), locking_desk.BEFORE_ALL)
    desk.save(desk.page_of(subject, "DM"), {"hctci": "3"}, why=desk.BECAUSE, by=desk.a_member())
    with pytest.raises(NotAsked, match="More stands in the way"):
        lock_casebooks(request, by=approver())


def test_a_lock_waits_for_what_is_unlocked() -> None:
    first, second = desk.consented(), desk.consented("HZ01-002")
    locked(first)
    unlocking = unlocked(first)
    with pytest.raises(NotAsked, match="unlocked for a while"):
        asked(None, site=first.site)
    lock_again(unlocking, by=manager(), source=Source.WEB)
    request = asked(None, site=first.site)
    unlocked(first)
    with pytest.raises(NotAsked, match="unlocked for a while"):
        lock_casebooks(request, by=approver())
    assert states(second) != {PageState.LOCKED}


# --- the scope and the end of an unlocking -----------------------------------------------------------------
def test_where_pages_are_unlocked_nothing_is_added() -> None:
    subject, coordinator = desk.infused(), desk.a_member()
    locked(subject)
    unlocked(subject, desk.page_of(subject, "DX"))
    with pytest.raises(Refused, match="locked"):
        open_event(subject, "UNS", date(2024, 2, 1), by=coordinator, form="VS")
    with pytest.raises(Refused, match="locked"):
        open_log(subject, "CM", by=coordinator)
    before = desk.content()
    check_subject(subject.code, by=desk.SYSTEM)
    assert desk.content() == before


def test_when_the_time_is_over_nothing_is_saved_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = desk.infused()
    page = desk.page_of(subject, "DX")
    locked(subject)
    with monkeypatch.context() as patch:
        patch.setattr("patients.entry.locking.timedelta", lambda hours: timedelta(seconds=-hours))
        unlocked(subject)
    assert desk.now(page).state != PageState.LOCKED
    with pytest.raises(PageClosed):
        desk.save(page, {"cd7_pct": "50.0"}, why=desk.BECAUSE)
    with pytest.raises(Refused, match="locked"):
        open_log(subject, "CM", by=desk.a_member())


def test_an_import_over_a_locked_casebook_leaves_it_as_it_is(tmp_path: Path) -> None:
    """Nor does it ask about it: what the end of study waits for was settled by the lock."""
    folder = casebooks.write(tmp_path / "in", casebooks.sheets(ended=True))
    casebooks.imported(folder)
    subject = Subject.objects.get()
    locked(subject)
    before, last = desk.content(), TrailEvent.objects.latest("pk").pk
    casebooks.imported(folder)
    casebooks.imported(folder, reason="late sources")
    assert set(TrailEvent.objects.filter(pk__gt=last).values_list("action", flat=True)) == {
        "casebook.imported"
    }
    kept = {table: rows for table, rows in before.items() if table.startswith("patients_")}
    assert {table: rows for table, rows in desk.content().items() if table in kept} == kept
