"""What the safety committee has to adjudicate: who is in the window, which events count, what is decided."""

from datetime import date
from typing import Any

import pytest

from patients.casebook.page import Page, Subject
from patients.oversight.adjudication import Said, Waits, to_adjudicate
from tests.patients.entry import desk
from tests.patients.oversight.test_safety_clocks import log
from tests.trial.trail.faults import counted

pytestmark = pytest.mark.django_db
IN_WINDOW, OVER = date(2024, 2, 2), date(2024, 2, 3)  # day 28 of an infusion on 5 January, and the next
SEVERE = {
    "ae_term": "stroke",
    "ae_start": "2024-01-20",
    "ae_grade": "4",
    "ae_special": "none",
    "ae_ctcae_term": "stroke",
}
DECIDED = {"dlt_evaluable": "Y", "dlt_occurred": "N", "dlt_comment": "nothing limits the dose here"}


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def found(on: date = IN_WINDOW) -> list[Any]:
    return to_adjudicate(Page.objects.all(), on)


def test_a_subject_stands_there_from_the_infusion_on() -> None:
    assert found() == []
    desk.consented("HZ01-002")
    assert found() == []
    subject = desk.infused()
    (each,) = found()
    assert (each.subject, each.infused, each.closes) == (subject, date(2024, 1, 5), IN_WINDOW)
    assert each.dose_counts is True
    assert each.page is not None


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({}, Said.OPEN),
        ({"ae_grade": "2"}, None),
        ({"ae_special": "cytopenia"}, None),
        ({"ae_ctcae_term": "platelet_count_decreased"}, None),
        ({"ae_start": "2024-01-04"}, None),
        ({"ae_start": "2024-02-02"}, Said.OPEN),
        ({"ae_start": "2024-02-03"}, None),
        ({"ae_start": "2024-01"}, None),
        ({"ae_dlt": "N"}, None),
        ({"ae_dlt": "Y_candidate"}, Said.CANDIDATE),
        ({"ae_dlt": "Y_candidate", "ae_grade": "2"}, Said.CANDIDATE),
        ({"ae_dlt": "N_rejected"}, Said.REJECTED),
    ],
)
def test_which_events_are_shown(subject: Subject, event: dict[str, str], said: Said | None) -> None:
    log(subject, "AE", {"1": SEVERE | event})
    (each,) = found()
    assert [kind for _event, kind in each.events] == ([said] if said else [])


@pytest.mark.parametrize(
    ("event", "decision", "on", "waits"),
    [
        (None, None, IN_WINDOW, Waits.WINDOW),
        (None, None, OVER, Waits.DECISION),
        ({"ae_dlt": "Y_candidate"}, None, IN_WINDOW, Waits.DECISION),
        (None, DECIDED, OVER, Waits.DECIDED),
        ({"ae_dlt": "Y_candidate"}, DECIDED, OVER, Waits.DECISION),
        ({"ae_dlt": "N_rejected"}, DECIDED, OVER, Waits.DECIDED),
    ],
)
def test_where_it_stands(
    subject: Subject,
    event: dict[str, str] | None,
    decision: dict[str, str] | None,
    on: date,
    waits: Waits,
) -> None:
    if event:
        log(subject, "AE", {"1": SEVERE | event})
    if decision:
        desk.save(desk.page_of(subject, "DLT", "C28"), decision, on="2024-02-10")
    (each,) = found(on)
    assert each.waits(on) is waits


def test_an_event_of_a_subject_who_was_not_infused_is_none() -> None:
    log(desk.consented("HZ01-002"), "AE", {"1": SEVERE})
    assert found() == []


def test_it_takes_four_statements_and_the_settings_however_many_there_are(subject: Subject) -> None:
    def statements() -> int:
        with counted() as sent:
            found()
        return len(sent)

    few = statements()
    log(subject, "AE", {str(number): SEVERE for number in range(1, 5)})
    desk.infused("HZ01-002")
    assert len(found()) == 2
    assert statements() == few
