"""What is due and overdue on any day."""

from datetime import date, timedelta

import pytest

from patients.casebook.page import Page, Subject
from patients.schedule.due import Due, due_pages, urgency
from tests.patients.entry import desk

pytestmark = pytest.mark.django_db

T0 = date.fromisoformat(desk.INFUSED)


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def at_day_60(subject: Subject) -> Page:
    """C60: target day 60, seven days either way."""
    return desk.page_of(subject, "RESP", "C60")


@pytest.mark.parametrize(
    ("car_day", "due"),
    [
        (52, Due.LATER),
        (53, Due.OPEN),
        (59, Due.OPEN),
        (60, Due.REMINDER),
        (67, Due.REMINDER),
        (68, Due.OVERDUE),
        (74, Due.OVERDUE),
        (75, Due.ESCALATED),
    ],
)
def test_a_page_grows_urgent(subject: Subject, car_day: int, due: Due) -> None:
    assert urgency(at_day_60(subject), T0 + timedelta(car_day)) is due


def test_the_list_of_a_day_holds_what_is_due_and_not_done(subject: Subject) -> None:
    on = T0 + timedelta(70)
    listed = due_pages(Page.objects.filter(subject=subject), on)
    found = {(each.page.visit_code, each.page.form_code): each for each in listed}
    assert (found["C60", "RESP"].due, found["C60", "RESP"].days_late) == (Due.OVERDUE, 3)
    assert not [each for each in listed if each.page.visit is None]
    page = at_day_60(subject)
    desk.save(
        page, {}, header={"not_done": "Y", "not_done_reason": "refused"}, on="2024-03-05", complete=True
    )
    listed = due_pages(Page.objects.filter(subject=subject), on)
    assert ("C60", "RESP") not in {(each.page.visit_code, each.page.form_code) for each in listed}


def test_nothing_is_due_before_its_window(subject: Subject) -> None:
    listed = due_pages(Page.objects.filter(subject=subject), T0 + timedelta(5))
    assert all(each.page.visit and each.page.visit.opens <= T0 + timedelta(5) for each in listed)
