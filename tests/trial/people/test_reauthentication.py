"""The proof that a signature asks for."""

import pytest
import time_machine
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.trial.people import persons
from tests.trial.people.persons import acts, code_of
from trial.people.models import Account
from trial.people.reauthentication import Proof, ProofRefused, SignerLocked, needed_proof, reauthenticated

pytestmark = pytest.mark.one_engine

NOW = "2030-03-01 10:00:00+00:00"
ALL = {Proof.USER_NAME, Proof.PASSWORD, Proof.SECOND_FACTOR}


@pytest.fixture
def secret(manager: Account) -> str:
    return persons.with_telephone(manager)


def request_of(account: Account, session: SessionStore | None = None) -> HttpRequest:
    """A request in a session of this person, a new one or the same again."""
    request = RequestFactory().post("/sign/")
    request.user = account
    request.session = session or SessionStore()
    if session is None:
        request.session.create()
    return request


def sign(request: HttpRequest, code: str = "", password: str = persons.PASSWORD, name: str = "mei.zhang"):
    return reauthenticated(request, password, code, user_name=name)


@pytest.mark.requirement("ES-01")
def test_the_first_asks_for_all_and_a_later_one_for_the_password(manager: Account, secret: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        first = request_of(manager)
        assert sign(first, code_of(secret)) == ALL
        clock.shift(14 * 60)
        later = request_of(manager, first.session)
        assert reauthenticated(later, persons.PASSWORD) == {Proof.PASSWORD}
        clock.shift(14 * 60)
        assert needed_proof(later) == {Proof.PASSWORD}
        clock.shift(60)
        assert needed_proof(later) == ALL
    assert needed_proof(request_of(manager)) == ALL


@pytest.mark.requirement("ES-01")
@pytest.mark.parametrize("missing", ["name", "password", "code"])
def test_each_part_is_needed_and_a_failure_is_one_event(manager: Account, secret: str, missing: str) -> None:
    given = {"name": "MEI.zhang", "password": persons.PASSWORD, "code": code_of(secret)}
    with pytest.raises(ProofRefused):
        sign(request_of(manager), **{**given, missing: ""})
    assert [(act, about) for act, _, about in acts("second_factor.added")] == [
        ("signature.refused", "mei.zhang")
    ]
    assert sign(request_of(manager), **{**given, "code": code_of(secret, 1)}) == ALL


@pytest.mark.requirement("ES-01", "ES-05")
def test_nobody_signs_with_the_proof_of_another(manager: Account, secret: str, coordinator: Account) -> None:
    request = request_of(manager)
    with pytest.raises(ProofRefused):
        sign(request, code_of(secret), name="lin.qiao")
    assert needed_proof(request) == ALL


@pytest.mark.requirement("ES-01", "AC-09")
def test_the_code_of_a_sign_in_does_not_sign_again(manager: Account, secret: str) -> None:
    with time_machine.travel(NOW, tick=False):
        persons.sign_in(manager, secret)
        with pytest.raises(ProofRefused):
            sign(request_of(manager), code_of(secret))


@pytest.mark.requirement("ES-01", "AC-12")
def test_the_key_of_the_session_changes_with_the_proof(manager: Account, secret: str) -> None:
    request = request_of(manager)
    before = request.session.session_key
    sign(request, code_of(secret))
    assert request.session.session_key != before
    assert not SessionStore().exists(before)


@pytest.mark.requirement("ES-08", "AC-11")
def test_five_failures_lock_the_signer_and_are_told(manager: Account, secret: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for n in range(5):
            with pytest.raises(SignerLocked if n == 4 else ProofRefused):
                sign(request_of(manager), password="wrong")  # pragma: allowlist secret
        with pytest.raises(SignerLocked):
            sign(request_of(manager), code_of(secret))
        assert persons.try_password(Client(), "mei.zhang").status_code == 429
        told = [act for act, *_ in acts()]
        assert told.count("signature.refused") == 5
        assert told.count("sign_in.locked") == 1
        clock.shift(16 * 60)
        assert sign(request_of(manager), code_of(secret)) == ALL


@pytest.mark.requirement("AC-12")
def test_a_change_of_the_second_factors_asks_for_the_proof_again(manager: Account, secret: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        client = persons.sign_in(manager, secret)
        codes = reverse("recovery-codes")
        assert client.get(codes).status_code == 200
        clock.shift(6 * 60)
        asked = client.get(codes)["Location"]
        assert asked == f"{reverse('confirm')}?next=%2Faccount%2Fsecond-factor%2Frecovery%2F"
        wrong = client.post(asked, {"password": "wrong", "code": code_of(secret)})
        assert "Password or code is wrong." in wrong.content.decode()
        before = client.session.session_key
        right = {"password": persons.PASSWORD, "code": code_of(secret), "next": codes}
        assert client.post(asked, right)["Location"] == codes
        assert client.session.session_key != before
        assert len(client.get(codes).context["codes"]) == 10
        assert [each.here for each in client.get(reverse("my-sessions")).context["sessions"]] == [True]


@pytest.mark.requirement("AC-09", "AT-09")
def test_the_last_second_factor_of_a_role_that_needs_one_stays(manager: Account, secret: str) -> None:
    client = persons.sign_in(manager, secret)
    factor = manager.authenticator_set.get(type="totp")
    refused = client.post(reverse("second-factor"), {"factor": factor.pk})
    assert refused.status_code == 422
    manager.grants.update(role="coordinator")
    assert client.post(reverse("second-factor"), {"factor": factor.pk}).status_code == 302
    assert not manager.authenticator_set.exists()
    assert [act for act, *_ in acts()].count("second_factor.removed") == 1
