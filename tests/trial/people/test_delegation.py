"""The delegation log of a site: who has which tasks, from when to when, given by whom."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from tests.trial.people import persons
from trial.people.delegation import Delegation, Task, delegate, end_delegation
from trial.people.models import Account, Site
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

FROM = date(2025, 3, 1)
HOW = {"source": Source.WEB}


@pytest.fixture
def investigator() -> Account:
    return persons.a_person(Role.PRINCIPAL_INVESTIGATOR, "pi.hz01")


@pytest.fixture
def nurse() -> Account:
    return persons.a_person(Role.COORDINATOR, "ana.li")


def tasks_for(account: Account, *tasks: str, site: str = "HZ01") -> Delegation:
    return Delegation(site=Site.objects.get(code=site), account=account, tasks=list(tasks), starts=FROM)


@pytest.mark.requirement("AT-09")
def test_tasks_are_given_and_ended_with_their_events(investigator: Account, nurse: Account) -> None:
    given = delegate(tasks_for(nurse, Task.ENTRY, Task.CONSENT), by=investigator, **HOW)
    assert given.task_labels == ["obtain informed consent", "enter data and answer queries"]
    end_delegation(given, FROM + timedelta(30), by=investigator, reason="left the ward", **HOW)
    told = TrailEvent.objects.filter(action__startswith="task.").order_by("pk")
    assert [(event.action, event.actor, event.about) for event in told] == [
        ("task.delegated", "pi.hz01", "ana.li"),
        ("task.ended", "pi.hz01", "ana.li"),
    ]
    assert told[1].reason == "left the ward"
    given.refresh_from_db()
    assert (given.ends, given.delegated_by, given.ended_by) == (FROM + timedelta(30), "pi.hz01", "pi.hz01")


def test_a_person_has_one_open_entry_at_a_site(investigator: Account, nurse: Account) -> None:
    first = delegate(tasks_for(nurse, Task.ENTRY), by=investigator, **HOW)
    with pytest.raises(ValidationError, match="end those first"):
        delegate(tasks_for(nurse, Task.SAMPLES), by=investigator, **HOW)
    end_delegation(first, FROM, by=investigator, reason="other tasks", **HOW)
    delegate(tasks_for(nurse, Task.SAMPLES), by=investigator, **HOW)
    assert nurse.delegations.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        tasks_for(nurse, Task.ENTRY).save()


@pytest.mark.parametrize("tasks", [(), ("everything",), (Task.ENTRY, "everything")])
def test_only_tasks_of_the_list_are_given(
    investigator: Account, nurse: Account, tasks: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError, match="at least one task"):
        delegate(tasks_for(nurse, *tasks), by=investigator, **HOW)
    assert TrailEvent.objects.filter(action="task.delegated").count() == 0


def test_tasks_go_to_people_of_the_site_alone(investigator: Account) -> None:
    stranger = persons.a_person(Role.COORDINATOR, "ben.wu", site="HZ02")
    with pytest.raises(ValidationError, match="no role at the site"):
        delegate(tasks_for(stranger, Task.ENTRY), by=investigator, **HOW)


@pytest.mark.parametrize(("on", "reason"), [(FROM - timedelta(1), "left"), (FROM, "  ")])
def test_an_end_that_cannot_be_is_refused(
    investigator: Account, nurse: Account, on: date, reason: str
) -> None:
    given = delegate(tasks_for(nurse, Task.ENTRY), by=investigator, **HOW)
    with pytest.raises(ValidationError):
        end_delegation(given, on, by=investigator, reason=reason, **HOW)
    given.refresh_from_db()
    assert given.ends is None
