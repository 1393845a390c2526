"""Nothing is deleted: a row that was entered by mistake is void, with a reason, and is restored (DI-09)."""

from typing import Any

import pytest
from django.db import transaction

from patients.casebook.answers import StoredCasebook
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.reasons import Reason
from patients.entry.refusals import Conflict, PageClosed, Refused
from patients.entry.save import Saved
from patients.oversight.queries import Query, QueryState
from tests.patients.entry import desk
from trial.trail.audited import UnauditedWrite
from trial.trail.models import TrailChange, TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-09")]

MISTAKE = Reason("transcription_error", "belongs to another subject")


@pytest.fixture
def log(db: None) -> Page:
    """Two medications, the second of which ends before it starts."""
    page = desk.logged(desk.consented(), "CM")
    rows = {
        "1": {"cm_name": "letermovir", "cm_start": "2023-12-20"},
        "2": {"cm_name": "tocilizumab", "cm_start": "2024-01-08"},
    }
    desk.save(page, rows=rows)
    return desk.now(page)


def turn(page: Page, key: str, void: str = "Y", why: Reason | None = MISTAKE, **options: Any) -> Saved:
    return desk.save(page, rows={key: {"void": void}}, why=why, **options)


def standing(page: Page) -> list[str]:
    return sorted(row.row_key for row in form_model(page.form_code).of_page(page))


def test_a_void_row_is_kept_and_seen_by_nothing(log: Page) -> None:
    assert turn(log, "2").changed == 1
    assert standing(log) == ["1"]
    kept = form_model("CM").every.get(page=log, row_key="2")
    assert kept.cm_name == "tocilizumab"
    assert kept.is_void
    assert [record.row_key for record in StoredCasebook(log.subject).records("CM")] == ["1"]


def test_the_trail_says_who_and_why(log: Page) -> None:
    turn(log, "2")
    change = TrailChange.objects.get(item="void")
    assert (change.row_key, change.old, change.new) == ("2", "N", "Y")
    assert (change.reason_code, change.reason) == ("transcription_error", "belongs to another subject")


def test_it_is_restored_as_it_was(log: Page) -> None:
    before = desk.content([form_model("CM")])
    turn(log, "2")
    turn(log, "2", "N", Reason("clinical_review"))
    assert standing(log) == ["1", "2"]
    after = form_model("CM").objects.get(page=log, row_key="2")
    assert after.cm_name == "tocilizumab"
    assert after.void_at_version is None
    assert len(desk.content([form_model("CM")])) == len(before)
    assert [change.new for change in TrailChange.objects.filter(item="void").order_by("id")] == ["Y", "N"]


@pytest.mark.parametrize("why", [None, Reason("other"), Reason("", "abc")])
def test_without_a_reason_nothing_is_made_void(log: Page, why: Reason | None) -> None:
    events = TrailEvent.objects.count()
    with pytest.raises(Refused):
        turn(log, "2", why=why)
    assert standing(log) == ["1", "2"]
    assert TrailEvent.objects.count() == events


def test_whoever_did_not_see_the_last_change_of_the_row_is_told(log: Page) -> None:
    read = log.version
    desk.save(log, rows={"2": {"cm_name": "siltuximab"}}, why=desk.BECAUSE)
    with pytest.raises(Conflict):
        turn(log, "2", base=read)
    desk.save(log, rows={"1": {"cm_name": "maribavir"}}, why=desk.BECAUSE)
    assert turn(log, "2", base=desk.now(log).version - 1).changed == 1, "another row changed meanwhile"


def test_a_void_row_cannot_be_changed_nor_its_key_used_again(log: Page) -> None:
    turn(log, "2")
    with pytest.raises(Refused) as refused:
        desk.save(log, rows={"2": {"cm_name": "siltuximab"}}, why=desk.BECAUSE)
    assert "Row 2 is void" in str(refused.value.findings[0].message)


@pytest.mark.parametrize("key", ["3", "", "x" * 70])
def test_what_is_not_there_cannot_be_made_void(log: Page, key: str) -> None:
    with pytest.raises(Refused):
        turn(log, key)


def test_a_single_form_is_not_made_void(db: None) -> None:
    page = desk.page_of(desk.consented(), "ELIG")
    with pytest.raises(Refused):
        desk.save(page, {"void": "Y"}, why=MISTAKE)


@pytest.mark.parametrize("state", ["frozen", "locked"])
def test_a_closed_page_keeps_its_rows(log: Page, state: str) -> None:
    desk.put_in_state(log, state)
    with pytest.raises(PageClosed):
        turn(log, "2")


def test_what_was_asked_about_the_row_is_asked_no_more(db: None) -> None:
    page = desk.page_of(desk.infused(), "LAB", "C1")
    results = {
        key: {"lab_test": test, "lab_value": value, "lab_unit": "mmol/L", "lab_dt": "2024-01-06 08:00"}
        for key, test, value in (("1", "K", "6.1"), ("2", "SODIUM", "140"))
    }
    desk.save(page, rows=results, on="2024-01-06")
    asked = Query.objects.filter(page=page, row_key="1", check_id="X-LAB-02", state=QueryState.OPEN)
    assert asked.count() == 1
    turn(page, "1")
    assert asked.count() == 0
    turn(page, "1", "N", Reason("clinical_review"))
    assert asked.count() == 1


def test_a_row_is_never_deleted(log: Page) -> None:
    row = form_model("CM").objects.get(page=log, row_key="1")
    with transaction.atomic():
        rows = form_model("CM")
        for delete in (row.delete, rows.objects.all().delete, rows.every.all().delete):
            with pytest.raises(UnauditedWrite):
                delete()
