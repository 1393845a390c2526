"""Pages of one's own account: the password by a set-up link, and the sessions that run."""

from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import password_validators_help_texts
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from trial.people import accounts
from trial.people.limits import address_of, count_failure, is_locked
from trial.people.models import Account
from trial.people.needs import anyone, signed_in
from trial.people.sessions import end_own_session, own_sessions, seconds_left


@anyone("GET", "POST")
@never_cache
@sensitive_post_parameters()
@sensitive_variables()
def set_password(request: HttpRequest, secret: str) -> HttpResponse:
    """The owner of an account sets the password; a link that is over answers 410 (ES-06)."""
    counted = f"link from {address_of(request)}"
    if is_locked(request, counted):
        return render(request, "people/link_over.html", status=410)
    try:
        account, refused = accounts.open_link(secret).account, []
        if request.method == "POST":
            password, again = (request.POST.get(name, "") for name in ("password", "again"))
            if password != again:
                refused = [_("The two passwords differ.")]
            else:
                accounts.set_password(secret, password, request=request)
                return render(request, "people/password_set.html", {"account": account})
    except accounts.LinkOver:
        request.refused_act = "set_up_link.refused"  # type: ignore[attr-defined]
        count_failure(request, counted)
        return render(request, "people/link_over.html", status=410)
    except ValidationError as error:
        refused = error.messages
    shown = {"account": account, "refused": refused, "rules": password_validators_help_texts()}
    return render(request, "people/set_password.html", shown, status=422 if refused else 200)


@signed_in("GET", "POST")
@never_cache
def my_sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; another session than this one can be ended."""
    account = _account(request)
    if request.method == "POST":
        try:
            if int(request.POST["session"]) in _this_one(request):
                raise Http404
            end_own_session(account, int(request.POST["session"]), request=request)
        except (KeyError, ValueError, UserSession.DoesNotExist) as error:
            raise Http404 from error
        return redirect("my-sessions")
    sessions = own_sessions(account, request.session.session_key)
    return render(request, "people/my_sessions.html", {"sessions": list(sessions)})


@signed_in("POST")
@never_cache
def stay(request: HttpRequest) -> HttpResponse:
    """Somebody is here: how many seconds the session now lasts. The middleware has noted the request."""
    return JsonResponse({"seconds": seconds_left(request.session)})


def _this_one(request: HttpRequest) -> list[int]:
    here = UserSession.objects.filter(session_key=request.session.session_key)
    return list(here.values_list("pk", flat=True))


def _account(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise TypeError("this page is for people who signed in")
    return request.user
