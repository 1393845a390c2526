"""From an adverse event to its report in one step: what is known is carried over, reports are in order."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.refusals import Refused
from patients.entry.reporting import NoReport, next_report, report_event
from patients.forms.serious_adverse_event import FOLLOW_UPS
from tests.patients.entry import desk
from trial.people.access import Person
from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
EVENT = {
    "ae_term": "sepsis",
    "ae_start": "2024-02-10",
    "ae_grade": "4",
    "ae_serious": "Y",
    "ae_ser_crit": "hospitalisation_prolongation",
    "ae_rel_cart": "possible",
    "ae_rel_ld": "not_related",
}
AWARE = "2024-02-11 09:00"


@pytest.fixture
def events() -> Page:
    page = desk.logged(desk.infused(), "AE")
    desk.save(page, rows={"1": EVENT, "2": EVENT | {"ae_serious": "N"}, "3": EVENT})
    return desk.now(page)


@pytest.fixture
def investigator(events: Page) -> Account:
    return desk.a_member(Role.INVESTIGATOR, user_name="yi.shen")


def report(events: Page, by: Person, key: str = "1", aware: str = AWARE) -> Any:
    saved = report_event(events, key, aware, by=by)
    return form_model("SAE").of_page(saved.page).order_by("-pk").first()


def test_the_initial_report_takes_over_what_the_event_says(events: Page, investigator: Account) -> None:
    row = report(events, investigator)
    assert (row.sae_ae, row.sae_report_type) == ("1", "initial")
    assert row.sae_causality_inv == {"cart": "possible", "ld": "not_related"}
    assert f"{row.sae_aware_dt:%Y-%m-%d %H:%M}" == "2024-02-11 01:00"
    event = TrailEvent.objects.get(form="SAE", action="page.saved")
    assert (event.actor, event.subject) == ("yi.shen", "HZ01-001")


def test_a_follow_up_takes_over_the_report_before_it(events: Page, investigator: Account) -> None:
    first = report(events, investigator)
    told = {"sae_hosp_from": "2024-02-11", "sae_narrative": "fever and hypotension " * 8}
    desk.save(desk.now(first.page), rows={first.row_key: told})
    second = report(events, investigator, aware="2024-02-13 10:00")
    assert second.sae_report_type == "follow_up_1"
    assert (str(second.sae_hosp_from), second.sae_narrative) == ("2024-02-11", told["sae_narrative"].strip())
    assert second.sae_to_sponsor_dt is None, "each report goes out by itself"
    assert report(events, investigator, aware="2024-02-14 10:00").sae_report_type == "follow_up_2"


def test_reports_of_two_events_are_counted_apart(events: Page, investigator: Account) -> None:
    assert report(events, investigator).sae_report_type == "initial"
    other = report(events, investigator, "3")
    assert (other.sae_ae, other.sae_report_type) == ("3", "initial")


@pytest.mark.parametrize("key", ["2", "9", ""])
def test_what_is_not_serious_is_not_reported(events: Page, investigator: Account, key: str) -> None:
    with pytest.raises(NoReport):
        report(events, investigator, key)
    assert not TrailEvent.objects.filter(form="SAE").exists(), "no page is opened for it either"


@pytest.mark.parametrize("last", ["final", list(FOLLOW_UPS)[-1]])
def test_after_the_last_report_there_is_none(events: Page, investigator: Account, last: str) -> None:
    first = report(events, investigator)
    rows = {"8": {"sae_ae": "1", "sae_report_type": last, "sae_aware_dt": "2024-02-20 09:00"}}
    desk.save(desk.now(first.page), rows=rows)
    with pytest.raises(NoReport):
        next_report(events, "1")


@pytest.mark.parametrize("aware", ["yesterday", "2024-02-30 09:00"])
def test_a_time_that_is_none_is_refused_and_nothing_is_left(
    events: Page, investigator: Account, aware: str
) -> None:
    with pytest.raises(Refused):
        report(events, investigator, aware=aware)
    assert not Page.objects.filter(subject=events.subject, form_code="SAE").exists()


def test_who_does_not_enter_reports_begins_none(events: Page) -> None:
    with pytest.raises(PermissionDenied):
        report(events, desk.a_member(Role.MONITOR, user_name="ke.fan"))
