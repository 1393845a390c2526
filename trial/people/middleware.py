"""What holds for each request: what its route needs, limits of the session, the second factor, the actor."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from trial.edition import EDITION
from trial.people.access import actor_at, holds
from trial.people.acts import record_act
from trial.people.models import Account
from trial.people.needs import OF_TOKENS, At, Door, Need, need_of
from trial.people.roles import Permission
from trial.people.second_factor import must_add_second_factor
from trial.people.sessions import ends_at, forget, touch
from trial.trail.actor import Source, acting

Answer = Callable[[HttpRequest], HttpResponse]

# What somebody without the second factor that the role needs can reach.
SETTING_UP = frozenset(
    {"second-factor", "add-telephone", "add-passkey", "recovery-codes", "confirm", "sign-out", "set-language"}
)


def number_of(request: HttpRequest) -> str:
    """The id that groups what one request did, given to it by the first who asks."""
    number: str = getattr(request, "request_id", "") or uuid4().hex
    request.request_id = number  # type: ignore[attr-defined]
    return number


def is_for_programs(request: HttpRequest) -> bool:
    """Whether a program called, which is answered with a problem and not sent to another page."""
    return request.path.startswith(("/api/", "/redcap/", "/dataset-json/"))


class SessionLimits:
    """A session that has lasted too long, or was left alone, ends at the server (AC-12)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number_of(request)
        if not isinstance(request.user, Account):
            return self.get_response(request)
        if ends_at(request.session) <= timezone.now():
            self._end(request, request.user)
            return self.get_response(request) if is_for_programs(request) else self._to_sign_in(request)
        touch(request.session)
        return self.get_response(request)

    @staticmethod
    def _end(request: HttpRequest, account: Account) -> None:
        record_act("session.ended", account.user_name, by=account, request=request, reason="time")
        forget(request.session.session_key)
        logout(request)

    @staticmethod
    def _to_sign_in(request: HttpRequest) -> HttpResponse:
        query = urlencode({"next": request.get_full_path(), "ended": "1"})
        return HttpResponseRedirect(f"{reverse('sign-in')}?{query}")


class Declared(LoginRequiredMiddleware):
    """Lets through what the view of a route declares, and nothing else (AC-01).

    Whoever has not signed in is sent to the sign-in. A permission that somebody holds nowhere is refused
    here; for a record the view asks again at its site (`needs.authorise`). Tokens are checked by `TokenMay`,
    sessions of programs by the view that they call.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        need = need_of(view_func)
        if need is None:
            raise PermissionDenied(f"{request.path} declares nothing of who may call it")
        if any("\0" in str(name) for name in view_kwargs.values()):
            raise Http404  # PostgreSQL takes no such text, and nothing has such a name
        if need.door in (*OF_TOKENS, Door.SESSION):
            return None  # the REST framework asks, and answers in its own form
        if need.door is Door.PERSON and not isinstance(request.user, Account):
            return self.handle_no_permission(request, view_func)
        if request.method not in need.by_method:
            return HttpResponseNotAllowed(need.methods)
        if isinstance(request.user, Account):
            _refuse_unless_held(request.user, need, need.permission(str(request.method)))
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which Chimera answered, to whoever is known (VD-04)."""
        need = need_of(request.resolver_match.func) if request.resolver_match else None
        if need and need.door is not Door.ANYONE and response.status_code < HTTPStatus.BAD_REQUEST:
            response["Chimera-Edition"] = EDITION
        return response


def _refuse_unless_held(person: Account, need: Need, permission: Permission | None) -> None:
    """404 for a record if somebody reads nowhere, 403 for another page that takes what they do not hold."""
    if need.at is At.ITS_SITE and not holds(person, Permission.READ):
        raise Http404
    if need.at is not At.ITS_SITE and permission is not None and not holds(person, permission):
        raise PermissionDenied(f"{person.user_name}: {permission} nowhere")


class SecondFactorFirst:
    """Who holds a role that needs a second factor and has none sets one up before anything else (AC-09)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> HttpResponse | None:
        here = request.resolver_match.url_name if request.resolver_match else None
        if here in SETTING_UP or is_for_programs(request) or not isinstance(request.user, Account):
            return None
        return redirect("second-factor") if must_add_second_factor(request.user) else None


class ActorMiddleware:
    """Signed-in people act in their own name; without sign-in nothing of the trial can be written."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        number = number_of(request)
        if not isinstance(request.user, Account):
            return self.get_response(request)
        with acting(actor_at(request.user, site="", source=Source.WEB, request_id=number)):
            return self.get_response(request)
