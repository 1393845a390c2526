"""One encounter, two visits: the worked example of the visit schedule."""

from datetime import date

import pytest

from patients.casebook.page import Page, Subject, Visit
from patients.schedule.due import expected, is_expected
from tests.patients.entry import desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject() -> Subject:
    """T0 5 January, H0 on CAR-T day 16: C28 (30 January to 5 February) and H14 (2 to 6 February) overlap."""
    subject = desk.infused()
    grafted = {"hsct_done": "Y", "hsct_start_dt": "2024-01-21 10:00"}
    desk.save(desk.page_of(subject, "HSCT", "H0"), grafted, on="2024-01-21")
    return subject


def enter(subject: Subject, form: str, visit: str, day: str) -> Page:
    page = desk.page_of(subject, form, visit)
    answers = {"ag_dt": day} if form == "AGVHD" else {}
    return desk.save(page, answers, on=day, why=desk.BECAUSE).page


def covered(subject: Subject) -> dict[str, str]:
    return dict(
        Visit.objects.filter(subject=subject).exclude(covered_by="").values_list("code", "covered_by")
    )


def test_an_encounter_in_both_windows_is_entered_on_the_transplant_clock(subject: Subject) -> None:
    enter(subject, "AGVHD", "H14", "2024-02-03")
    assert covered(subject)["C28"] == "H14"
    assert not is_expected(desk.page_of(subject, "AGVHD", "C28"))
    assert is_expected(desk.page_of(subject, "RESP", "C28"))
    assert desk.changes_of(desk.last_event())["visit.C28"].new == "H14"


def test_an_encounter_in_one_window_covers_nothing(subject: Subject) -> None:
    enter(subject, "AGVHD", "H14", "2024-02-06")
    assert "C28" not in covered(subject)


def test_a_date_that_is_corrected_no_longer_covers(subject: Subject) -> None:
    enter(subject, "AGVHD", "H14", "2024-02-03")
    enter(subject, "AGVHD", "H14", "2024-02-06")
    assert "C28" not in covered(subject)


def test_what_was_entered_at_the_visit_itself_is_not_covered(subject: Subject) -> None:
    enter(subject, "AGVHD", "C28", "2024-02-03")
    enter(subject, "AGVHD", "H14", "2024-02-04")
    assert "C28" not in covered(subject)


def test_the_statement_and_the_function_wait_for_the_same_pages(subject: Subject) -> None:
    enter(subject, "AGVHD", "H14", "2024-02-03")
    pages = Page.objects.filter(subject=subject).select_related("visit")
    assert set(pages.filter(expected())) == {page for page in pages if is_expected(page)}
    died = {"dth_dt": "2024-01-30"}
    desk.save(desk.opened(subject, "DTH", "ENDv", "2024-01-30"), died, on="2024-01-30")
    assert date(2024, 1, 30) == desk.row_of(desk.page_of(subject, "DTH", "ENDv")).values()["dth_dt"]
    assert set(pages.filter(expected())) == {page for page in pages.all() if is_expected(page)}
