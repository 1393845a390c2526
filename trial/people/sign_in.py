"""Signing in and out: password, then the second factor. Each sign-in, refusal and sign-out is an event.

A wrong password, an unknown user name and a locked account get the same text (AC-11).
"""

from typing import Any

from allauth.account.views import LoginView
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from django import forms
from django.contrib.auth.views import LogoutView
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from trial.people.acts import record_act
from trial.people.limits import count_failure, is_locked
from trial.people.models import Account
from trial.people.needs import anyone, signed_in
from trial.people.second_factor import accept_code
from trial.people.sessions import forget

KEPT = "kept"  # of the session before a sign-in: the page on which something typed was kept


@anyone("GET", "POST")
class SignIn(LoginView):  # type: ignore[misc]
    """User name and password."""

    template_name = "sign_in.html"

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        asked = {
            "next": self.get_next_url() or "",
            "ended": "ended" in self.request.GET,
            "kept": self.request.session.get(KEPT, ""),
        }
        return {**super().get_context_data(**more), **asked}

    def form_valid(self, form: Any) -> HttpResponse:
        # An anonymous session must not outlive the password: a known key could wait for the code.
        self.request.session.pop(KEPT, None)
        self.request.session.cycle_key()
        response: HttpResponse = super().form_valid(form)
        return response


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A code of the telephone, or a recovery code."""

    code = forms.CharField(max_length=20)

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        request = context.request
        if is_locked(request, self.user.user_name):
            raise ValidationError(_wrong())
        factor = accept_code(self.user, code, request=request)
        if factor is None:
            count_failure(request, self.user.user_name)
            raise ValidationError(_wrong())
        self.authenticator = factor
        return code


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The answer of a passkey to the challenge of this page."""

    def clean_credential(self) -> Authenticator:
        request = context.request
        if is_locked(request, self.user.user_name):
            raise ValidationError(_wrong())
        try:
            return super().clean_credential()
        except ValidationError:
            count_failure(request, self.user.user_name)
            raise ValidationError(_wrong()) from None


def _wrong() -> str:
    return _("This code is wrong or was used before.")


@anyone("GET", "POST")
class EnterSecondFactor(AuthenticateView):  # type: ignore[misc]
    """The second step of a sign-in. `?recovery` asks for a recovery code."""

    template_name = "people/enter_code.html"

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        found = super().get_context_data(**more)
        types = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        posted = self.form if self.request.method == "POST" else None
        return {
            **found,
            "refused": posted is not None and not posted.is_valid(),
            "with_telephone": Authenticator.Type.TOTP in types,
            "with_passkey": Authenticator.Type.WEBAUTHN in types,
            "recovery": "recovery" in self.request.GET or Authenticator.Type.TOTP not in types,
        }


@signed_in("POST")
class SignOut(LogoutView):
    """By POST alone: a link on another page must not sign a person out."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:  # type: ignore[override]
        if isinstance(request.user, Account):
            with transaction.atomic():
                record_act("person.signed_out", request.user.user_name, by=request.user, request=request)
                forget(request.session.session_key)
        answer = super().post(request, *args, **kwargs)
        # Nothing stays on a shared computer (PV-08).
        answer["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return answer
