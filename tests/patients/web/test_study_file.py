"""The pages of the study file: read by readers of the casebook, written by who keeps it, with a history."""

from datetime import date

import pytest
from django.urls import reverse

from patients.web.study_file.registers import REGISTERS
from tests.patients.web import people
from trial.people.curriculum import TrainingRecord, TrainingVersion
from trial.people.delegation import Delegation
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.people.training import record_training
from trial.protocol.models import ConsentVersion, SiteApproval
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

APPROVAL = {
    "do": "add",
    "add-site_code": "HZ01",
    "add-kind": "ethics",
    "add-body": "Ethics committee",
    "add-reference": "2024-17",
    "add-protocol_version": "1.0",
    "add-approved_on": "2024-03-01",
    "add-reason": "letter of 1 March",
}


def page(name: str) -> str:
    return reverse("study-file", args=[name])


@pytest.fixture
def keeper() -> Account:
    return people.a_member(Role.DATA_MANAGER)


@pytest.mark.parametrize("name", REGISTERS)
def test_each_page_is_shown_to_a_reader_without_what_the_reader_may_not_do(name: str) -> None:
    answer = people.signed_in(people.a_member(Role.MONITOR)).get(page(name))
    assert answer.status_code == 200
    assert str(REGISTERS[name].title) in answer.content.decode()
    assert 'name="do"' not in answer.content.decode()


@pytest.mark.parametrize("name", REGISTERS)
def test_who_may_not_write_is_refused(name: str) -> None:
    client = people.signed_in(people.a_member(Role.COORDINATOR))
    assert client.post(page(name), APPROVAL).status_code == 403
    assert client.post(page(name), {"do": "everything"}).status_code == 400
    assert client.get(page("nothing")).status_code == 404


def test_an_approval_is_recorded_and_ended_with_its_history(keeper: Account) -> None:
    client = people.signed_in(keeper)
    assert client.post(page("approvals"), APPROVAL).status_code == 302
    approval = SiteApproval.objects.get(reference="2024-17")
    ended = {"do": "end", "row": approval.pk, "on": "2025-01-31", "reason": "new protocol"}
    assert client.post(page("approvals"), ended).status_code == 302
    approval.refresh_from_db()
    assert str(approval.valid_until) == "2025-01-31"
    shown = client.get(page("approvals")).content.decode()
    assert "letter of 1 March" in shown
    assert "new protocol" in shown


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"add-approved_on": "soon"}, "Approved on: Enter a valid date."),
        ({"add-body": ""}, "A confirmed approval names"),
        ({"add-site_code": "HZ02"}, "Site: Select a valid choice"),
        ({"add-reason": ""}, "Reason and document: This field is required."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    keeper: Account, wrong: dict[str, str], says: str
) -> None:
    people.a_site("HZ02")
    before = SiteApproval.objects.count()
    answer = people.signed_in(keeper).post(page("approvals"), APPROVAL | wrong)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "2024-17" in answer.content.decode()
    assert SiteApproval.objects.count() == before
    assert not TrailEvent.objects.filter(action="approval.recorded").exists()


def test_another_site_is_neither_shown_nor_ended(keeper: Account) -> None:
    people.a_site("HZ02")
    foreign = SiteApproval.objects.create(
        site_code="HZ02", body="Elsewhere", reference="X-9", protocol_version="1.0", approved_on="2024-01-01"
    )
    client = people.signed_in(keeper)
    assert "X-9" not in client.get(page("approvals")).content.decode()
    ended = {"do": "end", "row": foreign.pk, "on": "2025-01-31", "reason": "new protocol"}
    assert client.post(page("approvals"), ended).status_code == 404


def test_a_consent_is_recorded_and_the_one_before_superseded(keeper: Account) -> None:
    client, old = people.signed_in(keeper), ConsentVersion.objects.get()
    new = {"add-version": "2.0", "add-language": "zh", "add-approved_on": "2025-01-05"}
    new |= {"add-in_force_from": "2025-02-01", "add-reason": "amendment 1"}
    assert client.post(page("consents"), {"do": "add", **new}).status_code == 302
    ended = {"do": "end", "row": old.pk, "on": "2025-02-01", "reason": "amendment 1"}
    assert client.post(page("consents"), ended).status_code == 302
    old.refresh_from_db()
    assert str(old.superseded_on) == "2025-02-01"


def test_a_training_is_asked_for_and_completed(keeper: Account) -> None:
    client, nurse = people.signed_in(keeper), people.a_member(Role.COORDINATOR, printed="Ana Li")
    new = {"add-role": "coordinator", "add-version": "1.0", "add-title": "Entry", "add-reason": "begin"}
    asked = {"do": "add", **new, "add-in_force_from": "2025-01-01"}
    assert client.post(page("training"), asked).status_code == 302
    assert "reads only" in client.get(page("training")).content.decode()
    done = {"complete-account": nurse.pk, "complete-training": TrainingVersion.objects.get().pk}
    sent = {"do": "complete", **done, "complete-completed_on": "2025-01-03"}
    assert client.post(page("training"), sent).status_code == 302
    assert TrainingRecord.objects.get().recorded_by == keeper.user_name
    assert "reads only" not in client.get(page("training")).content.decode()


def test_the_history_names_nobody_of_another_site(keeper: Account) -> None:
    client = people.signed_in(keeper)
    own = people.a_member(Role.COORDINATOR, name="nurse.own")
    stranger = people.a_member(Role.COORDINATOR, "HZ02", name="nurse.away")
    new = {"add-role": "coordinator", "add-version": "1.0", "add-title": "Entry", "add-reason": "begin"}
    client.post(page("training"), {"do": "add", **new, "add-in_force_from": "2025-01-01"})
    training = TrainingVersion.objects.get()
    for account in (own, stranger):
        record_training(account, training, date(2025, 1, 3), by=people.SETUP, source=Source.COMMAND)
    shown = client.get(page("training")).content.decode()
    assert "nurse.own" in shown
    assert "nurse.away" not in shown


def test_tasks_are_delegated_by_the_principal_investigator_of_the_site() -> None:
    client = people.signed_in(people.a_member(Role.PRINCIPAL_INVESTIGATOR))
    nurse = people.a_member(Role.COORDINATOR, printed="Ana Li")
    given = {"add-site": Site.objects.get().pk, "add-account": nurse.pk, "add-starts": "2025-03-01"}
    sent = {"do": "add", **given, "add-tasks": ["entry", "consent"]}
    assert client.post(page("delegation"), sent).status_code == 302
    shown = client.get(page("delegation")).content.decode()
    assert "obtain informed consent, enter data and answer queries" in shown
    one = Delegation.objects.get()
    ended = {"do": "end", "row": one.pk, "on": "2025-02-01", "reason": "left the ward"}
    refused = client.post(page("delegation"), ended)
    assert refused.status_code == 422
    assert "A delegation ends after it began." in refused.content.decode()
    assert client.post(page("delegation"), ended | {"on": "2025-03-31"}).status_code == 302
