"""Changing one's own password: the present one is asked for, and every session ends."""

from django.contrib.auth import logout
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from trial.people.accounts import change_password
from trial.people.models import Account
from trial.people.needs import signed_in
from trial.people.reauthentication import Proof, ProofRefused, prove
from trial.people.second_factor_pages import freshly_proved


@signed_in("GET", "POST")
@sensitive_post_parameters()
@sensitive_variables()
@freshly_proved
def change(request: HttpRequest) -> HttpResponse:
    """The present password, and a new one twice; somebody else at an open screen does not have the former."""
    refused: list[str] = []
    if request.method == "POST":
        try:
            account = _changed(request)
        except ProofRefused:
            refused = [_("The present password is wrong.")]
        except ValidationError as error:
            refused = error.messages
        else:
            logout(request)
            return render(request, "people/password_changed.html", {"account": account})
    shown = {"refused": refused, "rules": password_validators_help_texts()}
    return render(request, "people/change_password.html", shown, status=422 if refused else 200)


def _changed(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise TypeError("this page is for people who signed in")
    account = request.user
    present, password, again = (request.POST.get(name, "") for name in ("present", "password", "again"))
    request.refused_act = "password.refused"  # type: ignore[attr-defined]
    prove(request, frozenset({Proof.PASSWORD}), password=present)
    if password != again:
        raise ValidationError(_("The two passwords differ."))
    change_password(account, password, request=request)
    return account
