"""What must be closed before the end of study can be complete (X-EOS-01)."""

from datetime import date

import pytest

from patients.casebook.page import Page, PageState, Subject
from patients.entry.asking import raise_query
from patients.entry.query_act import Question, Target
from patients.entry.query_moves import close_query
from patients.entry.save import Saved
from patients.oversight.closing import closing_findings, open_items
from patients.oversight.queries import Query
from tests.patients.entry import desk
from trial.people.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

ENDED = "2023-12-20"
REFUSED = {"not_done": "Y", "not_done_reason": "refused"}
LEFT = {"eos_dt": ENDED, "eos_reason": "physician_decision", "eos_ltfu": "N"}


@pytest.fixture
def end() -> Page:
    """The end of study of a subject who consented, and of whom nothing else is recorded."""
    return desk.opened(desk.consented(), "EOS", "ENDv", ENDED)


def finish(subject: Subject) -> None:
    """Every page that somebody waits for is complete, the way of least effort."""
    for page in Page.objects.filter(subject=subject).exclude(visit=None).exclude(form_code="EOS"):
        page.refresh_from_db()
        if page.state != PageState.COMPLETE:
            why = {"why": desk.BECAUSE} if page.version else {}
            desk.save(page, {}, header=REFUSED, on=str(page.form_date or desk.CONSENT), complete=True, **why)


def finished(page: Page) -> Saved:
    """The end of study, for which its entrant asks that it be complete."""
    page.refresh_from_db()
    return desk.save(page, {} if page.version else LEFT, on=ENDED, complete=True)


def asked() -> list[Query]:
    return list(Query.objects.filter(check_id="X-EOS-01"))


def test_open_pages_are_counted_said_and_keep_the_end_of_study_open(end: Page) -> None:
    saved = finished(end)
    found = [finding for finding in saved.findings if finding.check == "X-EOS-01"]
    assert len(found) == 1
    assert str(open_items(end.subject, date.fromisoformat(ENDED))) in str(found[0].message)
    assert saved.page.state == PageState.IN_PROGRESS
    assert asked() == []  # what keeps a page open needs no question


def test_with_everything_done_it_is_complete_and_does_not_wait_for_itself(end: Page) -> None:
    finished(end)
    finish(end.subject)
    assert open_items(end.subject, date.fromisoformat(ENDED)) == 0
    assert finished(end).is_complete


def test_what_opens_afterwards_is_asked_at_the_end_of_study_until_it_is_closed(end: Page) -> None:
    finished(end)
    finish(end.subject)
    finished(end)
    again = desk.page_of(end.subject, "DM")
    desk.save(again, {}, header={"not_done": "", "not_done_reason": ""}, why=desk.BECAUSE)
    assert [query.is_open for query in asked()] == [True]
    end.refresh_from_db()
    assert end.state == PageState.COMPLETE  # what was said stays said
    finish(end.subject)
    assert [query.is_open for query in asked()] == [False]


def test_an_open_query_counts_beside_the_page_that_it_is_about(end: Page) -> None:
    finish(end.subject)
    page = desk.page_of(end.subject, "DM")
    done = {"not_done": "", "not_done_reason": ""}
    desk.save(page, {"hbsag": "positive"}, header=done, why=desk.BECAUSE)
    assert Query.objects.filter(page=page, state="open").count() == 1
    assert open_items(end.subject, date.fromisoformat(ENDED)) == 2


@pytest.mark.parametrize(("day", "counts"), [("2023-12-08", False), (ENDED, True)])
def test_what_is_not_due_on_the_day_of_the_end_does_not_count(end: Page, day: str, counts: bool) -> None:
    assert bool(open_items(end.subject, date.fromisoformat(day))) is counts


def test_a_log_that_is_begun_counts_and_one_that_is_empty_does_not(end: Page) -> None:
    finish(end.subject)
    on = date.fromisoformat(ENDED)
    before = open_items(end.subject, on)
    page = desk.logged(end.subject, "CM")
    assert open_items(end.subject, on) == before
    desk.save(page, rows={"1": {"cm_name": "aciclovir"}})
    assert open_items(end.subject, on) == before + 1


def test_an_end_of_study_that_was_not_done_waits_for_nothing(end: Page) -> None:
    end.not_done = True
    assert closing_findings(end, date.fromisoformat(ENDED)) == []


def test_what_a_monitor_asks_afterwards_is_asked_there_too_until_it_is_closed(end: Page) -> None:
    finished(end)
    finish(end.subject)
    assert finished(end).is_complete
    monitor = desk.a_member(Role.MONITOR, user_name="tan.rui")
    query = raise_query(Target(subject=end.subject), Question("Is she still seen?"), by=monitor)
    assert [each.is_open for each in asked()] == [True]
    assert "query.eos_dt" in desk.changes_of(desk.last_event())
    close_query(query, "seen in the source", by=monitor)
    assert [each.is_open for each in asked()] == [False]
