"""Who locks, approves or unlocks proves again who that is, as for a signature (AV 7.5.3)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from patients.web.shell import Shell
from trial.people.models import Account
from trial.people.reauthentication import Proof, needed_proof
from trial.people.second_factor_pages import passkey_question


def show_asking(
    request: HttpRequest, template: str, screen: object, frame: Shell, person: Account, status: int
) -> HttpResponse:
    """A screen in its frame whose form asks for the next proof of this session (`proof` in the template)."""
    needed = needed_proof(request)
    asks: dict[str, Any] = {
        "user_name": person.user_name,
        "asks_user_name": Proof.USER_NAME in needed,
        "asks_code": Proof.SECOND_FACTOR in needed,
    }
    passkey = passkey_question(person) if Proof.SECOND_FACTOR in needed else {}
    context = {"screen": screen, "shell": frame, "proof": asks, **passkey}
    return render(request, template, context, status=status)
