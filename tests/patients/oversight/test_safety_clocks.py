"""The clocks of serious events: what runs, until when, in which order, and when each is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from patients.casebook.page import Page, Subject
from patients.oversight.safety_clocks import AlertHours, RunningClock, SeriousNotice, Step, running_clocks
from tests.patients.entry import desk
from tests.trial.trail.faults import counted

pytestmark = pytest.mark.django_db
EVENT = {
    "ae_term": "sepsis",
    "ae_start": "2024-02-10",
    "ae_grade": "4",
    "ae_serious": "Y",
    "ae_ser_crit": "life_threatening",
    "ae_rel_cart": "possible",
}
AWARE = {"sae_ae": "1", "sae_report_type": "initial", "sae_aware_dt": "2024-02-11 09:00"}
SENT = AWARE | {"sae_to_sponsor_dt": "2024-02-11 15:00"}
SUSAR = SENT | {
    "sae_causality_inv": "cart=possible",
    "sae_causality_spo": "cart=possible",
    "sae_expected": "unexpected",
}


@pytest.fixture
def subject() -> Subject:
    return desk.infused()


def log(subject: Subject, form: str, rows: dict[str, dict[str, Any]]) -> Page:
    page = desk.logged(subject, form)
    desk.save(page, rows=rows)
    return desk.now(page)


def steps() -> list[tuple[Step, str, str]]:
    return [
        (clock.step, clock.row_key, f"{timezone.localtime(clock.until):%Y-%m-%d %H:%M}")
        for clock in running_clocks(Page.objects.all())
    ]


@pytest.mark.parametrize(
    ("report", "wanted"),
    [
        (AWARE, [(Step.SPONSOR, "1", "2024-02-12 09:00")]),
        (SENT, [(Step.JUDGEMENT, "1", "2024-02-19 00:00")]),
        (SENT | {"sae_expected": "expected"}, [(Step.JUDGEMENT, "1", "2024-02-19 00:00")]),
        (SENT | {"sae_expected__missing": "unknown", "sae_causality_spo__missing": "unknown"}, []),
        (SUSAR, [(Step.AUTHORITY, "1", "2024-02-19 00:00")]),
        (
            SUSAR | {"sae_submitted_dt": "2024-02-15 10:00"},
            [(Step.FOLLOW_UP, "1", "2024-02-24 00:00")],
        ),
        (SUSAR | {"sae_expected": "expected"}, []),
    ],
)
def test_a_clock_runs_until_its_step_is_done(
    subject: Subject, report: dict[str, str], wanted: list[tuple[Step, str, str]]
) -> None:
    """Day 0 is the day on which the sponsor was told; the seventh is over at the midnight of the site."""
    log(subject, "AE", {"1": EVENT})
    log(subject, "SAE", {"1": report})
    assert steps() == wanted


def test_one_that_was_not_fatal_has_fifteen_days_and_no_follow_up_of_its_own(subject: Subject) -> None:
    log(subject, "AE", {"1": EVENT | {"ae_ser_crit": "medically_important"}})
    page = log(subject, "SAE", {"1": SENT})
    assert steps() == [(Step.JUDGEMENT, "1", "2024-02-27 00:00")], "as long as nobody says that it is none"
    desk.save(page, rows={"1": {name: text for name, text in SUSAR.items() if name not in SENT}})
    assert steps() == [(Step.AUTHORITY, "1", "2024-02-27 00:00")]
    desk.save(page, rows={"1": {"sae_submitted_dt": "2024-02-15 10:00"}})
    assert steps() == []


def test_the_follow_up_stops_the_last_clock(subject: Subject) -> None:
    log(subject, "AE", {"1": EVENT})
    follow_up = SUSAR | {"sae_report_type": "follow_up_1", "sae_aware_dt": "2024-02-16 09:00"}
    follow_up |= {"sae_to_sponsor_dt": "2024-02-16 10:00", "sae_submitted_dt": "2024-02-20 10:00"}
    log(subject, "SAE", {"1": SUSAR | {"sae_submitted_dt": "2024-02-15 10:00"}, "2": follow_up})
    assert steps() == []


def test_an_event_without_a_report_runs_from_when_it_was_saved_as_serious(subject: Subject) -> None:
    page = log(subject, "AE", {"1": EVENT | {"ae_serious": "N"}, "2": EVENT})
    (clock,) = running_clocks(Page.objects.all())
    notice = SeriousNotice.objects.get()
    assert (clock.step, clock.row_key, notice.row_key) == (Step.REPORT, "2", "2")
    assert clock.until == notice.at + timedelta(hours=24)
    assert timezone.now() - notice.at < timedelta(minutes=1)
    desk.save(page, rows={"1": {"ae_serious": "Y"}}, why=desk.BECAUSE)
    assert {each.row_key for each in SeriousNotice.objects.all()} == {"1", "2"}
    assert [clock.row_key for clock in running_clocks(Page.objects.all())] == ["2", "1"]


def test_saying_it_again_moves_no_clock(subject: Subject) -> None:
    page = log(subject, "AE", {"1": EVENT})
    before = SeriousNotice.objects.get().at
    for answer in ("N", "Y"):
        desk.save(page, rows={"1": {"ae_serious": answer}}, why=desk.BECAUSE)
    assert SeriousNotice.objects.get().at == before


def test_a_row_that_is_void_runs_no_longer(subject: Subject) -> None:
    page = log(subject, "AE", {"1": EVENT})
    desk.save(page, rows={"1": {"void": "Y"}}, why=desk.BECAUSE)
    assert steps() == []


@pytest.mark.parametrize(
    ("step", "hours", "told_after"),
    [
        (Step.SPONSOR, AlertHours(24, 48), timedelta(hours=24)),
        (Step.SPONSOR, AlertHours(12, 48), timedelta(hours=12)),
        (Step.REPORT, AlertHours(0, 48), timedelta(0)),
        (Step.AUTHORITY, AlertHours(24, 48), timedelta(hours=24 - 48)),
        (Step.FOLLOW_UP, AlertHours(24, 72), timedelta(hours=24 - 72)),
    ],
)
def test_each_is_told_at_the_configured_hours(step: Step, hours: AlertHours, told_after: timedelta) -> None:
    """After the awareness for what the site does, before the end for what the sponsor does."""
    begin = datetime(2024, 2, 11, 9, tzinfo=timezone.get_current_timezone())
    clock = RunningClock(None, step, begin + timedelta(hours=24))
    assert clock.tells_at(hours) == begin + told_after


def test_what_runs_out_first_stands_in_front_in_three_statements(subject: Subject) -> None:
    log(subject, "AE", {str(number): EVENT for number in range(1, 4)})
    rows = {
        str(key): AWARE | {"sae_ae": str(key), "sae_aware_dt": f"2024-02-1{9 - key} 09:00"}
        for key in (1, 2, 3)
    }
    log(subject, "SAE", rows)
    other = desk.consented("HZ02-001")
    log(other, "AE", {"1": EVENT})
    with counted() as sent:
        assert [clock.row_key for clock in running_clocks(Page.objects.all())] == ["3", "2", "1", "1"]
    assert len(sent) == 3


# --- what always runs under the clock ----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("event", "severity"),
    [
        ({"ae_special": "second_malignancy", "ae_serious": "N"}, "hard"),
        ({"ae_ctcae_term": "treatment_related_secondary_malignancy", "ae_serious": "N"}, "hard"),
        ({"ae_term": "Pregnancy of the partner", "ae_serious": "N"}, "soft"),
        ({"ae_term": "妊娠", "ae_serious": "N"}, "soft"),
        ({"ae_term": "Miscarriage", "ae_serious": "N"}, "soft"),
        ({"ae_term": "伴侣受孕", "ae_serious": "N"}, "soft"),
        ({"ae_special": "second_malignancy"}, None),
        ({"ae_term": "pregnancy"}, None),
        ({"ae_term": "rash", "ae_serious": "N"}, None),
    ],
)
def test_a_second_malignancy_and_a_pregnancy_are_asked_to_be_serious(
    subject: Subject, event: dict[str, str], severity: str | None
) -> None:
    page = desk.logged(subject, "AE")
    saved = desk.save(page, rows={"1": EVENT | {"ae_grade": "2", "ae_term": "something"} | event})
    found = [each for each in saved.findings if each.item == "ae_serious" and "24 hours" in str(each.message)]
    assert [each.severity.value for each in found] == ([severity] if severity else [])
    runs = [clock.step for clock in running_clocks(Page.objects.all())]
    assert runs == ([] if severity else [Step.REPORT] if event.get("ae_serious") != "N" else [])
