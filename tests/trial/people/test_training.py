"""Training by role and version: who has not completed what is asked for reads and does not write (VD-06)."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from patients.casebook.page import Page, Subject
from tests.patients.web import people
from trial.people.access import can
from trial.people.curriculum import TrainingVersion
from trial.people.models import Account
from trial.people.roles import Permission, Role
from trial.people.training import publish_training, record_training
from trial.protocol.study import site_today
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("VD-06")]

HOW = {"by": people.SETUP, "source": Source.COMMAND}
DAY = timedelta(days=1)


def asked(version: str = "1.0", role: Role = Role.COORDINATOR, in_days: int = 0) -> TrainingVersion:
    training = TrainingVersion(
        role=role, version=version, title="Entry", in_force_from=site_today() + in_days * DAY
    )
    return publish_training(training, **HOW, reason="start of the trial")


@pytest.fixture
def subject() -> Subject:
    return people.a_subject()


def now(account: Account) -> Account:
    """As the next request reads it."""
    return Account.objects.get(pk=account.pk)


def status_of_saving(account: Account, page: Page) -> int:
    """What the browser answers when this person saves the page."""
    sent = {"base_version": "0", "do": "save", "bm_done": "Y", "bm_done__base": ""}
    return people.signed_in(now(account)).post(page.get_absolute_url(), sent).status_code


def test_without_the_training_a_page_is_read_and_not_saved(subject: Subject) -> None:
    account, page = people.a_member(Role.COORDINATOR), people.page_of(subject, "RESP", "SCR")
    training = asked()
    assert people.signed_in(account).get(page.get_absolute_url()).status_code == 200
    assert status_of_saving(account, page) == 403
    page.refresh_from_db()
    assert page.version == 0
    record_training(account, training, site_today(), **HOW)
    assert status_of_saving(account, page) == 302


def test_a_new_version_asks_again_from_its_day_on() -> None:
    account = people.a_member(Role.COORDINATOR)
    record_training(account, asked("1.0"), site_today(), **HOW)
    asked("3.0", in_days=1)
    assert can(now(account), Permission.ENTER, site="HZ01")
    newest = asked("2.0")
    assert not can(now(account), Permission.ENTER, site="HZ01")
    record_training(account, newest, site_today(), **HOW)
    assert can(now(account), Permission.ENTER, site="HZ01")


def test_the_training_of_one_role_says_nothing_of_another() -> None:
    asked(role=Role.COORDINATOR)
    account = people.a_member(Role.INVESTIGATOR, name="lin.qiao")
    assert can(now(account), Permission.ENTER, site="HZ01")
    people.a_member(Role.COORDINATOR, "HZ02", name="lin.qiao")
    assert not can(now(account), Permission.ENTER, site="HZ02")
    assert can(now(account), Permission.READ, site="HZ02")


def test_both_ways_to_read_an_account_agree(client: object) -> None:
    account = people.a_member(Role.COORDINATOR)
    asked()
    signed_in = people.signed_in(account)
    assert signed_in.get("/subjects/").wsgi_request.user._untrained == {"coordinator"}
    assert not can(now(account), Permission.ENTER, site="HZ01")


@pytest.mark.requirement("AT-09")
def test_asking_and_completing_are_acts_of_the_trail() -> None:
    account = people.a_member(Role.COORDINATOR)
    record_training(account, asked(), site_today(), **HOW)
    told = TrailEvent.objects.filter(action__startswith="training").order_by("pk")
    assert [(event.action, event.about) for event in told] == [
        ("training.published", "coordinator 1.0"),
        ("training.recorded", account.user_name),
    ]


def test_nobody_has_completed_it_tomorrow_or_twice() -> None:
    account, training = people.a_member(Role.COORDINATOR), asked()
    with pytest.raises(ValidationError, match="yet"):
        record_training(account, training, site_today() + DAY, **HOW)
    record_training(account, training, site_today(), **HOW)
    with pytest.raises(ValidationError, match="already"):
        record_training(account, training, site_today(), **HOW)


def test_a_version_is_asked_for_once() -> None:
    asked()
    with pytest.raises(ValidationError, match="already"):
        asked()
