"""A form of any screen that would do something a second time if it were sent twice: `{% form_key %}` in the
template gives each copy a key, `once_for` does what it asks for once."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy

from patients.entry.idempotency import Answer, answered, digest_of, once
from patients.web.form_token import NOT_TYPED, token_in
from trial.people.models import Account

SENT_BEFORE = gettext_lazy("This form was sent before with other values. Look at it and send it again.")
"""What is said to KeyReused."""


def once_for(request: HttpRequest, person: Account, act: Callable[[], Answer]) -> HttpResponse:
    """Do what a form asks for, or what it was answered with before: say it and lead on. Raises KeyReused,
    and what the act raises."""
    key, digest = token_in(request), digest_of(request.path, content_of(request))
    answer = answered(person, key, digest) or once(act, by=person, key=key, digest=digest)
    if answer.said:
        messages.success(request, answer.said)
    return redirect(answer.location)


def content_of(request: HttpRequest) -> list[tuple[str, Any]]:
    """What makes two sendings of one form the same: all that was typed, and the button."""
    return [(name, values) for name, values in request.POST.lists() if name not in NOT_TYPED]
