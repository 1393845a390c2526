"""Every act that there is leaves exactly one event, which names its actor and its object (AT-09)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command
from django.db import transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from analytics.locks.seal import make_lock
from analytics.runs.compute import compute_run
from analytics.runs.start import run_of
from patients.casebook.page import Page, Subject
from patients.entry.register import register_identity, register_site, register_subject
from patients.oversight.review import mark_reviewed, stretch
from patients.schedule.placing import open_visit
from tests.patients.entry import casebooks
from tests.patients.web import people
from tests.patients.web.people import SETUP
from tests.trial.people import persons
from tests.trial.people.persons import try_code, try_password
from trial.people import second_factor
from trial.people.access import SystemPerson, actor_at
from trial.people.accounts import create_account, disable_account, end_role, issue_link
from trial.people.models import Account, Member
from trial.people.roles import Role
from trial.protocol.configuration import SETTINGS
from trial.protocol.configuring import configure
from trial.trail.actor import Source, acting
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

TEST = SETUP.user_name
OTHER = SystemPerson("other", on_behalf_of="somebody else")


@dataclass
class World:
    """A site with a subject and people; what an act needs is made before it is looked at."""

    subject: Subject
    coordinator: Account
    manager: Account
    secret: str
    folder: Path

    @property
    def page(self) -> Page:
        return people.page_of(self.subject, "DM", "SCR")

    def request(self, person: Account) -> HttpRequest:
        request = RequestFactory().post("/")
        request.user, request.session = person, SessionStore()
        return request


@pytest.fixture
def world(db: None, tmp_path: Path, settings: Any) -> World:
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    settings.CHIMERA_HOME = tmp_path
    coordinator = people.a_member(Role.COORDINATOR, name="lin.qiao")
    manager = people.a_member(Role.DATA_MANAGER, name="mei.zhang")
    return World(people.a_subject(), coordinator, manager, persons.with_telephone(manager), tmp_path)


Deed = Callable[[], object]
ACTS: list[tuple[Callable[[World], Deed], str, str, str]] = []
"""How an act is made ready (it gives what then does it), its name, its actor, and its object."""


def act(name: str, actor: str, about: str) -> Callable[[Callable[[World], Deed]], Callable[[World], Deed]]:
    def keep(prepare: Callable[[World], Deed]) -> Callable[[World], Deed]:
        ACTS.append((prepare, name, actor, about))
        return prepare

    return keep


# --- signing in --------------------------------------------------------------------------------------------
@act("person.signed_in", "lin.qiao", "lin.qiao")
def sign_in(world: World) -> Deed:
    return lambda: try_password(Client(), "lin.qiao")


@act("sign_in.refused", "system:sign-in", "lin.qiao")
def fail_to_sign_in(world: World) -> Deed:
    return lambda: try_password(Client(), "lin.qiao", "wrong")


@act("sign_in.locked", "system:sign-in", "lin.qiao")
def be_locked_out(world: World) -> Deed:
    """The fifth failure is a failure and the lock: two events, of which one is the lock."""
    for _try in range(4):
        try_password(Client(), "lin.qiao", "wrong")
    return lambda: try_password(Client(), "lin.qiao", "wrong")


@act("person.signed_out", "lin.qiao", "lin.qiao")
def sign_out(world: World) -> Deed:
    client = people.signed_in(world.coordinator)
    return lambda: client.post(reverse("sign-out"))


@act("recovery_code.used", "mei.zhang", "mei.zhang")
def use_a_recovery_code(world: World) -> Deed:
    codes = second_factor.recovery_codes(world.manager)
    assert codes
    code = codes.get_unused_codes()[0]
    client = Client()
    try_password(client, "mei.zhang")
    return lambda: try_code(client, code)


@act("second_factor.added", TEST, "lin.qiao")
def add_a_telephone(world: World) -> Deed:
    return lambda: persons.with_telephone(world.coordinator)


@act("second_factor.removed", "lin.qiao", "lin.qiao")
def remove_a_telephone(world: World) -> Deed:
    persons.with_telephone(world.coordinator)
    factor = world.coordinator.authenticator_set.exclude(type="recovery_codes").get()
    request = world.request(world.coordinator)
    return lambda: second_factor.remove_factor(world.coordinator, factor.pk, request=request)


@act("recovery_codes.made", "mei.zhang", "mei.zhang")
def make_recovery_codes(world: World) -> Deed:
    return lambda: second_factor.new_recovery_codes(world.manager, request=world.request(world.manager))


@act("second_factor.reset_requested", TEST, "mei.zhang")
def ask_for_a_reset(world: World) -> Deed:
    return lambda: second_factor.request_reset(world.manager, by=SETUP, reason="lost")


@act("second_factor.reset", OTHER.user_name, "mei.zhang")
def reset_the_second_factor(world: World) -> Deed:
    second_factor.request_reset(world.manager, by=SETUP, reason="lost")
    return lambda: second_factor.approve_reset(world.manager, by=OTHER)


# --- accounts ----------------------------------------------------------------------------------------------
@act("account.created", TEST, "new.one")
def make_an_account(world: World) -> Deed:
    return lambda: create_account("new.one", "New One", by=SETUP)


@act("set_up_link.issued", TEST, "lin.qiao")
def issue_a_link(world: World) -> Deed:
    return lambda: issue_link(world.coordinator, by=SETUP)


@act("password.set", "new.one", "new.one")
def set_a_password(world: World) -> Deed:
    link = issue_link(create_account("new.one", "New One", by=SETUP), by=SETUP)
    own = "a sentence that nobody else has"
    return lambda: Client().post(link, {"password": own, "again": own})


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


# --- subjects and pages ------------------------------------------------------------------------------------
@act("site.registered", TEST, "HZ02")
def register_a_site(world: World) -> Deed:
    return lambda: register_site("HZ02", "Ningbo", by=SETUP, source=Source.COMMAND)


@act("subject.registered", TEST, "HZ01-002")
def register_a_subject(world: World) -> Deed:
    site = world.subject.site
    return lambda: register_subject("HZ01-002", site, by=SETUP, source=Source.COMMAND)


@act("identity.recorded", TEST, "HZ01-001")
def record_identity(world: World) -> Deed:
    named = {"full_name": "Invented", "hospital_number": "1"}
    return lambda: register_identity(world.subject, **named, by=SETUP, source=Source.COMMAND)


@act("visit.opened", TEST, "HZ01-001 UNS1")
def open_a_visit(world: World) -> Deed:
    def deed() -> None:
        with transaction.atomic(), acting(actor_at(SETUP, site="HZ01", source=Source.COMMAND)):
            open_visit(world.subject, "UNS1", date(2025, 6, 1))

    return deed


@act("page.saved", "lin.qiao", "HZ01-001 SCR DM")
def save_a_page(world: World) -> Deed:
    return lambda: people.save(world.page, {"sex": "F"}, by=world.coordinator)


@act("page.saved", "lin.qiao", "HZ01-001 SCR DM")
def open_a_query_by_a_save(world: World) -> Deed:
    """What an edit check asks is a change inside the act of the save, with the step as its author."""
    return lambda: people.save(world.page, {"sex": "F", "fertile": "Y"}, by=world.coordinator)


@act("identity.viewed", "lin.qiao", "HZ01-001 SCR DM")
def look_at_an_identity(world: World) -> Deed:
    people.save(world.page, {"birth_date": "1992-04-04"})
    client = people.signed_in(world.coordinator)
    return lambda: client.get(world.page.get_absolute_url())


@act("casebook.imported", "system:import", "in")
def import_a_casebook(world: World) -> Deed:
    """Each page is an act of its own, and the import as a whole is one."""
    folder = casebooks.write(world.folder / "in", casebooks.sheets(1))
    return lambda: casebooks.imported(folder)


# --- review and read-outs ----------------------------------------------------------------------------------
@act("trail.reviewed", "mei.zhang", "HZ01-001")
def review_the_trail(world: World) -> Deed:
    seen = stretch("HZ01", "HZ01-001", by=world.manager)
    return lambda: mark_reviewed(seen, by=world.manager)


@act("trail.exported", "mei.zhang", "HZ01-001")
def take_the_trail_out(world: World) -> Deed:
    client = people.signed_in(world.manager)
    url = reverse("trail-export", args=["csv"])
    return lambda: list(client.post(url, {"subject": "HZ01-001"}).streaming_content)  # type: ignore[call-overload]


@act("trail.verified", "system:verification", "")
def verify_the_trail(world: World) -> Deed:
    def deed() -> None:
        with pytest.raises(SystemExit):
            call_command("verify_trail", "--json", verbosity=0)

    return deed


@act("trail.archived", "system:archive", "")
def archive_the_trail(world: World) -> Deed:
    return lambda: call_command("archive_trail", world.folder / "archive", verbosity=0)


@act("configuration.changed", TEST, "ctcae_version")
def change_the_configuration(world: World) -> Deed:
    text = str(SETTINGS["ctcae_version"].default)
    return lambda: configure("ctcae_version", text, by=SETUP, reason="test", approver="the trial team")


@act("lock.made", TEST, "lock ")
def make_a_lock(world: World) -> Deed:
    return lambda: make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)


@act("run.finished", "system:run", "run ")
def finish_a_run(world: World) -> Deed:
    lock = make_lock(date(2025, 8, 5), "interim analysis", by=SETUP, source=Source.COMMAND)
    return lambda: compute_run(run_of(lock.snapshot).pk)


def test_there_are_at_least_24_acts() -> None:
    assert len({name for _prepare, name, _actor, _about in ACTS}) >= 24


@pytest.mark.requirement("AT-09")
@pytest.mark.parametrize(("prepare", "name", "actor", "about"), ACTS, ids=[a[0].__name__ for a in ACTS])
def test_an_act_is_exactly_one_event_with_its_actor_and_its_object(
    prepare: Callable[[World], Deed], name: str, actor: str, about: str, world: World
) -> None:
    deed = prepare(world)
    before = TrailEvent.objects.latest("pk").pk
    deed()
    event = TrailEvent.objects.get(pk__gt=before, action=name)  # raises unless it is one
    assert event.actor.startswith(actor)
    objects = (event.about, event.site, f"{event.subject} {event.visit} {event.form}".strip())
    assert any(each.startswith(about) and each for each in objects), objects
