"""The proof that a signature asks for (ES-01; 21 CFR 11.200(a)).

The first signing of a session asks for user name, password and second factor; a later one for the password;
all of them again in a new session, or when 15 minutes have passed since the last signing. A failure counts as
one at the sign-in: the fifth within 15 minutes locks the account and is an event of its own (ES-08).
"""

from enum import StrEnum
from typing import Any

from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from trial.people.limits import count_failure, is_locked
from trial.people.models import Account
from trial.people.second_factor import accept_code
from trial.people.sessions import rotate

SIGNED = "signed"
SIGNING_IDLE_SECONDS = 15 * 60


class Proof(StrEnum):
    """What somebody who signs has to give."""

    USER_NAME = "user_name"
    PASSWORD = "password"  # noqa: S105  # pragma: allowlist secret
    SECOND_FACTOR = "second_factor"


class ProofRefused(Exception):
    """What was given does not prove that it is this person."""


class SignerLocked(ProofRefused):
    """Too many failures: not even the right proof is accepted now. People read the same text."""


def needed_proof(request: HttpRequest) -> frozenset[Proof]:
    """What the next signing in this session asks for."""
    since = timezone.now().timestamp() - float(request.session.get(SIGNED, 0))
    if since < SIGNING_IDLE_SECONDS:
        return frozenset({Proof.PASSWORD})
    needed = {Proof.USER_NAME, Proof.PASSWORD}
    if _person(request).has_second_factor:
        needed.add(Proof.SECOND_FACTOR)
    return frozenset(needed)


def reauthenticated(
    request: HttpRequest,
    password: str,
    code: str = "",
    *,
    user_name: str = "",
    passkey: dict[str, Any] | None = None,
) -> frozenset[Proof]:
    """Accept the proof that a signature of the person signed in needs now, and say what it consisted of.

    The key of the session changes. Raises ProofRefused, and SignerLocked from the fifth failure on.
    """
    needed = needed_proof(request)
    request.refused_act = "signature.refused"  # type: ignore[attr-defined]
    prove(request, needed, user_name=user_name, password=password, code=code, passkey=passkey)
    request.session[SIGNED] = timezone.now().timestamp()
    rotate(request)
    return needed


def prove(
    request: HttpRequest,
    needed: frozenset[Proof],
    *,
    password: str,
    user_name: str = "",
    code: str = "",
    passkey: dict[str, Any] | None = None,
) -> None:
    """Check each part that is needed. Raises ProofRefused and SignerLocked; a failure is counted once."""
    person = _person(request)
    if is_locked(request, person.user_name):
        raise SignerLocked(person.user_name)
    if Proof.USER_NAME in needed and user_name.strip().casefold() != person.user_name.casefold():
        _refuse(request, person)
    if authenticate(request, username=person.user_name, password=password) is None:
        raise _refusal(request, person)  # the failure was counted by authenticate()
    if Proof.SECOND_FACTOR in needed and not _second_factor(request, person, code, passkey):
        _refuse(request, person)


def _second_factor(request: HttpRequest, person: Account, code: str, passkey: dict[str, Any] | None) -> bool:
    if passkey is None:
        return accept_code(person, code, request=request) is not None
    try:
        webauthn.parse_authentication_response(passkey)
        webauthn.complete_authentication(person, passkey)
    except ValidationError:
        return False
    return True


def _refuse(request: HttpRequest, person: Account) -> None:
    count_failure(request, person.user_name)
    raise _refusal(request, person)


def _refusal(request: HttpRequest, person: Account) -> ProofRefused:
    locked = getattr(request, "axes_locked_out", False)
    return (SignerLocked if locked else ProofRefused)(person.user_name)


def _person(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise TypeError("only somebody who signed in can prove it again")
    return request.user
