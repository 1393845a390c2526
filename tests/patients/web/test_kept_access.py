"""After the study is locked the investigator reads and copies on, and nobody who administers accounts ends
that alone."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from patients.casebook.page import Page, PageState, Subject
from tests.patients.entry import locking_desk
from tests.patients.web import people
from trial.people.delegation import Delegation, delegate
from trial.people.kept_access import INVESTIGATORS
from trial.people.models import Account, Member, Site
from trial.people.roles import Role
from trial.trail.actor import Source

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("CP-07")]


@pytest.fixture
def subject(db: None) -> Subject:
    """The only subject of a study that two people have locked."""
    found = locking_desk.spotless()
    locking_desk.locked()
    return found


@pytest.fixture
def investigator(subject: Subject) -> Account:
    """The only one of the site beside those who wrote and locked its records, who have left since."""
    found = people.a_member(Role.INVESTIGATOR, name="yi.shen", printed="Yi Shen")
    Member.objects.exclude(account=found).filter(role__in=INVESTIGATORS).delete()
    return found


def end(account: Account, do: str) -> int:
    """What an administrator of accounts is answered who takes the role of somebody, or the account."""
    grant = Member.objects.get(account=account)
    admin = people.signed_in(people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="the.admin"))
    told = {"do": do, "grant": grant.pk, "reason": "as the sponsor wishes"}
    answer = admin.post(reverse("person", args=[account.pk]), told)
    assert "confirm" not in answer.get("Location", ""), answer["Location"]
    return answer.status_code


def test_the_investigator_of_a_closed_study_reads_and_takes_a_copy_and_writes_nothing(
    subject: Subject, investigator: Account
) -> None:
    client, page = (
        people.signed_in(investigator),
        Page.objects.filter(subject=subject, state=PageState.LOCKED)[0],
    )
    for address in (reverse("subject", args=[subject.code]), reverse("page", args=[page.pk])):
        assert client.get(address).status_code == 200
    copy = client.post(reverse("casebook", args=[subject.code]), {"language": "en", "trail": "Y"})
    assert (copy.status_code, copy.content[:5]) == (200, b"%PDF-")
    saved = client.post(reverse("page", args=[page.pk]), {"base_version": page.version, "do": "save"})
    assert saved.status_code == 423


@pytest.mark.parametrize("do", ["end", "disable"])
def test_an_administrator_alone_does_not_end_it(investigator: Account, do: str) -> None:
    """Nor by granting the role to somebody of their choice first: the site has to take part."""
    assert end(investigator, do) == 422
    other = people.a_member(Role.PRINCIPAL_INVESTIGATOR, name="some.body")
    assert end(investigator, do) == 422
    with pytest.raises(CommandError, match="HZ01"):
        call_command("account", "disable", "yi.shen", reason="as the sponsor wishes")
    assert people.signed_in(investigator).get(reverse("subjects")).status_code == 200
    tasks = Delegation(site=Site.objects.get(), account=other, tasks=["file"], starts=date(2024, 1, 1))
    delegate(tasks, by=investigator, source=Source.WEB)
    assert end(investigator, do) == 302
    assert not Member.objects.in_force().filter(account=investigator).exists()


def test_somebody_who_works_there_keeps_the_records_as_well(subject: Subject, investigator: Account) -> None:
    other = people.a_member(Role.INVESTIGATOR, name="some.body")
    people.signed_in(other).post(reverse("casebook", args=[subject.code]), {"language": "en"})
    assert end(investigator, "end") == 302
    assert end(other, "end") == 422


def test_where_nobody_was_recorded_and_of_other_roles_it_is_as_ever(db: None) -> None:
    """A grant that was a mistake is ended before the first subject."""
    assert end(people.a_member(Role.INVESTIGATOR), "end") == 302


def test_a_coordinator_is_no_investigator(investigator: Account) -> None:
    assert end(people.a_member(Role.COORDINATOR, name="lin.yu"), "end") == 302
