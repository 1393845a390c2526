"""Accounts and the links by which their owners set a password, by function, page and command."""

import re
import subprocess

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.conftest import Registry
from tests.trial.people import persons
from tests.trial.people.persons import SETUP, acts, try_password
from trial.people.access import SystemPerson
from trial.people.accounts import NameTaken, create_account, disable_account, issue_link
from trial.people.models import Account, Member, SetUpLink
from trial.people.roles import Role
from trial.people.routes import routes
from trial.people.second_factor import (
    NeedsAnother,
    NotRequested,
    approve_reset,
    recovery_codes,
    request_reset,
)

OWN = "a sentence that nobody else has"
NOW = "2030-03-01 10:00:00+00:00"


@pytest.fixture
def new_one(db: None) -> Account:
    return create_account("new.one", "New One", by=SETUP)


def set_password(link: str, password: str = OWN, again: str | None = None):
    return Client().post(link, {"password": password, "again": password if again is None else again})


@pytest.mark.requirement("ES-06", "AT-09")
def test_the_owner_sets_the_password_by_a_link_once(new_one: Account) -> None:
    assert not new_one.has_usable_password()
    link = issue_link(new_one, by=SETUP)
    assert Client().get(link).status_code == 200
    assert "Password set" in set_password(link).content.decode()
    assert set_password(link, "another sentence of hers").status_code == 410
    assert Client().get(link).status_code == 410
    assert try_password(Client(), "new.one", OWN).status_code == 302
    assert [(act, about) for act, _, about in acts("set_up_link.refused", "person.signed_in")] == [
        ("account.created", "new.one"),
        ("set_up_link.issued", "new.one"),
        ("password.set", "new.one"),
    ]
    assert acts()[2][1] == "new.one"


@pytest.mark.requirement("ES-06")
def test_a_link_lives_an_hour(new_one: Account) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        link = issue_link(new_one, by=SETUP)
        clock.shift(59 * 60)
        assert Client().get(link).status_code == 200
        clock.shift(2 * 60)
        assert Client().get(link).status_code == 410
        assert set_password(link).status_code == 410


@pytest.mark.requirement("ES-06")
def test_a_new_link_voids_the_one_before(new_one: Account) -> None:
    first, second = issue_link(new_one, by=SETUP), issue_link(new_one, by=SETUP)
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200


@pytest.mark.requirement("ES-06")
def test_only_a_hash_of_the_secret_is_kept(new_one: Account) -> None:
    from tests.trial.people.test_signing_in import dump

    secret = issue_link(new_one, by=SETUP).split("/")[2]
    assert len(secret) >= 43
    assert secret not in dump()


@pytest.mark.requirement("AC-10")
def test_a_refused_password_leaves_the_link_as_it_was(new_one: Account) -> None:
    link = issue_link(new_one, by=SETUP)
    for password, again in (("short", None), ("my new.one password", None), (OWN, "different")):
        answer = set_password(link, password, again)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
        assert OWN not in answer.content.decode()
    assert set_password(link).status_code == 200


@pytest.mark.requirement("ES-06", "AC-12")
def test_a_password_set_by_link_ends_the_sessions_and_the_lock(coordinator: Account) -> None:
    client = persons.sign_in(coordinator)
    for _ in range(5):
        try_password(Client(), "lin.qiao", "wrong")
    set_password(issue_link(coordinator, by=SETUP))
    assert not persons.is_in(client)
    assert try_password(Client(), "lin.qiao").status_code == 200
    assert try_password(Client(), "lin.qiao", OWN).status_code == 302


@pytest.mark.requirement("ES-06")
def test_no_address_sets_the_password_of_somebody_else(db: None) -> None:
    """One is for who has the link, one for who is signed in and knows the present password."""
    found = [route.address for route in routes() if "password" in route.address]
    assert found == ["/set-password/<str:secret>/", "/account/password/"]


@pytest.mark.requirement("ES-07")
@pytest.mark.parametrize("name", ["new.one", "NEW.One"])
@pytest.mark.parametrize("disabled", [False, True])
def test_a_user_name_is_never_used_again(new_one: Account, name: str, disabled: bool) -> None:
    if disabled:
        disable_account(new_one, by=SETUP, reason="left")
    with pytest.raises(NameTaken):
        create_account(name, "Somebody Else", by=SETUP)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create_account(name, "Somebody Else")
    with pytest.raises(TypeError, match="never deleted"):
        new_one.delete()
    assert Account.objects.get().printed_name == "New One"


def test_an_account_that_nobody_can_be_called_is_refused(db: None) -> None:
    with pytest.raises(ValidationError):
        create_account("x" * 151, "X", by=SETUP)
    assert acts() == []


@pytest.mark.requirement("AC-08", "ES-06")
def test_a_disabled_account_gets_no_link_and_one_that_it_has_is_over(new_one: Account) -> None:
    link = issue_link(new_one, by=SETUP)
    disable_account(new_one, by=SETUP, reason="left")
    disable_account(new_one, by=SETUP, reason="left")
    assert Client().get(link).status_code == 410
    new_one.refresh_from_db()
    with pytest.raises(ValidationError):
        issue_link(new_one, by=SETUP)
    assert [act for act, *_ in acts()].count("account.disabled") == 1


# --- the second factor is reset by two people --------------------------------------------------------------
@pytest.mark.requirement("AC-09", "AT-09")
def test_a_reset_of_a_second_factor_takes_two_people(manager: Account) -> None:
    persons.with_telephone(manager)
    one, two = (persons.a_person(Role.ACCOUNT_ADMINISTRATOR, name) for name in ("admin.one", "admin.two"))
    client = persons.signed_in(manager)
    with pytest.raises(NotRequested):
        approve_reset(manager, by=two)
    request_reset(manager, by=one, reason="telephone lost")
    for same in (one, manager):
        with pytest.raises(NeedsAnother):
            approve_reset(manager, by=same)
    assert recovery_codes(manager) is not None
    approve_reset(manager, by=two)
    assert recovery_codes(manager) is None
    assert not persons.is_in(client)
    with pytest.raises(NotRequested):
        approve_reset(manager, by=two)
    assert acts("second_factor.added") == [
        ("second_factor.reset_requested", "admin.one", "mei.zhang"),
        ("second_factor.reset", "admin.two", "mei.zhang"),
    ]


@pytest.mark.requirement("AC-09")
def test_of_commands_the_users_of_the_operating_system_are_the_two_people(manager: Account) -> None:
    request_reset(manager, by=SystemPerson("account", on_behalf_of="ada"), reason="lost")
    with pytest.raises(NeedsAnother):
        approve_reset(manager, by=SystemPerson("account", on_behalf_of="ada"))
    approve_reset(manager, by=SystemPerson("account", on_behalf_of="bea"))


@pytest.mark.requirement("AC-09")
def test_the_database_too_refuses_one_person(manager: Account) -> None:
    request_reset(manager, by=SETUP, reason="lost")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE trial_secondfactorreset SET approved_by = requested_by")


# --- from the command line ---------------------------------------------------------------------------------
def test_the_command_makes_an_account_with_a_role_and_prints_its_link(coordinator: Account, capsys) -> None:
    call_command("account", "create", "ning.wu", "Wu Ning", "--role", "monitor", "--site", "HZ01")
    said = capsys.readouterr()
    link = re.fullmatch(r"http://127\.0\.0\.1:8000(/set-password/\S+/)\n", said.out)
    assert link
    assert set_password(link[1]).status_code == 200
    assert Member.objects.get(account__user_name="ning.wu").role == Role.MONITOR
    call_command("account", "link", "NING.wu")
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8000/set-password/")
    call_command("account", "disable", "ning.wu", "--reason", "left")
    assert not Account.objects.get(user_name="ning.wu").is_active


@pytest.mark.parametrize(
    "given",
    [
        ("create", "lin.qiao", "Another"),
        ("create", "new.one", "New One", "--role", "monitor"),
        ("create", "new.one", "New One", "--role", "monitor", "--site", "XX99"),
        ("link", "nobody"),
        ("disable", "nobody", "--reason", "left"),
        ("reset-second-factor", "lin.qiao", "--approve"),
    ],
    ids=lambda given: " ".join(given[:2]),
)
def test_the_command_says_what_it_refuses(coordinator: Account, given: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("account", *given)
    assert Account.objects.count() == 1
    assert acts() == []


@pytest.mark.requirement("AC-09")
def test_the_command_resets_by_two(manager: Account, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    persons.with_telephone(manager)
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    call_command("account", "reset-second-factor", "mei.zhang", "--reason", "telephone lost")
    with pytest.raises(CommandError, match="another user"):
        call_command("account", "reset-second-factor", "mei.zhang", "--approve")
    monkeypatch.setattr("getpass.getuser", lambda: "bea")
    call_command("account", "reset-second-factor", "mei.zhang", "--approve")
    assert recovery_codes(manager) is None


# --- the first start ---------------------------------------------------------------------------------------
START = "import trial.wsgi"


def started(registry: Registry) -> str:
    """What the log of a server shows that starts on this registry."""
    return registry.run("shell", "--no-imports", "-c", START).stderr


@pytest.mark.one_engine
@pytest.mark.requirement("ES-06")
def test_the_first_start_prints_a_link_for_the_first_administrator(registry: Registry) -> None:
    said = started(registry)
    assert re.search(r"administrator.* http://127\.0\.0\.1:8000/set-password/[\w-]{43}/", said)
    assert "set-password" not in started(registry)
    made = registry.run(
        "shell", "-v0", "-c",
        "from trial.models import *; a = Account.objects.get();"
        "[(site, role)] = a.held();"
        "print(a.user_name, a.has_usable_password(), site.code, role, SetUpLink.objects.count())",
    )  # fmt: skip
    assert made.stdout.split() == ["administrator", "False", "REGISTRY", "account_administrator", "1"]


def test_a_start_with_an_administrator_who_has_a_password_prints_nothing(db: None) -> None:
    from trial.people.first_start import link_for_first_administrator

    persons.a_person(Role.ACCOUNT_ADMINISTRATOR, "somebody")
    assert link_for_first_administrator() is None
    assert SetUpLink.objects.count() == 0


def test_a_link_that_was_never_used_is_printed_anew_after_an_hour(db: None) -> None:
    from trial.people.first_start import link_for_first_administrator

    with time_machine.travel(NOW, tick=False) as clock:
        first = link_for_first_administrator()
        assert link_for_first_administrator() is None
        clock.shift(61 * 60)
        second = link_for_first_administrator()
    assert first != second
    assert Account.objects.count() == 1


def test_a_start_without_tables_prints_nothing_and_goes_on(tmp_path) -> None:
    empty = Registry(tmp_path / "home", f"sqlite:///{tmp_path}/empty.sqlite3")
    done: subprocess.CompletedProcess[str] = empty.run("shell", "--no-imports", "-c", START)
    assert "set-password" not in done.stdout + done.stderr
