"""Grants begin, end, and can be listed for any day (AC-06); the review of access (AC-07)."""

import csv
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from tests.trial.people import persons
from tests.trial.people.persons import SETUP
from trial.people.access import can, holds
from trial.people.access_list import access_now, access_on, access_sheet
from trial.people.access_review import AccessReview, due_since, last_reviews, record_review
from trial.people.accounts import create_account, disable_account, end_role
from trial.people.grants import grant_role
from trial.people.models import Account, Member, Site
from trial.people.roles import Permission, Role
from trial.trail.models import TrailChange, TrailEvent

NOW = "2030-03-01 10:00:00+08:00"


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.create(code="HZ01", name="Hangzhou")


@pytest.fixture
def somebody(db: None) -> Account:
    return create_account("some.body", "Some Body", by=SETUP)


def again(account: Account) -> Account:
    """The account as the next request reads it."""
    return Account.objects.get(pk=account.pk)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


# --- one grant --------------------------------------------------------------------------------------------
@pytest.mark.requirement("AC-06", "AT-09")
def test_a_grant_has_its_period_its_granter_and_its_reason(site: Site, somebody: Account) -> None:
    with time_machine.travel(NOW, tick=False):
        ends = at("2030-04-01T00:00")
        grant = grant_role(somebody, Role.MONITOR, site, by=SETUP, reason="visits in March", ends=ends)
    assert (grant.starts, grant.ends) == (at("2030-03-01T10:00"), ends)
    assert (grant.granted_by, grant.reason) == (SETUP.user_name, "visits in March")
    event = TrailEvent.objects.get(action="role.granted")
    assert (event.actor, event.about, event.site, event.reason) == (
        SETUP.user_name, "some.body", "HZ01", "visits in March",
    )  # fmt: skip
    changes = TrailChange.objects.filter(event=event.act).values_list("item", "new")
    assert list(changes) == [
        ("role", "monitor"),
        ("starts", "2030-03-01T02:00:00+00:00"),
        ("ends", ends.isoformat()),
    ]


@pytest.mark.requirement("AC-06")
def test_a_grant_opens_between_its_moments_and_no_job_has_run(site: Site, somebody: Account) -> None:
    starts, ends = at("2030-03-02T00:00"), at("2030-03-04T00:00")
    with time_machine.travel(NOW, tick=False) as clock:
        grant_role(somebody, Role.MONITOR, site, by=SETUP, reason="two days", starts=starts, ends=ends)
        held = {}
        for moment in ("2030-03-01T23:59", "2030-03-02T00:00", "2030-03-03T23:59", "2030-03-04T00:00"):
            clock.move_to(at(moment))
            person = again(somebody)
            held[moment] = (can(person, Permission.READ, site="HZ01"), holds(person, Permission.VERIFY))
    assert list(held.values()) == [(False, False), (True, True), (True, True), (False, False)]
    assert Member.objects.get().ends == ends


@pytest.mark.requirement("AC-06")
def test_nobody_grants_a_role_to_themselves(site: Site) -> None:
    administrator = persons.a_person(Role.ACCOUNT_ADMINISTRATOR, "the.admin")
    with pytest.raises(PermissionDenied):
        grant_role(administrator, Role.MONITOR, site, by=administrator, reason="why not")
    assert Member.objects.count() == 1
    assert not TrailEvent.objects.filter(action="role.granted").exists()


def test_a_grant_that_begins_in_the_past_begins_now(site: Site, somebody: Account) -> None:
    with time_machine.travel(NOW, tick=False):
        past = timezone.now() - timedelta(days=3)
        assert (
            grant_role(somebody, Role.MONITOR, site, by=SETUP, reason="x" * 5, starts=past).starts
            == timezone.now()
        )


def test_what_cannot_be_granted_is_refused(site: Site, somebody: Account) -> None:
    def refused(role: Role = Role.MONITOR, **more: datetime) -> str:
        with pytest.raises(ValidationError) as error:
            grant_role(somebody, role, site, by=SETUP, reason="because", **more)
        return error.value.messages[0]

    now = timezone.now()
    assert "ends after" in refused(ends=now - timedelta(days=1))
    assert "ends after" in refused(starts=now + timedelta(days=2), ends=now + timedelta(days=1))
    grant_role(somebody, Role.MONITOR, site, by=SETUP, reason="because", ends=now + timedelta(days=9))
    assert "already" in refused()
    disable_account(somebody, by=SETUP, reason="left")
    assert "disabled" in refused(Role.AUDITOR)


@pytest.mark.requirement("AC-05")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Role.COORDINATOR, Role.MONITOR),
        (Role.DATA_MANAGER, Role.INVESTIGATOR),
        (Role.MONITOR, Role.DATA_MANAGER),
        (Role.ACCOUNT_ADMINISTRATOR, Role.AUDITOR),
    ],
)
def test_one_person_is_not_granted_what_must_be_apart(
    site: Site, somebody: Account, first: Role, second: Role
) -> None:
    """At another site neither: who enters at one centre does not verify at the next."""
    next_site = Site.objects.create(code="HZ02", name="Ningbo")
    grant = grant_role(somebody, first, site, by=SETUP, reason="because")
    with pytest.raises(ValidationError, match="must not both"):
        grant_role(somebody, second, next_site, by=SETUP, reason="because")
    end_role(grant, by=SETUP, reason="moves")
    grant_role(somebody, second, next_site, by=SETUP, reason="because")


# --- who had access on a day ------------------------------------------------------------------------------
@pytest.fixture
def history(site: Site) -> list[Site]:
    """Grants of a year at two sites, made and ended at their times; the days are those of the site."""
    other = Site.objects.create(code="HZ02", name="Ningbo")
    with time_machine.travel("2030-01-10 09:00:00+08:00", tick=False) as clock:
        ann, bo, cai = (create_account(name, name.title(), by=SETUP) for name in ("ann", "bo", "cai"))
        first = grant_role(ann, Role.COORDINATOR, site, by=SETUP, reason="begins")
        grant_role(bo, Role.MONITOR, other, by=SETUP, reason="=1+1", ends=at("2030-02-01T00:00"))
        later = at("2030-03-05T00:00")
        grant_role(cai, Role.AUDITOR, site, by=SETUP, reason="announced", starts=later)
        clock.move_to(at("2030-02-10T23:30"))
        end_role(first, by=SETUP, reason="moves on")
        grant_role(ann, Role.INVESTIGATOR, site, by=SETUP, reason="promoted")
        clock.move_to(at("2030-04-01T12:00"))
        disable_account(ann, by=SETUP, reason="has left")
    return [site, other]


BY_HAND = {
    "2030-01-09": [],
    "2030-01-10": ["ann coordinator HZ01", "bo monitor HZ02"],
    "2030-01-31": ["ann coordinator HZ01", "bo monitor HZ02"],
    "2030-02-01": ["ann coordinator HZ01"],
    "2030-02-10": ["ann coordinator HZ01", "ann investigator HZ01"],
    "2030-02-11": ["ann investigator HZ01"],
    "2030-03-04": ["ann investigator HZ01"],
    "2030-03-05": ["ann investigator HZ01", "cai auditor HZ01"],
    "2030-04-01": ["ann investigator HZ01", "cai auditor HZ01"],
    "2030-04-02": ["cai auditor HZ01"],
}
"""Written from the story above, not from the program."""


def told(day: str, sites: list[Site]) -> list[str]:
    roles = {str(role.label): role.value for role in Role}
    lines = access_on(date.fromisoformat(day), sites)
    return [f"{line.user_name} {roles[line.role]} {line.site}" for line in lines]


@pytest.mark.requirement("AC-06")
def test_access_on_any_day_is_the_table_made_by_hand(history: list[Site]) -> None:
    with time_machine.travel("2030-06-01", tick=False):
        assert {day: told(day, history) for day in BY_HAND} == BY_HAND
        assert told("2030-01-10", history[1:]) == ["bo monitor HZ02"]


@pytest.mark.requirement("AC-06")
def test_the_list_as_csv_says_the_same_and_no_spreadsheet_computes_it(history: list[Site]) -> None:
    lines = access_on(date(2030, 1, 10), history)
    head, *rows = csv.reader(StringIO(access_sheet(lines)))
    assert head[0] == "User name"
    assert [row[0] for row in rows] == ["ann", "bo"]
    assert rows[0][4:6] == ["2030-01-10T09:00+08:00", "2030-02-10T23:30+08:00"]
    assert rows[1][5:8] == ["2030-02-01T00:00+08:00", SETUP.user_name, "'=1+1"]


@pytest.mark.requirement("AC-06", "AC-08")
def test_a_disabled_account_has_its_roles_ended_in_one_act(history: list[Site]) -> None:
    assert Member.objects.get(role=Role.INVESTIGATOR).ends == at("2030-04-01T12:00")
    assert TrailEvent.objects.filter(action="role.ended").count() == 1
    event = TrailEvent.objects.get(action="account.disabled")
    assert [(change.item, change.old) for change in event.changes.all()] == [("role", "investigator")]


# --- the review -------------------------------------------------------------------------------------------
@pytest.mark.requirement("AC-07")
def test_the_review_lists_who_has_not_used_the_access_for_90_days(history: list[Site]) -> None:
    Member.objects.filter(account__user_name="cai").update(ends=at("2031-01-01T00:00"))
    with time_machine.travel("2030-05-01 12:00:00+08:00", tick=False) as clock:
        sites = list(Site.objects.all())
        dee, eli = (create_account(name, name.title(), by=SETUP) for name in ("dee", "eli"))
        for account in (dee, eli):
            grant_role(account, Role.MONITOR, sites[1], by=SETUP, reason="because")
        clock.move_to(at("2030-06-20T12:00"))
        Account.objects.filter(pk=dee.pk).update(last_login=timezone.now())
        clock.move_to(at("2030-08-01T12:00"))
        lines = [
            (line.user_name, line.role, line.site, str(line.last_sign_in or "")[:10], line.is_unused)
            for line in access_now(sites)
        ]
    assert lines == [
        ("cai", "Auditor", "HZ01", "", True),
        ("dee", "Monitor", "HZ02", "2030-06-20", False),
        ("eli", "Monitor", "HZ02", "", True),
    ]


@pytest.mark.requirement("AC-07", "AT-09")
def test_a_review_says_who_when_and_what_and_the_next_is_due_in_a_quarter(
    history: list[Site],
) -> None:
    today = date(2030, 7, 1)
    assert due_since(None, today) == today
    with time_machine.travel("2030-07-01 12:00:00+08:00", tick=False):
        review = record_review(by=SETUP, remark="cai is to be asked")
    assert (review.day, review.grants, review.unused) == (today, 1, 1)
    assert (review.reviewed_by, review.next_due) == (SETUP.user_name, date(2030, 9, 30))
    assert due_since(review, date(2030, 9, 29)) is None
    assert due_since(review, date(2030, 9, 30)) == date(2030, 9, 30)
    event = TrailEvent.objects.get(action="access.reviewed")
    assert (event.actor, event.reason) == (SETUP.user_name, "cai is to be asked")
    assert [(change.item, change.new) for change in event.changes.all()] == [("grants", "1"), ("unused", "1")]
    assert last_reviews() == [review]


@pytest.mark.requirement("AC-07")
def test_a_review_without_a_word_is_none(db: None) -> None:
    with pytest.raises(ValidationError):
        record_review(by=SETUP, remark="")
    assert not AccessReview.objects.exists()
