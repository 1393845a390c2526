"""Deviations that the system puts on record: X-INF-05, X-PD-01 and their kind."""

import pytest
from django.db import transaction
from django.utils import translation

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.entry.deviations import KEY_LENGTH, WITHDRAWN, key_of
from patients.entry.reasons import Reason
from patients.items.problems import Severity
from patients.oversight.checks_ask import AUTHOR
from patients.oversight.queries import Query
from tests.patients.entry import desk
from trial.people.access import actor_at
from trial.trail.actor import Source, acting

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

DOSE = "X-INF-05:INF@C0"


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def deviations(subject: Subject) -> dict[str, dict[str, object]]:
    return {row.row_key: row.values() for row in form_model("PDEV").of_subject(subject)}


def give(subject: Subject, total: str) -> Page:
    page = desk.page_of(subject, "INF", "C0")
    return desk.save(page, {"inf_dose_total": total}, why=desk.BECAUSE).page


def test_a_dose_outside_its_window_is_put_on_record_with_its_day_and_words(subject: Subject) -> None:
    give(subject, "220")
    row = deviations(subject)[DOSE]
    assert (str(row["pd_dt"]), row["pd_cat"], row["pd_class"]) == (desk.INFUSED, "dose", "important")
    assert row["pd_auto"] is True
    assert "X-INF-05" in str(row["pd_text"])
    assert "2.973" in str(row["pd_text"])


def test_it_stands_in_the_event_of_the_save_under_the_name_of_the_engine(subject: Subject) -> None:
    give(subject, "220")
    event = desk.last_event()
    added = [change for change in event.changes.all() if change.item.startswith("PDEV@.")]
    assert {change.author for change in added} == {AUTHOR}
    assert {change.row_key for change in added} == {DOSE}
    assert (event.form, event.action) == ("INF", "page.saved")


def test_it_is_put_on_record_once(subject: Subject) -> None:
    give(subject, "220")
    give(subject, "225")
    assert list(deviations(subject)) == [DOSE]
    assert desk.rows_that_differ_from_their_newest_version() == []


def test_a_cause_that_is_corrected_leaves_a_minor_row_that_says_so(subject: Subject) -> None:
    give(subject, "220")
    give(subject, "148")
    row = deviations(subject)[DOSE]
    assert str(row["pd_text"]).startswith(WITHDRAWN)
    assert row["pd_class"] == "minor"


def test_a_cause_that_comes_back_takes_the_mark_away(subject: Subject) -> None:
    give(subject, "220")
    give(subject, "148")
    give(subject, "230")
    row = deviations(subject)[DOSE]
    assert str(row["pd_text"]).startswith("X-INF-05: ")
    assert "3.108" in str(row["pd_text"])
    assert row["pd_class"] == "important"
    assert desk.rows_that_differ_from_their_newest_version() == []


def test_a_page_of_deviations_that_was_complete_stays_so(subject: Subject) -> None:
    give(subject, "220")
    page = desk.logged(subject, "PDEV")
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        page.state = page.stored_state = PageState.COMPLETE
        page.save()
    give(subject, "148")
    assert desk.now(page).state == PageState.COMPLETE


def test_it_reads_the_same_in_whatever_language_it_was_raised(subject: Subject) -> None:
    page = desk.page_of(subject, "RESP", "C28")
    with translation.override("zh-hans"):
        desk.save(page, desk.RESP | {"resp_dt": "2024-02-10"}, on="2024-02-10")
    text = str(deviations(subject)["X-PD-01:RESP@C28"]["pd_text"])
    assert text.startswith("X-PD-01: RESP of C28 is dated 2024-02-10, outside the window")


def test_a_day_that_moves_the_window_with_it_is_in_the_window(subject: Subject) -> None:
    """The window of the infusion is the day of the infusion."""
    page = desk.page_of(subject, "INF", "C0")
    moved = {"inf_start_dt": "2024-01-06 13:40", "inf_end_dt": "2024-01-06 13:57"}
    desk.save(page, moved, on="2024-01-06", why=Reason("late_source", "the day of the infusion"))
    assert deviations(subject) == {}


def test_the_item_says_that_it_is_a_deviation_and_no_query_is_opened(subject: Subject) -> None:
    page = desk.page_of(subject, "INF", "C0")
    saved = desk.save(page, {"inf_dose_total": "220"}, why=desk.BECAUSE)
    assert ("inf_dose_kg", Severity.NOTE) in {
        (f.item, f.severity) for f in saved.findings if f.check == "X-INF-05"
    }
    assert not Query.objects.filter(check_id="X-INF-05").exists()


def test_a_visit_outside_its_window_stays_and_is_a_minor_deviation(subject: Subject) -> None:
    """X-PD-01."""
    page = desk.page_of(subject, "RESP", "C28")
    saved = desk.save(page, desk.RESP | {"resp_dt": "2024-02-10"}, on="2024-02-10", complete=True)
    assert [found.severity for found in saved.findings if found.check == "X-PD-01"] == [Severity.NOTE]
    row = deviations(subject)["X-PD-01:RESP@C28"]
    assert (str(row["pd_dt"]), row["pd_cat"], row["pd_class"]) == ("2024-02-10", "visit_window", "minor")
    assert desk.now(page).visit is not None


def test_a_visit_in_its_window_is_none(subject: Subject) -> None:
    page = desk.page_of(subject, "RESP", "C28")
    desk.save(page, desk.RESP | {"resp_dt": "2024-02-02"}, on="2024-02-02")
    assert deviations(subject) == {}


@pytest.mark.parametrize("row_key", ["", "1", "k" * 60])
def test_a_key_fits_its_column_and_tells_rows_apart(row_key: str) -> None:
    key = key_of("X-MFG-03", "MFG", "APH", row_key)
    assert len(key) <= KEY_LENGTH
    assert key.startswith("X-MFG-03:MFG@APH")
    assert key != key_of("X-MFG-03", "MFG", "APH", row_key + "x")
