"""Acts about accounts, roles, tokens, access, trainings and delegated tasks."""

from datetime import date

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from tests.acts.world import TEST, Deed, World, act
from tests.patients.web import people
from tests.patients.web.people import SETUP
from trial.people.access_review import record_review
from trial.people.accounts import create_account, disable_account, end_role, issue_link
from trial.people.curriculum import TrainingVersion
from trial.people.delegation import Delegation, Task, delegate, end_delegation
from trial.people.first_start import link_for_first_administrator
from trial.people.models import Member, Site
from trial.people.roles import Permission, Role
from trial.people.token_acts import TokenWish, issue_on_record, revoke_token
from trial.people.tokens import ExportToken
from trial.people.training import publish_training, record_training
from trial.trail.actor import Source

HOW = {"by": SETUP, "source": Source.COMMAND}
DAY = date(2025, 3, 1)


@act("account.created", TEST, "new.one")
def make_an_account(world: World) -> Deed:
    return lambda: create_account("new.one", "New One", by=SETUP)


@act("set_up_link.issued", TEST, "lin.qiao")
def issue_a_link(world: World) -> Deed:
    return lambda: issue_link(world.coordinator, by=SETUP)


@act("account.disabled", TEST, "lin.qiao")
def disable_an_account(world: World) -> Deed:
    return lambda: disable_account(world.coordinator, by=SETUP, reason="left")


@act("role.granted", TEST, "tan.rui")
def grant_a_role(world: World) -> Deed:
    return lambda: people.a_member(Role.MONITOR, name="tan.rui")


@act("role.ended", TEST, "lin.qiao")
def end_a_role(world: World) -> Deed:
    return lambda: end_role(Member.objects.get(account=world.coordinator), by=SETUP, reason="left")


@act("token.issued", "system:issue_token", "board")
def issue_a_token(world: World) -> Deed:
    arguments = ("board", "--site", "HZ01", "--permission", "read_results")
    return lambda: call_command("issue_token", *arguments, verbosity=0)


@act("token.refused", "system:sign-in", "board")
def show_a_token_from_elsewhere(world: World) -> Deed:
    wish = TokenWish("board", [Site.objects.get(code="HZ01")], [Permission.READ], networks=("10.1.2.0/24",))
    key = issue_on_record(wish, by=SETUP)
    return lambda: Client().get("/api/v1/study", headers={"Authorization": f"Token {key}"})


@act("token.revoked", TEST, "board")
def revoke_a_token(world: World) -> Deed:
    site = Site.objects.get(code="HZ01")
    wish = TokenWish("board", [site], [Permission.READ_RESULTS])
    issue_on_record(wish, by=SETUP)
    token = ExportToken.objects.get(name="board")
    return lambda: revoke_token(token, by=SETUP, reason="the study is over")


@act("role.granted", "system:first-start", "administrator")
def start_for_the_first_time(world: World) -> Deed:
    return link_for_first_administrator


# --- who had access ----------------------------------------------------------------------------------------
@act("access.exported", "ada.admin", "csv 2025-03-01")
def take_the_access_list_out(world: World) -> Deed:
    office = people.signed_in(people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="ada.admin"))
    return lambda: office.post(f"{reverse('access-sheet')}?on={DAY}")


@act("access.reviewed", "ada.admin", "20")
def review_access(world: World) -> Deed:
    administrator = people.a_member(Role.ACCOUNT_ADMINISTRATOR, name="ada.admin")
    request = world.request(administrator)
    return lambda: record_review(by=administrator, remark="looked at each grant", request=request)


# --- trainings and tasks -----------------------------------------------------------------------------------
def _training() -> TrainingVersion:
    return TrainingVersion(role=Role.COORDINATOR, version="1.0", title="Entry", in_force_from=DAY)


@act("training.published", TEST, "coordinator 1.0")
def ask_for_a_training(world: World) -> Deed:
    return lambda: publish_training(_training(), **HOW, reason="start of the trial")


@act("training.recorded", TEST, "lin.qiao")
def complete_a_training(world: World) -> Deed:
    asked = publish_training(_training(), **HOW, reason="start of the trial")
    return lambda: record_training(world.coordinator, asked, DAY, **HOW)


def _tasks(world: World) -> Delegation:
    site = Site.objects.get(code="HZ01")
    return Delegation(site=site, account=world.coordinator, tasks=[Task.ENTRY.value], starts=DAY)


@act("task.delegated", TEST, "lin.qiao")
def delegate_tasks(world: World) -> Deed:
    return lambda: delegate(_tasks(world), **HOW)


@act("task.ended", TEST, "lin.qiao")
def end_tasks(world: World) -> Deed:
    given = delegate(_tasks(world), **HOW)
    return lambda: end_delegation(given, date(2025, 4, 1), **HOW, reason="left the ward")
