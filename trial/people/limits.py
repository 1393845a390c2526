"""How often somebody may fail (AC-11): 5 times in 15 minutes for a name, and a limit for an address.

django-axes keeps the count in the database, so that all workers share it. A name that nobody has is counted
under a keyed hash: people type passwords there. The answer to somebody locked is that to a wrong password,
with status 429; on a name that nobody has it is the same.
"""

import hashlib
import hmac
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trial.people.acts import UNKNOWN_NAME, known_name, record_act
from trial.people.addresses import address_of as address_of  # axes asks for it here
from trial.people.alerts import tell_security_contact

LOCKED = 429


class Limits(AxesDatabaseHandler):  # type: ignore[misc]
    """Counts failures of a name and of an address apart, and puts each failure and each lock on the trail."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """The failures of the name; the whole limit where the address has used up its own."""
        of_name, of_address = (
            attempts.aggregate(n=Sum("failures_since_start"))["n"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        spent = of_address >= settings.ADDRESS_FAILURE_LIMIT
        return max(of_name, settings.AXES_FAILURE_LIMIT) if spent else of_name

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """A sign-in forgives the name alone: somebody's own account must not clear an address."""
        return forgive(counted_name(request, credentials))

    def user_login_failed(
        self, sender: object, credentials: dict[str, Any], request: Any = None, **more: Any
    ) -> None:
        was_locked = request.axes_locked_out
        with transaction.atomic():
            super().user_login_failed(sender, credentials, request, **more)
            about = known_name(_typed(request, credentials)) or UNKNOWN_NAME
            record_act(getattr(request, "refused_act", "sign_in.refused"), about, by=None, request=request)
            is_locked_now = request.axes_locked_out and not was_locked
            if is_locked_now:
                record_act("sign_in.locked", about, by=None, request=request)
        if is_locked_now and about != UNKNOWN_NAME:
            tell_security_contact(_("Chimera: an account is locked"), _locked_text(about, request))


def count_failure(request: HttpRequest, name: str) -> None:
    """Somebody failed at something else than the password of a sign-in: a code, a link, a signature."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def is_locked(request: HttpRequest, name: str) -> bool:
    """Whether this name, or the address of the request, has used up its failures; the answer is then 429."""
    locked: bool = AxesProxyHandler.is_locked(request, {"username": name})
    if locked:
        request.axes_locked_out = True  # type: ignore[attr-defined]
    return locked


def forgive(name: str) -> int:
    """Forget the failures of a name."""
    forgotten: int = AccessAttempt.objects.filter(username=name).delete()[0]
    return forgotten


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name under which a failure is counted."""
    typed = _typed(request, credentials)
    return known_name(typed) or "unknown:" + _digest(typed.casefold())


def counted_as(name: str, *_: Any) -> str:
    """What a log may say of who failed."""
    return name


def locked_answer(request: HttpRequest, response: HttpResponse, _credentials: object = None) -> HttpResponse:
    """The page as for a wrong password."""
    response.status_code = LOCKED
    return response


def _locked_text(user_name: str, request: HttpRequest) -> str:
    return _(
        "%(name)s failed too often to sign in or to sign, and is locked for 15 minutes."
        " Number of the request: %(id)s."
    ) % {"name": user_name, "id": getattr(request, "request_id", "–")}


def _typed(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    given = credentials or {}
    return str(given.get("username") or given.get("login") or request.POST.get("login", ""))


def _digest(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(errors="replace"), hashlib.sha256).hexdigest()[
        :40
    ]
