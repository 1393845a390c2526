"""The database cannot serve: nothing is saved, that is said, and it goes on when it can (F07)."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import Client

from patients.casebook.page import Page
from patients.entry.idempotency import MORE_TRIES, Answer, once
from tests.patients.web.api.programs import problem, send
from tests.patients.web.browser_form import form_of
from tests.trial.trail.faults import StatementFailed, failing_at
from trial.people.models import Account
from trial.trail.models import TrailEvent
from trial.unavailable import is_unavailable

MOST_PAGES = 1073741823  # SQLite's default
pytestmark = [pytest.mark.django_db, pytest.mark.requirement("AT-01")]


@pytest.fixture
def desk(desk: Client) -> Client:
    desk.raise_request_exception = False
    return desk


def saves() -> int:
    return TrailEvent.objects.filter(action="page.saved", form="RESP").count()


def test_a_save_that_the_database_cannot_keep_is_said_not_to_be_saved(
    desk: Client, response_page: Page
) -> None:
    url = response_page.get_absolute_url()
    sent = form_of(desk.get(url), mol_marker="NPM1")
    with failing_at(8):
        answer = desk.post(url, sent)
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "take this request as not saved" in answer.content.decode()
    assert answer.wsgi_request.request_id in answer.content.decode()
    assert saves() == 0
    assert desk.post(url, sent).status_code == 302
    assert saves() == 1


def test_a_program_is_told_in_its_own_form(desk: Client, response_page: Page) -> None:
    with failing_at(8):
        answer = send(desk, response_page, {"base_version": 0, "rows": {"": {"mol_marker": "NPM1"}}})
    told = problem(answer, 503)
    assert "take this as not done" in told["detail"]
    assert saves() == 0


@pytest.mark.parametrize("number", range(1, 4))
def test_it_is_said_even_where_nobody_can_be_asked_who_that_is(
    desk: Client, response_page: Page, number: int
) -> None:
    """Session, account, roles: the page of the fault asks the database nothing."""
    with failing_at(number):
        answer = desk.get(response_page.get_absolute_url())
    assert answer.status_code == 503


@pytest.fixture
def full_disk(db: None) -> Iterator[None]:
    """SQLite is given no page more than it has."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {MOST_PAGES}")


@pytest.mark.one_engine
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_none_of_our_defects(desk: Client, response_page: Page, full_disk: None) -> None:
    url = response_page.get_absolute_url()
    done = 0
    while (answer := desk.post(url, _another(desk, url, done))).status_code == 302:
        done += 1
        assert done < 500, "the disk is never full"
    assert answer.status_code == 503
    assert desk.get(url).status_code == 200, "it can be read"
    assert saves() == done
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {MOST_PAGES}")
    assert desk.post(url, _another(desk, url, done)).status_code == 302


def _another(desk: Client, url: str, done: int) -> dict[str, list[str]]:
    """The form with another text than before."""
    why = {"mol_marker__reason": "late_source"} if done else {}
    return form_of(desk.get(url), mol_marker=f"M{done}", **why)


def test_what_is_a_defect_of_ours_stays_one(db: None) -> None:
    with pytest.raises(DatabaseError) as no_table, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM there_is_no_such_table")
    assert not is_unavailable(no_table.value)
    assert not is_unavailable(None)
    assert is_unavailable(OSError(28, "No space left on device"))


# --- undone in favour of somebody else -------------------------------------------------------------------
class Undone(Exception):
    sqlstate = "40P01"


def undone() -> OperationalError:
    failure = OperationalError("deadlock detected")
    failure.__cause__ = Undone()
    return failure


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [0, 1, MORE_TRIES, MORE_TRIES + 1])
def test_what_a_deadlock_undid_is_tried_again(coordinator: Account, times: int) -> None:
    """At most three times."""
    tries = 0

    def act() -> Answer:
        nonlocal tries
        tries += 1
        if tries <= times:
            raise undone()
        return Answer(said="done")

    def ask() -> Answer:
        return once(act, by=coordinator, key="a-1", digest="d")

    if times > MORE_TRIES:
        with pytest.raises(OperationalError):
            ask()
    else:
        assert ask() == Answer(said="done")
    assert tries == min(times, MORE_TRIES) + 1


@pytest.mark.django_db(transaction=True)
def test_another_failure_of_the_database_is_not_tried_again(coordinator: Account) -> None:
    tries = 0

    def act() -> Answer:
        nonlocal tries
        tries += 1
        raise StatementFailed

    with pytest.raises(StatementFailed):
        once(act, by=coordinator, key="a-1", digest="d")
    assert tries == 1
