"""Acts of sign-in and accounts on the trail: one event each, in one transaction with what was done."""

from collections.abc import Iterable

from django.db import transaction
from django.http import HttpRequest

from trial.people.access import Person, actor_at
from trial.people.models import Account
from trial.trail.actor import Source, acting, system_actor
from trial.trail.record import Change, Place, record_event

UNKNOWN_NAME = "unknown user name"


def record_act(
    action: str,
    about: str,
    *,
    by: Person | None,
    request: HttpRequest | None = None,
    changes: Iterable[Change] = (),
    reason: str = "",
    site: str = "",
    source: Source | None = None,
) -> None:
    """Write the event of an act of `by`; without a person it is the sign-in itself that acted.

    `source` is named where it is neither the browser nor a command.
    """
    source = source or (Source.COMMAND if request is None else Source.WEB)
    request_id = getattr(request, "request_id", "")
    actor = (
        system_actor("sign-in", source)
        if by is None
        else actor_at(by, site=site, source=source, request_id=request_id)
    )
    with transaction.atomic(), acting(actor):
        record_event(action, Place(site=site, about=about), changes, reason=reason)


def known_name(typed: str) -> str | None:
    """The user name that was typed, as its account has it; None if nobody has it."""
    if "\0" in typed:
        return None
    known = Account.objects.filter(user_name__iexact=typed[:150]).values_list("user_name", flat=True)
    return known.first()
