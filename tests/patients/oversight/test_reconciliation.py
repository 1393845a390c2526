"""Events, reports and deaths are held side by side: each way not to agree is found, and no other."""

from collections.abc import Mapping
from typing import Any

import pytest

from patients.casebook.page import Page, Subject
from patients.entry.reasons import Reason
from patients.oversight.reconciliation import Kind, Mismatch, counted, reconcile
from tests.patients.entry import desk
from tests.trial.trail.faults import counted as statements

pytestmark = [pytest.mark.one_engine, pytest.mark.django_db]

EVENT = {"ae_term": "sepsis", "ae_start": "2024-02-10", "ae_grade": "4", "ae_serious": "Y"}
REPORT = {"sae_ae": "1", "sae_report_type": "initial", "sae_aware_dt": "2024-02-11 09:00"}
FATAL = EVENT | {"ae_grade": "5", "ae_outcome": "FATAL", "ae_end": desk.DIED}


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def log(subject: Subject, form: str, rows: Mapping[str, Mapping[str, str]]) -> Page:
    page = desk.logged(subject, form)
    desk.save(page, rows=rows)
    return page


def found(subject: Subject) -> list[Mismatch]:
    return reconcile(Page.objects.filter(subject=subject))


def kinds(subject: Subject) -> dict[Kind, int]:
    return counted(found(subject))


def test_nothing_recorded_agrees(subject: Subject) -> None:
    assert found(subject) == []


def test_a_serious_event_with_its_report_agrees(subject: Subject) -> None:
    log(subject, "AE", {"1": EVENT, "2": EVENT | {"ae_serious": "N", "ae_grade": "1"}})
    log(subject, "SAE", {"1": REPORT, "2": REPORT | {"sae_report_type": "follow_up_1"}})
    assert found(subject) == []


@pytest.mark.parametrize(
    ("events", "reports", "wanted"),
    [
        ({"1": EVENT}, {}, {Kind.UNREPORTED: 1}),
        ({"1": EVENT, "2": EVENT}, {"1": REPORT}, {Kind.UNREPORTED: 1}),
        ({"1": EVENT | {"ae_serious": "N"}}, {"1": REPORT}, {Kind.NOT_SERIOUS: 1}),
        ({"1": EVENT | {"ae_start": "2024-02-12"}}, {"1": REPORT}, {Kind.AWARE_BEFORE: 1}),
        ({"1": EVENT | {"ae_start": "2024-02"}}, {"1": REPORT}, {}),
        (
            {"1": EVENT | {"ae_ser_crit": "hospitalisation_prolongation"}},
            {"1": REPORT},
            {Kind.NO_ADMISSION: 1},
        ),
        (
            {"1": EVENT | {"ae_ser_crit": "hospitalisation_prolongation"}},
            {"1": REPORT, "2": REPORT | {"sae_hosp_from": "2024-02-11"}},
            {},
        ),
    ],
)
def test_events_and_their_reports(
    subject: Subject, events: dict[str, Any], reports: dict[str, Any], wanted: dict[Kind, int]
) -> None:
    log(subject, "AE", events)
    if reports:
        log(subject, "SAE", reports)
    assert kinds(subject) == wanted


@pytest.mark.parametrize(
    ("event", "contact", "wanted"),
    [
        ({"ae_special": "second_malignancy", "ae_serious": "N"}, None, {Kind.MALIGNANCY_NOT_SERIOUS: 1}),
        (
            {"ae_ctcae_term": "treatment_related_secondary_malignancy", "ae_serious": "N"},
            None,
            {Kind.MALIGNANCY_NOT_SERIOUS: 1},
        ),
        ({"ae_special": "second_malignancy"}, None, {Kind.UNREPORTED: 1}),
        (None, "yes_other", {Kind.MALIGNANCY_WITHOUT_EVENT: 1}),
        (None, "no", {}),
        ({"ae_special": "second_malignancy"}, "yes_other", {Kind.UNREPORTED: 1}),
    ],
)
def test_a_second_malignancy_is_a_serious_event(
    subject: Subject, event: dict[str, str] | None, contact: str | None, wanted: dict[Kind, int]
) -> None:
    if event:
        log(subject, "AE", {"1": EVENT | event})
    if contact:
        page = desk.opened(subject, "FU", "UNS1", "2024-02-23")
        desk.save(page, desk.FU | {"fu_second_ca": contact}, on="2024-02-23")
    assert kinds(subject) == wanted


def test_a_report_of_an_event_that_was_made_void_has_none(subject: Subject) -> None:
    events = log(subject, "AE", {"1": EVENT})
    log(subject, "SAE", {"1": REPORT})
    mistake = Reason("transcription_error", "belongs to another subject")
    desk.save(events, rows={"1": {"void": "Y"}}, why=mistake)
    (only,) = found(subject)
    assert (only.kind, only.named) == (Kind.NO_EVENT, {"key": "1"})


# --- deaths ------------------------------------------------------------------------------------------------
def test_a_fatal_event_without_a_death(subject: Subject) -> None:
    log(subject, "AE", {"1": FATAL})
    log(subject, "SAE", {"1": REPORT})
    assert kinds(subject) == {Kind.NO_DEATH: 1}


@pytest.mark.parametrize(
    ("event", "death", "wanted"),
    [
        (FATAL, {}, {}),
        (FATAL | {"ae_end": desk.DIED[:7]}, {}, {}),
        (FATAL | {"ae_end": "2024-02-20"}, {}, {Kind.OTHER_DAY: 1}),
        (EVENT, {"dth_primary": "infection"}, {Kind.NO_FATAL_EVENT: 1}),
        (EVENT, {"dth_primary": "relapse_progression"}, {}),
        (
            FATAL | {"ae_rel_cart": "possible"},
            {"dth_rel_cart": "not_related"},
            {Kind.RELATED_OTHERWISE: 1},
        ),
    ],
)
def test_deaths_and_fatal_events(
    event: dict[str, str], death: dict[str, str], wanted: dict[Kind, int]
) -> None:
    subject = desk.died()
    if death:
        page = desk.page_of(subject, "DTH", "ENDv")
        desk.save(page, death, why=desk.BECAUSE)
    log(subject, "AE", {"1": event})
    log(subject, "SAE", {"1": REPORT})
    assert kinds(subject) == wanted


def test_it_takes_four_statements_however_many_there_are(subject: Subject) -> None:
    log(subject, "AE", {str(number): EVENT for number in range(1, 6)})
    other = desk.infused("HZ01-002")
    log(other, "AE", {"1": EVENT})
    with statements() as sent:
        lines = reconcile(Page.objects.all())
    assert len(sent) == 4
    assert [line.subject for line in lines] == ["HZ01-001"] * 5 + ["HZ01-002"]


@pytest.mark.parametrize(
    ("event", "report", "wanted"),
    [
        ({"ae_serious": "N", "ae_grade": "1"}, None, {Kind.PREGNANCY_NOT_SERIOUS: 1}),
        ({}, None, {Kind.UNREPORTED: 1}),
        ({}, "initial", {}),
        ({}, "final", {Kind.PREGNANCY_WITHOUT_OUTCOME: 1}),
        ({"ae_outcome": "UNKNOWN"}, "final", {Kind.PREGNANCY_WITHOUT_OUTCOME: 1}),
        ({"ae_outcome": "RECOVERED/RESOLVED"}, "final", {}),
        ({"ae_term": "nausea"}, "final", {}),
    ],
)
def test_a_pregnancy_is_serious_and_followed_to_its_outcome(
    subject: Subject, event: dict[str, str], report: str | None, wanted: dict[Kind, int]
) -> None:
    log(subject, "AE", {"1": EVENT | {"ae_term": "Pregnancy of the partner", "ae_grade": "2"} | event})
    if report:
        log(subject, "SAE", {"1": REPORT | {"sae_report_type": report}})
    assert kinds(subject) == wanted
