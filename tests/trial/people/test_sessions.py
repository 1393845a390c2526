"""How long a session lasts, where it is listed, and how it is killed."""

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.conf import settings as live
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from tests.trial.people import persons
from tests.trial.people.persons import acts, is_in
from tests.trial.trail.faults import counted
from trial.celery import app
from trial.people.accounts import disable_account, end_role
from trial.people.models import Account
from trial.people.roles import Permission
from trial.people.tokens import ExportToken, issue_token

NOW = "2030-03-01 10:00:00+00:00"
SESSIONS = reverse("my-sessions")


@pytest.mark.requirement("AC-12")
def test_half_an_hour_without_a_request_ends_a_session(coordinator: Account) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = persons.sign_in(coordinator)
        clock.shift(29 * 60)
        assert client.get(persons.HOME).status_code == 200
        clock.shift(29 * 60)
        assert client.get(persons.HOME).status_code == 200
        key = client.session.session_key
        clock.shift(31 * 60)
        answer = client.get(f"{persons.HOME}?page=2")
    assert answer["Location"] == f"{persons.SIGN_IN}?next=%2Fsubjects%2F%3Fpage%3D2&ended=1"
    assert not Session.objects.filter(session_key=key).exists()
    assert acts("person.signed_in") == [("session.ended", "lin.qiao", "lin.qiao")]
    assert "Your session has ended" in client.get(answer["Location"]).content.decode()


@pytest.mark.requirement("AC-12")
def test_twelve_hours_end_a_session_that_was_never_left(coordinator: Account) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = persons.sign_in(coordinator)
        for _ in range(28):
            clock.shift(25 * 60)
            assert client.get(persons.HOME).status_code == 200
        clock.shift(21 * 60)
        assert client.get(persons.HOME).status_code == 302


@pytest.mark.requirement("AC-12")
def test_that_the_person_is_there_is_written_once_a_minute(coordinator: Account) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = persons.sign_in(coordinator)
        writes = []
        for seconds in (30, 29, 2, 59, 30):
            clock.shift(seconds)
            with counted() as sent:
                client.get(reverse("second-factor"))
            writes.append(sum(sql.startswith("UPDATE") for sql in sent))
    assert [bool(n) for n in writes] == [False, False, True, False, True]


def test_an_ordinary_request_reads_session_and_person_in_one_statement_each(coordinator: Account) -> None:
    client = persons.sign_in(coordinator)
    with counted() as sent:
        client.get("/nothing/")
    assert len(sent) == 2, "\n".join(sent)


def test_at_night_the_sessions_that_are_over_are_forgotten(coordinator: Account) -> None:
    """With the addresses and browsers that they came from; who is there stays signed in."""
    with time_machine.travel(NOW, tick=False) as clock:
        persons.sign_in(coordinator)
        clock.shift(11 * 60 * 60)
        here = persons.sign_in(coordinator)
        clock.shift(2 * 60 * 60)
        here = persons.sign_in(coordinator)
        nightly = live.CELERY_BEAT_SCHEDULE["clear-sessions"]
        assert (nightly["schedule"].hour, nightly["schedule"].minute) == ({3}, {30})
        app.loader.import_default_modules()
        app.tasks[nightly["task"]].run()
        assert Session.objects.count() == UserSession.objects.count() == 2
        assert is_in(here)


@pytest.mark.requirement("AC-12")
def test_signing_out_kills_the_session_at_the_server(coordinator: Account) -> None:
    client = persons.sign_in(coordinator)
    old = Client()
    old.cookies["sessionid"] = client.session.session_key
    assert is_in(old)
    client.post(reverse("sign-out"))
    assert not is_in(old)
    assert acts("person.signed_in") == [("person.signed_out", "lin.qiao", "lin.qiao")]


@pytest.mark.requirement("AC-12", "AT-09")
def test_own_sessions_are_listed_and_another_one_is_ended(coordinator: Account) -> None:
    here, there = persons.sign_in(coordinator), persons.sign_in(coordinator)
    listed = here.get(SESSIONS).context["sessions"]
    assert sorted(each.here for each in listed) == [False, True]
    other = next(each for each in listed if not each.here)
    assert here.post(SESSIONS, {"session": other.pk}).status_code == 302
    assert is_in(here)
    assert not is_in(there)
    assert acts("person.signed_in") == [("session.ended", "lin.qiao", "lin.qiao")]


@pytest.mark.requirement("AC-12")
def test_the_session_of_somebody_else_is_not_found(coordinator: Account) -> None:
    other = persons.a_person(name="ning.wu")
    theirs, mine = persons.sign_in(other), persons.sign_in(coordinator)
    pk = theirs.get(SESSIONS).context["sessions"][0].pk
    for wrong in (pk, mine.get(SESSIONS).context["sessions"][0].pk, 999, "x"):
        assert mine.post(SESSIONS, {"session": wrong}).status_code == 404
    assert is_in(theirs)
    assert is_in(mine)


@pytest.mark.requirement("AC-12")
def test_the_cookie_of_a_session(coordinator: Account, client: Client) -> None:
    cookie = persons.try_password(client, "lin.qiao").cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert live.SESSION_COOKIE_AGE == 12 * 3600


@pytest.mark.requirement("AC-12")
def test_every_page_says_when_the_session_ends(coordinator: Account) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = persons.sign_in(coordinator)
        clock.shift(30)
        page = client.get(persons.HOME).content.decode()
    assert 'data-seconds="1770"' in page
    assert 'data-warning="120"' in page
    assert "Without input you are signed out at" in page
    assert "session.js" not in client.get(persons.SIGN_IN).content.decode() or is_in(client)


@pytest.mark.requirement("AC-12")
def test_who_stays_is_told_how_long(coordinator: Account) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = persons.sign_in(coordinator)
        clock.shift(28 * 60)
        assert client.post(reverse("stay")).json() == {"seconds": 1800}


@pytest.mark.requirement("AC-08", "AT-09")
@pytest.mark.parametrize("listed", [True, False], ids=["signed in", "a session that no list knows"])
def test_disabling_an_account_ends_its_sessions_and_tokens(coordinator: Account, listed: bool) -> None:
    client = persons.sign_in(coordinator) if listed else persons.signed_in(coordinator)
    token = token_of(coordinator)
    assert is_in(client)
    disable_account(coordinator, by=persons.SETUP, reason="left the trial")
    assert client.get(persons.HOME)["Location"].startswith(persons.SIGN_IN)
    assert with_token(token) == 401
    assert not Session.objects.exists() or not listed
    assert acts("person.signed_in") == [("account.disabled", persons.SETUP.user_name, "lin.qiao")]
    assert persons.try_password(Client(), "lin.qiao").status_code == 200


@pytest.mark.requirement("AC-08", "AT-09")
def test_ending_the_last_role_ends_sessions_and_tokens(
    coordinator: Account,
) -> None:
    first = coordinator.grants.get()
    second = coordinator.grants.create(site=first.site, role="monitor", granted_by="t", reason="t")
    client, token = persons.signed_in(coordinator), token_of(coordinator)
    end_role(second, by=persons.SETUP, reason="other duties")
    assert is_in(client)
    assert with_token(token) != 401
    end_role(first, by=persons.SETUP, reason="left the trial")
    assert client.get(persons.HOME)["Location"].startswith(persons.SIGN_IN)
    assert with_token(token) == 401
    assert [act for act, *_ in acts()] == ["role.ended", "role.ended"]


def token_of(account: Account) -> str:
    site = account.grants.first().site
    return issue_token("mine", by=account.user_name, sites=[site], permissions=[Permission.READ_RESULTS])


def with_token(clear: str) -> int:
    answer = Client().get("/api/v1/locks/none/estimates", headers={"Authorization": f"Token {clear}"})
    assert ExportToken.objects.exists()
    return answer.status_code


@pytest.mark.requirement("AC-12")
def test_the_cookies_of_production_belong_to_the_host_alone(tmp_path) -> None:
    import os
    import subprocess
    import sys

    keys = {f"CHIMERA_{name}_KEY": "k" * 60 for name in ("SECRET", "IDENTITY", "SECOND_FACTOR", "SEAL")}
    home = {"CHIMERA_HOME": str(tmp_path), "CHIMERA_PRODUCTION": "yes", "CHIMERA_HOSTS": "registry.example"}
    code = (
        "from trial import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, "
        "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE)"
    )
    env = {**os.environ, **keys, **home, "CHIMERA_BROKER_URL": "redis://:word@x"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["__Host-session", "__Host-csrf", "True", "True", "True", "Lax"]
    del env["CHIMERA_SECOND_FACTOR_KEY"]
    refused = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert "CHIMERA_SECOND_FACTOR_KEY" in refused.stderr
