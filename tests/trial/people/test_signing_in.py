"""Signing in with password and second factor, each act with exactly one event."""

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.trial.people import persons
from tests.trial.people.persons import acts, code_of, try_code, try_password
from trial.people.models import Account
from trial.people.roles import TABLE, Permission, Role, needs_second_factor
from trial.people.second_factor import recovery_codes

pytestmark = pytest.mark.one_engine


@pytest.fixture
def secret(manager: Account) -> str:
    return persons.with_telephone(manager)


@pytest.mark.requirement("AT-09")
def test_a_sign_in_is_one_event_of_the_person(coordinator: Account, client: Client) -> None:
    assert try_password(client, "LIN.Qiao").status_code == 302
    assert acts() == [("person.signed_in", "lin.qiao", "lin.qiao")]


@pytest.mark.requirement("AC-09", "AT-09")
def test_the_password_alone_opens_no_session(manager: Account, secret: str, client: Client) -> None:
    answer = try_password(client, "mei.zhang", next="/subjects/")
    assert answer["Location"] == persons.CODE
    assert "_auth_user_id" not in client.session
    assert client.get(persons.HOME).status_code == 302
    assert acts("second_factor.added") == []
    assert try_code(client, code_of(secret))["Location"] == "/subjects/"
    assert client.get("/subjects/").status_code == 200
    assert acts("second_factor.added") == [("person.signed_in", "mei.zhang", "mei.zhang")]


@pytest.mark.requirement("AC-09")
def test_the_second_step_needs_the_first(manager: Account, secret: str, client: Client) -> None:
    assert client.get(persons.CODE)["Location"] == persons.SIGN_IN
    assert try_code(client, code_of(secret))["Location"] == persons.SIGN_IN


@pytest.mark.requirement("AC-09")
@pytest.mark.parametrize("steps", [0, -1, 1])
def test_a_code_is_accepted_once(manager: Account, secret: str, steps: int) -> None:
    with time_machine.travel("2030-03-01 10:00:10+00:00", tick=False):
        persons.sign_in(manager, secret, steps)
        again = Client()
        try_password(again, "mei.zhang")
        answer = try_code(again, code_of(secret, steps))
    assert answer.status_code == 200
    assert "was used before" in answer.content.decode()
    assert "_auth_user_id" not in again.session


@pytest.mark.requirement("AC-09")
def test_that_a_code_was_used_stands_in_the_database(manager: Account, secret: str) -> None:
    from django.core.cache import cache

    with time_machine.travel("2030-03-01 10:00:10+00:00", tick=False):
        persons.sign_in(manager, secret)
        cache.clear()  # as another worker has it
        again = Client()
        try_password(again, "mei.zhang")
        assert try_code(again, code_of(secret)).status_code == 200


@pytest.mark.requirement("AC-09")
def test_a_code_that_is_over_is_refused(manager: Account, secret: str, client: Client) -> None:
    try_password(client, "mei.zhang")
    assert try_code(client, code_of(secret, -3)).status_code == 200
    assert try_code(client, code_of(secret, 3)).status_code == 200
    assert acts("second_factor.added") == [("sign_in.refused", acts()[-1][1], "mei.zhang")] * 2


@pytest.mark.requirement("AC-09", "AT-09")
def test_a_recovery_code_signs_in_once(manager: Account, secret: str, client: Client) -> None:
    code = recovery_codes(manager).get_unused_codes()[3]
    try_password(client, "mei.zhang")
    assert "Recovery code" in client.get(f"{persons.CODE}?recovery").content.decode()
    assert try_code(client, code).status_code == 302
    assert [act for act, *_ in acts("second_factor.added")] == ["recovery_code.used", "person.signed_in"]
    assert len(recovery_codes(manager).get_unused_codes()) == 9
    again = Client()
    try_password(again, "mei.zhang")
    assert try_code(again, code).status_code == 200


@pytest.mark.requirement("AC-09")
def test_a_dump_shows_no_seed_and_no_code(manager: Account, secret: str) -> None:
    kept = recovery_codes(manager)
    codes = kept.generate_codes()
    assert len(codes) == 10
    found = dump()
    for hidden in (secret, persons.PASSWORD, *codes):
        assert hidden not in found
    assert manager.user_name in found


def dump() -> str:
    """Every row of every table."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows.extend(map(repr, cursor.fetchall()))
    return "\n".join(rows)


@pytest.mark.requirement("AC-09")
def test_the_seed_of_a_telephone_that_is_not_confirmed_is_encrypted_too(manager: Account) -> None:
    page = persons.signed_in(manager).get(reverse("add-telephone"))
    shown = page.context["secret"].replace(" ", "")
    assert len(shown) == 32
    client_rows = dump()
    assert shown not in client_rows
    from django.contrib.sessions.models import Session

    assert all(shown not in repr(session.get_decoded()) for session in Session.objects.all())


@pytest.mark.requirement("AC-09")
@pytest.mark.parametrize("role", list(Role))
def test_whose_role_signs_locks_exports_or_administers_sets_one_up_first(db: None, role: Role) -> None:
    client = persons.sign_in(persons.a_person(role))
    led = [client.get(reverse(name)).get("Location") for name in ("subjects", "my-sessions", "home")]
    needs = needs_second_factor(role)
    assert (led == [reverse("second-factor")] * 3) is needs
    assert client.get(reverse("second-factor")).status_code == 200
    guarded = {Permission.LOCK, Permission.EXPORT, Permission.MANAGE_ACCOUNTS}
    assert needs or not TABLE[role] & guarded


@pytest.mark.requirement("AC-09")
def test_a_role_granted_during_a_session_asks_for_the_second_factor_at_once(coordinator: Account) -> None:
    client = persons.sign_in(coordinator)
    assert client.get(persons.HOME).status_code == 200
    grant = coordinator.grants.get()
    coordinator.grants.create(site=grant.site, role=Role.INVESTIGATOR, granted_by="test", reason="test")
    assert client.get(persons.HOME)["Location"] == reverse("second-factor")


@pytest.mark.requirement("AC-08")
def test_somebody_disabled_between_password_and_code_gets_no_session(
    manager: Account, secret: str, client: Client
) -> None:
    try_password(client, "mei.zhang")
    Account.objects.filter(pk=manager.pk).update(is_active=False)
    assert try_code(client, code_of(secret))["Location"] == persons.SIGN_IN
    assert "_auth_user_id" not in client.session
    assert "person.signed_in" not in [act for act, *_ in acts()]


@pytest.mark.requirement("AC-12")
def test_a_password_that_was_changed_before_the_code_opens_no_session(
    manager: Account, secret: str, client: Client
) -> None:
    try_password(client, "mei.zhang")
    manager.set_password("a sentence that nobody else has")
    manager.save()
    assert try_code(client, code_of(secret))["Location"] == persons.SIGN_IN
    assert "_auth_user_id" not in client.session


@pytest.mark.requirement("AC-12")
def test_the_key_of_the_session_changes_with_the_sign_in(coordinator: Account, client: Client) -> None:
    client.get(f"{persons.SIGN_IN}?next=/subjects/")
    session = client.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key
    try_password(client, "lin.qiao")
    assert client.session.session_key != before
    old = Client()
    old.cookies["sessionid"] = before
    assert not persons.is_in(old)


def test_nobody_signs_up_and_there_is_no_other_page_of_the_library(client: Client) -> None:
    for path in ("/accounts/signup/", "/signup/", "/accounts/login/", "/accounts/password/reset/"):
        assert client.get(path).status_code == 404


@pytest.mark.requirement("AT-09")
def test_a_second_factor_added_is_one_event(manager: Account) -> None:
    client = persons.signed_in(manager)
    page = client.get(reverse("add-telephone"))
    assert "<svg" in page.content.decode()
    assert "style=" not in page.context["picture"]
    wrong = client.post(reverse("add-telephone"), {"code": "000000"})
    assert wrong.status_code == 422
    assert not Authenticator.objects.exists()
    secret = page.context["secret"].replace(" ", "")
    answer = client.post(reverse("add-telephone"), {"code": code_of(secret)})
    assert answer["Location"] == reverse("recovery-codes")
    assert len(client.get(answer["Location"]).context["codes"]) == 10
    assert acts() == [("second_factor.added", "mei.zhang", "mei.zhang")]
    assert client.get(persons.HOME).status_code == 200
