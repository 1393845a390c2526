"""Locked data cannot change by any channel, raw SQL included, on either engine (LK-02)."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from patients.casebook.page import Page, Subject
from patients.entry.locking import lock_again
from patients.models import Demographics, Identity
from tests.patients.entry import desk
from tests.patients.entry.locking_desk import locked, manager, unlocked
from trial.people.access import actor_at
from trial.trail.actor import Source, acting
from trial.trail.installed import triggers_not_installed

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("LK-02")]

RAW = {
    "a value": "UPDATE patients_demographics SET hctci = 1 WHERE page_id = {page}",
    "a row": "DELETE FROM patients_demographics WHERE page_id = {page}",
    "a row moved away": "UPDATE patients_demographics SET page_id = {other} WHERE page_id = {page}",
    "a row moved here": "UPDATE patients_demographics SET page_id = {page} WHERE page_id = {other}",
    "the state of the page": "UPDATE patients_page SET state = 'complete' WHERE id = {page}",
    "the date of the page": "UPDATE patients_page SET form_date = '2024-01-01' WHERE id = {page}",
    "the page": "DELETE FROM patients_page WHERE id = {page}",
    "a visit": "UPDATE patients_visit SET target = '2024-01-01' WHERE subject_id = {subject}",
    "the visits": "DELETE FROM patients_visit WHERE subject_id = {subject}",
    "the subject": "UPDATE patients_subject SET patient_id = 'x' WHERE id = {subject}",
    "who it is": "UPDATE patients_identity SET birth_date = '' WHERE subject_id = {subject}",
}


@pytest.fixture
def subject() -> Subject:
    found, other = desk.infused(), desk.consented("HZ01-002")
    desk.save(desk.page_of(other, "DM"), desk.DM, on=desk.CONSENT)
    locked(found)
    return found


def run(statement: str, subject: Subject) -> None:
    named = {
        "page": desk.page_of(subject, "DM").pk,
        "other": Page.objects.get(subject__code="HZ01-002", form_code="DM").pk,
        "subject": subject.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**named))


@pytest.mark.parametrize("statement", RAW.values(), ids=RAW)
def test_raw_sql_is_refused(subject: Subject, statement: str) -> None:
    before = desk.content()
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        run(statement, subject)
    assert desk.content() == before


def test_a_shell_is_refused(subject: Subject) -> None:
    row: Any = desk.row_of(desk.page_of(subject, "DM"))
    row.hctci = 1
    actor = actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic(), acting(actor):
        row.save()
    page = Page(subject=subject, form_code="CM")
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic(), acting(actor):
        page.save()
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic(), acting(actor):
        Demographics.objects.create_with_history([Demographics(page=row.page, row_key="2")])
    identity = Identity.objects.get(subject=subject)
    identity.hospital_number = "1"
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic(), acting(actor):
        identity.save()


def test_of_an_unlocked_page_what_is_named_is_open_and_the_rest_is_held(subject: Subject) -> None:
    page = desk.page_of(subject, "DX")
    unlocking = unlocked(subject, page)
    desk.save(page, {"cd7_pct": "50.0"}, why=desk.BECAUSE)
    for way in ("a value", "the state of the page"):
        with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
            run(RAW[way], subject)
    lock_again(unlocking, by=manager(), source=Source.WEB)
    with pytest.raises(IntegrityError, match="locked"), transaction.atomic():
        run(RAW["the state of the page"], subject)


def test_another_casebook_is_as_open_as_before(subject: Subject) -> None:
    other = Subject.objects.get(code="HZ01-002")
    desk.save(desk.page_of(other, "DM"), {"hctci": "1"}, why=desk.BECAUSE)
    assert desk.texts(desk.page_of(other, "DM"))["hctci"] == "1"


def test_the_installation_is_asked_for_these_triggers() -> None:
    with connection.cursor() as cursor:
        on = " ON patients_page" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER patients_page_held_update{on}")
    assert [fault.row for fault in triggers_not_installed()] == ["patients_page_held_update"]
