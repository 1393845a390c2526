"""A change, its version and its event commit together, or nothing of them does."""

from collections.abc import Callable

import pytest
from django.db import transaction

from patients.casebook.page import Subject
from patients.entry.register import register_identity, register_subject
from tests.patients.entry import desk
from tests.trial.trail.faults import StatementFailed, counted, failing_at
from trial.trail.actor import Source, acting, system_actor
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db(transaction=True)


def first_save() -> Callable[[], object]:
    page = desk.page_of(desk.consented(), "DM")
    return lambda: desk.save(page, desk.DM, on=desk.CONSENT)


def change_of_saved_values() -> Callable[[], object]:
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, desk.DM, on=desk.CONSENT)
    changed = {"birth_date": "1992-04", "hctci": "5", "race": "WHITE"}
    return lambda: desk.save(page, changed, why=desk.BECAUSE)


def save_that_places_visits_and_derives_elsewhere() -> Callable[[], object]:
    page = desk.page_of(desk.infused(), "INF", "C0")
    return lambda: desk.save(page, {"inf_start_dt": "2024-01-06 10:00"}, why=desk.BECAUSE)


def registration() -> Callable[[], object]:
    site = desk.a_site()
    return lambda: register_subject("HZ01-001", site, by=desk.SYSTEM, source=Source.COMMAND)


def identity() -> Callable[[], object]:
    subject = desk.a_subject()
    return lambda: register_identity(
        subject, full_name="Wang Fang", hospital_number="A123", by=desk.SYSTEM, source=Source.COMMAND
    )


ACTS = (
    first_save,
    change_of_saved_values,
    save_that_places_visits_and_derives_elsewhere,
    registration,
    identity,
)


@pytest.mark.requirement("AT-01")
@pytest.mark.parametrize("prepare", ACTS)
def test_an_act_that_fails_at_any_statement_writes_nothing(
    prepare: Callable[[], Callable[[], object]],
) -> None:
    act = prepare()
    before = desk.content()
    number = 0
    while True:
        number += 1
        try:
            with failing_at(number):
                act()
        except StatementFailed:
            assert desk.content() == before, f"statement {number} of {prepare.__name__}"
        else:
            break
    assert number > 5
    assert desk.content() != before
    assert desk.rows_that_differ_from_their_newest_version() == []


@pytest.mark.requirement("AT-01")
def test_the_event_is_written_after_everything_else_that_it_is_about() -> None:
    act = change_of_saved_values()
    with counted() as sent:
        act()
    writes = [sql for sql in sent if sql.lstrip().upper().startswith(("INSERT", "UPDATE"))]
    tables = [sql.split('"')[1] for sql in writes]
    assert tables[-2:] == ["trial_trailchange", "trial_trailevent"]
    assert {"patients_demographics", "patients_historicaldemographics", "patients_page"} < set(tables[:-2])


@pytest.mark.requirement("AT-01")
def test_a_caller_that_fails_afterwards_takes_row_and_history_back() -> None:
    site = desk.a_site()
    before = desk.content()

    def save_and_fail() -> None:
        with acting(system_actor("test", Source.COMMAND)), transaction.atomic():
            Subject(code="HZ01-001", site=site).save()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        save_and_fail()
    assert desk.content() == before
    assert not TrailEvent.objects.filter(subject="HZ01-001").exists()
