"""Pages on which people keep their second factors. A change asks for a proof not older than five minutes."""

from collections.abc import Callable
from functools import wraps
from json import JSONDecodeError, loads

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from trial.people import second_factor
from trial.people.backend import SECOND_FACTORS
from trial.people.models import Account
from trial.people.needs import signed_in
from trial.people.reauthentication import Proof, ProofRefused, prove
from trial.people.sessions import recently_proved, rotate

PENDING = "pending_telephone"  # of the session: the encrypted seed of a telephone that is not confirmed yet
View = Callable[[HttpRequest], HttpResponse]


def freshly_proved(view: View) -> View:
    """Ask for the proof again before a second factor is shown or changed."""

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        if recently_proved(request):
            return view(request)
        return redirect(f"{reverse('confirm')}?{urlencode({'next': request.path})}")

    return wrapped


@signed_in("GET", "POST")
@never_cache
@sensitive_post_parameters()
def confirm(request: HttpRequest) -> HttpResponse:
    """Prove again who is there, and go on to where that was asked."""
    account = _account(request)
    needed = frozenset({Proof.PASSWORD} | ({Proof.SECOND_FACTOR} if account.has_second_factor else set()))
    refused = False
    if request.method == "POST":
        request.refused_act = "confirmation.refused"  # type: ignore[attr-defined]
        given = {name: request.POST.get(name, "") for name in ("password", "code")}
        try:
            prove(request, needed, passkey=passkey_of(request), **given)
        except ProofRefused:
            refused = True
        else:
            rotate(request)
            return redirect(_next(request))
    shown = {"refused": refused, "next": _next(request), "with_code": Proof.SECOND_FACTOR in needed}
    return render(request, "people/confirm.html", shown | passkey_question(account))


def passkey_of(request: HttpRequest) -> dict[str, object] | None:
    """The answer of a passkey in a form, if that was used instead of a code."""
    try:
        answer = loads(request.POST.get("credential", "") or "null")
    except JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None


def passkey_question(account: Account) -> dict[str, object]:
    """What a page needs to ask for a passkey of somebody who has one."""
    factors = Authenticator.objects.filter(user=account)
    if not factors.filter(type=Authenticator.Type.WEBAUTHN).exists():
        return {"with_telephone": True}
    telephone = factors.filter(type=Authenticator.Type.TOTP).exists()
    asked = {"request_options": webauthn.begin_authentication(account)}
    return {"with_telephone": telephone, "with_passkey": True, "js_data": asked}


@signed_in("GET", "POST")
@never_cache
def second_factors(request: HttpRequest) -> HttpResponse:
    """The second factors of a person, and how to take one away."""
    if request.method == "POST":
        return _remove(request)
    return _list(request)


@freshly_proved
def _remove(request: HttpRequest) -> HttpResponse:
    try:
        second_factor.remove_factor(_account(request), int(request.POST["factor"]), request=request)
    except (KeyError, ValueError, Authenticator.DoesNotExist) as error:
        raise Http404 from error
    except ValidationError as error:
        return _list(request, error.messages[0], status=422)
    return redirect("second-factor")


def _list(request: HttpRequest, refused: str = "", status: int = 200) -> HttpResponse:
    account = _account(request)
    factors = Authenticator.objects.filter(user=account)
    kept = second_factor.recovery_codes(account)
    shown = {
        "refused": refused,
        "must_add": second_factor.must_add_second_factor(account),
        "factors": [factor for factor in factors if factor.type in SECOND_FACTORS],
        "with_telephone": any(factor.type == Authenticator.Type.TOTP for factor in factors),
        "codes_left": len(kept.get_unused_codes()) if kept else None,
    }
    return render(request, "people/second_factors.html", shown, status=status)


@signed_in("GET", "POST")
@freshly_proved
def add_telephone(request: HttpRequest) -> HttpResponse:
    """The seed as a picture and as text, until a code shows that the telephone has it."""
    account, adapter = _account(request), get_adapter()
    refused = ""
    if PENDING not in request.session:
        request.session[PENDING] = adapter.encrypt(second_factor.new_secret())
    secret = adapter.decrypt(request.session[PENDING])
    if request.method == "POST":
        try:
            code = request.POST.get("code", "")
            second_factor.confirm_telephone(account, secret, code, request=request)
        except ValidationError as error:
            refused = error.messages[0]
        else:
            del request.session[PENDING]
            return redirect("recovery-codes")
    picture = adapter.build_totp_svg(adapter.build_totp_url(account, secret))
    grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    shown = {"refused": refused, "picture": picture, "secret": grouped}
    return render(request, "people/add_telephone.html", shown, status=422 if refused else 200)


@signed_in("GET", "POST")
@freshly_proved
def add_passkey(request: HttpRequest) -> HttpResponse:
    """A key of the device or a security key, made by the browser."""
    account, refused = _account(request), ""
    if request.method == "POST":
        form = AddWebAuthnForm(user=account, data=request.POST)
        if form.is_valid():
            name = form.cleaned_data["name"][:60]
            second_factor.add_passkey(account, name, form.cleaned_data["credential"], request=request)
            return redirect("recovery-codes")
        refused = _("The passkey was not accepted; try again.")
    asked = {"creation_options": webauthn.begin_registration(account, False)}
    shown = {"refused": refused, "js_data": asked}
    return render(request, "people/add_passkey.html", shown, status=422 if refused else 200)


@signed_in("GET", "POST")
@freshly_proved
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """The recovery codes that are left; a POST makes ten new ones."""
    account = _account(request)
    if not account.has_second_factor:
        return redirect("second-factor")
    if request.method == "POST":
        second_factor.new_recovery_codes(account, request=request)
        return redirect("recovery-codes")
    kept = second_factor.recovery_codes(account)
    codes = kept.get_unused_codes() if kept else []
    return render(request, "people/recovery_codes.html", {"codes": codes})


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else reverse("second-factor")


def _account(request: HttpRequest) -> Account:
    if not isinstance(request.user, Account):
        raise TypeError("this page is for people who signed in")
    return request.user
