"""A new proof before an administrator does something, where the last is older than 15 minutes (AV 7.5.3).

Whoever sits down at an open session must not grant, end or reset anything. What was typed is kept
in the session, at the server, and shown again after the proof; it is done only when it is sent once more.
"""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from trial.people.sessions import recently_proved

ADMINISTERING_SECONDS = 15 * 60
TYPED = "typed_before_proof"


def ask_again(request: HttpRequest) -> HttpResponse | None:
    """The way to the proof, from which it goes on to this page; None where the last one is young enough."""
    if is_proved(request):
        return None
    typed = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
    request.session[TYPED] = {"path": request.path, "typed": typed}
    return redirect(f"{reverse('confirm')}?{urlencode({'next': request.path})}")


def is_proved(request: HttpRequest) -> bool:
    """Whether the last proof is young enough to administer accounts."""
    return recently_proved(request, ADMINISTERING_SECONDS)


def typed_before(request: HttpRequest) -> Mapping[str, str]:
    """What was typed on this page before the proof was asked for; told once."""
    if request.session.get(TYPED, {}).get("path") != request.path:
        return {}
    typed: dict[str, str] = request.session.pop(TYPED)["typed"]
    return typed
