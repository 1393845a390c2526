"""Values are compared with their source, one by one or all that are left; what changes has to be again."""

from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from patients.casebook.page import Page, PageState
from patients.entry.reasons import Reason
from patients.entry.refusals import ContentChanged, PageClosed, UnknownPage
from patients.entry.verifying import (
    NotVerified,
    Verifier,
    entered_on,
    take_back,
    verify_page,
    verify_visit,
)
from patients.oversight.verification import (
    Verification,
    VerificationFall,
    ticks_on,
    verifiable_in_header,
)
from patients.oversight.verification_plan import is_critical
from tests.patients.entry import desk
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
HEADER = {"form_date", "src_doc"}
BLASTS = {"resp_dt": "2024-02-01", "bm_done": "Y", "bm_blast": "3.0", "mrd_value": "0.005"}


@pytest.fixture
def page() -> Page:
    """A response at day 28, of which two values are critical; its header says two more."""
    page = desk.page_of(desk.infused(), "RESP", "C28")
    desk.save(page, BLASTS, on="2024-02-01", header={"src_doc": "emr|lab_system"})
    return desk.now(page)


@pytest.fixture
def monitor() -> Account:
    return desk.a_member(Role.MONITOR, user_name="ke.fan")


def verify(page: Page, by: Account, *items: str) -> int:
    page = desk.now(page)
    keys = [("", item) for item in items] or None
    return verify_page(page, keys, seen=page.version, by=Verifier(by))


def counts(page: Page) -> tuple[int, int, int, int]:
    page = desk.now(page)
    return page.critical_verified, page.critical_items, page.other_verified, page.other_items


def verified(page: Page) -> set[str]:
    return {item for _key, item in ticks_on(desk.now(page))}


def test_one_value_is_verified_and_the_page_counts_it(page: Page, monitor: Account) -> None:
    assert counts(page) == (0, 2, 0, 4)
    assert verify(page, monitor, "bm_blast") == 1
    assert (verified(page), counts(page)) == ({"bm_blast"}, (1, 2, 0, 4))
    tick = Verification.objects.get()
    assert (tick.verified_by, tick.page_version, tick.event) == ("ke.fan", page.version, desk.last_event())
    assert not desk.now(page).is_verified


def test_it_is_one_act_with_a_change_for_each_value(page: Page, monitor: Account) -> None:
    verify(page, monitor, "bm_blast", "resp_dt")
    event = desk.last_event()
    assert (event.action, event.actor, event.form, event.visit) == ("page.verified", "ke.fan", "RESP", "C28")
    told = [(change.item, change.new) for change in event.changes.order_by("item")]
    assert told == [("verified.bm_blast", "verified by ke.fan"), ("verified.resp_dt", "verified by ke.fan")]


def test_the_rest_of_the_page_is_verified_in_one_act(page: Page, monitor: Account) -> None:
    verify(page, monitor, "bm_blast")
    assert verify(page, monitor) == 5
    assert (verified(page), counts(page)) == (HEADER | set(BLASTS), (2, 2, 4, 4))
    assert desk.now(page).is_verified


def test_what_is_verified_already_is_left_and_nothing_is_written(page: Page, monitor: Account) -> None:
    verify(page, monitor)
    events = TrailEvent.objects.count()
    assert verify(page, monitor, "bm_blast") == 0
    assert verify(page, monitor) == 0
    assert (Verification.objects.count(), TrailEvent.objects.count()) == (6, events)


def test_a_change_takes_the_tick_of_its_value_and_no_other(page: Page, monitor: Account) -> None:
    verify(page, monitor)
    desk.save(desk.now(page), {"bm_blast": "4.0"}, why=desk.BECAUSE)
    assert verified(page) == HEADER | set(BLASTS) - {"bm_blast"}
    assert counts(page) == (1, 2, 4, 4)
    fall = VerificationFall.objects.get()
    assert (fall.verification.item, fall.event, fall.reason) == ("bm_blast", desk.last_event(), "")
    assert desk.changes_of(desk.last_event())["verified.bm_blast"].new == ""
    assert verify(page, monitor, "bm_blast") == 1, "it can be verified again"


def test_a_reason_for_no_answer_is_compared_with_its_source_as_well(page: Page, monitor: Account) -> None:
    desk.save(desk.now(page), {"pb_blast": "", "pb_blast__missing": "not_done"})
    assert verify(page, monitor, "pb_blast") == 1


def test_a_new_value_waits_for_its_verification(page: Page, monitor: Account) -> None:
    verify(page, monitor)
    desk.save(desk.now(page), {"pb_blast": "1.0"})
    assert not desk.now(page).is_verified
    assert counts(page) == (2, 2, 4, 5)


def test_the_ticks_of_a_row_that_is_void_fall(monitor: Account) -> None:
    log = desk.logged(desk.consented(), "CM")
    rows = {key: {"cm_name": "letermovir", "cm_start": "2023-12-20"} for key in "12"}
    desk.save(log, rows=rows)
    verify(log, monitor)
    mistake = Reason("transcription_error", "belongs to another subject")
    desk.save(desk.now(log), rows={"2": {"void": "Y"}}, why=mistake)
    assert {key for key, _item in ticks_on(desk.now(log))} == {"1"}
    assert counts(log) == (0, 0, 2, 2)
    desk.save(desk.now(log), rows={"2": {"void": "N"}}, why=mistake)
    assert counts(log) == (0, 0, 2, 4)


def test_all_pages_of_a_visit_are_verified_or_none(page: Page, monitor: Account) -> None:
    other = desk.page_of(page.subject, "VS", "C28")
    desk.save(other, {"vs_temp": "36.8"}, on="2024-02-01")
    seen = {page: page.version, desk.now(other): 0}
    with pytest.raises(ContentChanged):
        verify_visit(seen, by=Verifier(monitor))
    assert not Verification.objects.exists()
    seen = {each: each.version for each in (desk.now(page), desk.now(other))}
    assert verify_visit(seen, by=Verifier(monitor)) == 8
    assert TrailEvent.objects.filter(action="page.verified").count() == 2


def test_a_verification_is_taken_back_with_a_reason(page: Page, monitor: Account) -> None:
    verify(page, monitor)
    taken = take_back(
        desk.now(page), [("", "bm_blast")], "wrong report", seen=page.version, by=Verifier(monitor)
    )
    assert (taken, verified(page)) == (1, HEADER | set(BLASTS) - {"bm_blast"})
    event = desk.last_event()
    assert (event.action, event.reason) == ("page.unverified", "wrong report")
    assert VerificationFall.objects.get().reason == "wrong report"


@pytest.mark.parametrize("reason", ["", "no", "x" * 201, "call 13812345678", "a\0bcdef"])
def test_it_is_not_taken_back_for_no_reason(page: Page, monitor: Account, reason: str) -> None:
    verify(page, monitor)
    with pytest.raises(NotVerified):
        take_back(desk.now(page), [("", "bm_blast")], reason, seen=page.version, by=Verifier(monitor))
    assert not VerificationFall.objects.exists()


def test_what_the_system_puts_on_record_is_counted_and_loses_its_tick_when_it_withdraws_it(
    monitor: Account,
) -> None:
    """A visit outside its window is a deviation of the subject, until its date is corrected."""
    visit = desk.page_of(desk.infused(), "VS", "C28")
    desk.save(visit, {"vs_temp": "36.8"}, on="2024-02-20")
    log = Page.objects.select_related("subject__site").get(subject=visit.subject, form_code="PDEV")
    values = counts(log)[3]
    assert values > 0
    assert verify(log, monitor) == values
    desk.save(desk.now(visit), on="2024-02-01", why=desk.BECAUSE)
    assert "pd_text" not in verified(log)
    assert 0 < counts(log)[2] < values


# --- the header --------------------------------------------------------------------------------------------
def test_the_date_of_assessment_is_verified_by_itself(page: Page, monitor: Account) -> None:
    assert verify(page, monitor, "form_date") == 1
    assert (verified(page), counts(page)) == ({"form_date"}, (0, 2, 1, 4))
    told = desk.changes_of(desk.last_event())["verified.form_date"]
    assert (told.label, told.new) == ("Date of assessment (local site date)", "verified by ke.fan")


@pytest.mark.parametrize(("item", "other"), [("form_date", "2024-02-02"), ("src_doc", "emr")])
def test_a_change_of_the_header_takes_its_tick_and_no_other(
    page: Page, monitor: Account, item: str, other: str
) -> None:
    verify(page, monitor)
    desk.save(desk.now(page), header={item: other}, why=desk.BECAUSE)
    assert verified(page) == (HEADER | set(BLASTS)) - {item}
    assert counts(page) == (2, 2, 3, 4)
    assert not desk.now(page).is_verified
    desk.save(desk.now(page), header={"src_doc": ""}, why=desk.BECAUSE)
    assert "src_doc" not in verified(page)
    assert counts(page)[3] == 3, "what says nothing is not counted"


def test_that_a_form_was_not_done_is_verified_with_its_reason(monitor: Account) -> None:
    page = desk.page_of(desk.infused(), "RESP", "C28")
    missed = {"form_date": "2024-02-01", "not_done": "Y", "not_done_reason": "missed_visit"}
    desk.save(page, header=missed)
    assert verify(page, monitor) == 3
    assert verified(page) == missed.keys()
    desk.save(desk.now(page), header={"not_done": "N", "not_done_reason": ""}, why=desk.BECAUSE)
    assert (verified(page), counts(page)) == ({"form_date"}, (0, 0, 1, 1))


def test_that_a_page_came_from_paper_is_no_data(page: Page, monitor: Account) -> None:
    desk.save(desk.now(page), header={"recorded": "transcribed_from_paper"})
    with pytest.raises(NotVerified):
        verify(page, monitor, "recorded")
    assert counts(page) == (0, 2, 0, 4)


def test_where_all_values_are_critical_the_header_is_too(monitor: Account) -> None:
    subject = desk.infused()
    desk.save(desk.page_of(subject, "VS", "C28"), {"vs_temp": "36.8"}, on="2024-02-01")
    log = desk.logged(subject, "SAE")
    desk.save(log, rows={"1": {"sae_aware_dt": "2024-02-10 09:00"}}, on="2024-02-11")
    assert counts(log) == (0, 2, 0, 0)
    verify(log, monitor, "form_date")
    assert counts(log) == (1, 2, 0, 0)


def test_pages_of_before_are_counted_as_a_save_counts_them(page: Page) -> None:
    """What the migration adds is what the header says; on both engines."""
    missed = {"form_date": "2024-02-01", "not_done": "Y", "not_done_reason": "missed_visit"}
    desk.save(desk.page_of(page.subject, "VS", "C28"), header=missed)
    report = {"1": {"sae_aware_dt": "2024-02-10 09:00"}}
    desk.save(desk.logged(page.subject, "SAE"), rows=report, on="2024-02-11")
    desk.save(desk.logged(page.subject, "CM"), rows={"1": {"cm_name": "letermovir"}})
    by_a_save, (apps, count_headers) = critical_and_others(), _the_migration()
    stored = apps.get_model("patients", "Page").objects
    for each in Page.objects.filter(version__gt=0):
        header = verifiable_in_header(each)
        critical = sum(is_critical(each.form_code, each.visit_code, one.item.name) for one in header)
        others = each.other_items - len(header) + critical
        stored.filter(pk=each.pk).update(critical_items=each.critical_items - critical, other_items=others)
    assert critical_and_others() != by_a_save
    count_headers(apps, None)
    assert critical_and_others() == by_a_save


def test_a_page_that_was_locked_before_keeps_its_counts(page: Page) -> None:
    desk.put_in_state(page, PageState.LOCKED)
    before, (apps, count_headers) = critical_and_others()[page.pk], _the_migration()
    count_headers(apps, None)
    assert critical_and_others()[page.pk] == before


def _the_migration() -> tuple[Any, Any]:
    """The models before it, and what it does."""
    loader = MigrationLoader(connection)
    [name] = [name for _app, name in loader.disk_migrations if name.endswith("_header_counted")]
    apps = loader.project_state(("patients", name), at_end=False).apps
    return apps, import_module(f"patients.migrations.{name}").count_headers


def critical_and_others() -> dict[int, tuple[int, int]]:
    return {page.pk: (page.critical_items, page.other_items) for page in Page.objects.filter(version__gt=0)}


# --- what is refused ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("item", ["resp_strict", "mol_marker", "no_such_item"])
def test_what_nobody_entered_cannot_be_verified(page: Page, monitor: Account, item: str) -> None:
    with pytest.raises(NotVerified):
        verify(page, monitor, "bm_blast", item)
    assert not Verification.objects.exists()


def test_who_the_subject_is_cannot_be_verified_by_who_does_not_see_it(monitor: Account) -> None:
    demographics = desk.page_of(desk.consented(), "DM")
    desk.save(demographics, desk.DM, on=desk.CONSENT)
    with pytest.raises(NotVerified):
        verify(demographics, monitor, "birth_date")


def test_a_page_that_changed_since_it_was_seen_is_not_verified(page: Page, monitor: Account) -> None:
    desk.save(page, {"bm_blast": "4.0"}, why=desk.BECAUSE)
    with pytest.raises(ContentChanged):
        verify_page(page, None, seen=page.version, by=Verifier(monitor))


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.DATA_MANAGER, Role.AUDITOR, Role.MEDICAL_MONITOR])
def test_nobody_else_verifies(page: Page, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        verify(page, desk.a_member(role, user_name="some.body"))


def test_a_page_of_another_site_is_unknown(page: Page) -> None:
    with pytest.raises(UnknownPage):
        verify(page, desk.a_member(Role.MONITOR, "HZ02", "mo.nitor"))


@pytest.mark.parametrize(("entered_by", "allowed"), [(["ke.fan"], False), (["lin.qiao"], True), ([], True)])
def test_nobody_verifies_what_he_or_she_entered(
    page: Page, monitor: Account, entered_by: Any, allowed: bool
) -> None:
    """As a coordinator of before, who monitors now."""
    assert page.entered_by == [desk.SYSTEM.user_name]
    set_entered(page, entered_by)
    assert entered_on(desk.now(page), monitor) is not allowed
    if not allowed:
        with pytest.raises(NotVerified):
            verify(page, monitor)


def test_of_a_page_of_before_whoever_could_have_entered_it_may_have(page: Page, monitor: Account) -> None:
    set_entered(page, None)
    assert not entered_on(desk.now(page), monitor)
    assert entered_on(desk.now(page), desk.a_member(Role.COORDINATOR, user_name="lin.qiao"))


def set_entered(page: Page, names: Any) -> None:
    page.entered_by = names
    desk.put_in_state(page, page.state)


def test_a_frozen_page_is_verified_and_a_locked_one_is_not(page: Page, monitor: Account) -> None:
    desk.put_in_state(page, PageState.FROZEN)
    assert verify(page, monitor, "bm_blast") == 1
    desk.put_in_state(desk.now(page), PageState.LOCKED)
    with pytest.raises(PageClosed):
        verify(page, monitor)
