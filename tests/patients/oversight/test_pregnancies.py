"""Pregnancies are found by the words of their events and followed until their outcome is known."""

from collections.abc import Mapping
from typing import Any

import pytest

from patients.casebook.page import Page, Subject
from patients.oversight.pregnancies import Awaited, pregnancies
from tests.patients.entry import desk
from tests.trial.trail.faults import counted

pytestmark = pytest.mark.django_db
EVENT = {"ae_term": "Pregnancy", "ae_start": "2024-02-10", "ae_grade": "2", "ae_serious": "Y"}
REPORT = {"sae_ae": "1", "sae_report_type": "initial", "sae_aware_dt": "2024-02-11 09:00"}
FINAL = REPORT | {"sae_report_type": "final", "sae_aware_dt": "2024-09-01 09:00"}
BORN = {"ae_outcome": "RECOVERED/RESOLVED"}


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def log(subject: Subject, form: str, rows: Mapping[str, Mapping[str, str]]) -> None:
    desk.save(desk.logged(subject, form), rows=rows)


@pytest.mark.parametrize(
    ("event", "reports", "awaited"),
    [
        ({"ae_serious": "N"}, [], Awaited.SERIOUS),
        ({}, [], Awaited.REPORT),
        ({}, [REPORT], Awaited.OUTCOME),
        ({"ae_outcome": "UNKNOWN"}, [REPORT, FINAL], Awaited.OUTCOME),
        (BORN, [REPORT], Awaited.FINAL),
        (BORN, [REPORT, FINAL], Awaited.NOTHING),
        (BORN, [REPORT | {"sae_ae": "2"}], Awaited.REPORT),
    ],
)
def test_what_is_waited_for_follows_from_event_and_reports(
    subject: Subject, event: dict[str, str], reports: list[dict[str, str]], awaited: Awaited
) -> None:
    log(subject, "AE", {"1": EVENT | event, "2": EVENT | {"ae_term": "sepsis"}})
    log(subject, "SAE", {str(number): report for number, report in enumerate(reports, 1)} or {"1": {}})
    [found] = pregnancies(Page.objects.all())
    assert (found.event.row_key, found.awaited) == ("1", awaited)


def test_it_says_when_the_site_last_knew(subject: Subject) -> None:
    log(subject, "AE", {"1": EVENT})
    log(subject, "SAE", {"1": FINAL, "2": REPORT, "3": {"sae_ae": "1"}})
    [found] = pregnancies(Page.objects.all())
    assert found.last_heard is not None
    assert f"{found.last_heard:%Y-%m-%d}" == "2024-09-01"


def test_a_void_event_is_none_and_statements_do_not_grow(subject: Subject) -> None:
    def sent() -> int:
        with counted() as statements:
            pregnancies(Page.objects.all())
        return len(statements)

    assert sent() == 1
    rows: dict[str, Any] = {str(number): EVENT for number in range(1, 6)}
    log(subject, "AE", rows)
    log(subject, "SAE", {"1": REPORT})
    log(desk.consented("HZ01-002"), "AE", rows)
    assert len(pregnancies(Page.objects.all())) == 10
    assert sent() == 2
    page = desk.logged(subject, "AE")
    desk.save(page, rows={"1": {"void": "Y"}}, why=desk.BECAUSE)
    assert len(pregnancies(Page.objects.all())) == 9
