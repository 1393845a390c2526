"""Signing in and out. Each sign-in, each refusal and each sign-out is an event of the trail."""

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from trial.people.access import actor_at
from trial.people.models import Account
from trial.trail.actor import Actor, Source, acting, system_actor
from trial.trail.record import Place, record_event

UNKNOWN_NAME = "unknown user name"


class SignIn(LoginView):
    """A wrong password and an unknown user name get the same answer."""

    template_name = "sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        account = form.get_user()
        if not isinstance(account, Account):
            raise TypeError(f"{type(account).__name__} cannot sign in")
        with transaction.atomic():
            _record("person.signed_in", _person(self.request, account), account.user_name)
            return super().form_valid(form)

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        typed = form.data.get("username", "")
        with transaction.atomic():
            _record("sign_in.refused", system_actor("sign-in", Source.WEB), _known_name(typed))
        return super().form_invalid(form)


class SignOut(LogoutView):
    """By POST alone: a link on another page must not sign a person out."""

    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:  # type: ignore[override]
        if isinstance(request.user, Account):
            with transaction.atomic():
                _record("person.signed_out", _person(request, request.user), request.user.user_name)
        return super().post(request, *args, **kwargs)


def _person(request: HttpRequest, account: Account) -> Actor:
    return actor_at(account, site="", source=Source.WEB, request_id=request.request_id)  # type: ignore[attr-defined]


def _record(action: str, actor: Actor, about: str) -> None:
    with acting(actor):
        record_event(action, Place(about=about))


def _known_name(typed: str) -> str:
    """The user name that was tried. A name that nobody has is not kept: people type passwords there."""
    known = Account.objects.filter(user_name__iexact=typed[:150]).values_list("user_name", flat=True)
    return known.first() or UNKNOWN_NAME
