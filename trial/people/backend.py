"""Whose session it is: the account with its roles and trainings, and whether it has a second factor, in one
statement."""

from datetime import date
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from trial.people.curriculum import not_completed
from trial.people.models import Account, Site, is_in_force
from trial.prepared import Asked, Written, prepared
from trial.protocol.study import site_today

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class AccountBackend(ModelBackend):
    """A name in any case and a password. An unknown or inactive name costs the same hash."""

    def get_user(self, user_id: int) -> Account | None:
        return account_with_roles(user_id)


def account_with_roles(pk: int) -> Account | None:
    """An active account that knows its roles in force, which it is trained for, and its second factor."""
    rows: list[Any] = list(_account_with_grants(site_today()).of(pk))
    if not rows:
        return None
    account, now = rows[0], timezone.now()
    held = [row for row in rows if row.held_role and is_in_force(row.held_from, row.held_until, now)]
    account.has_second_factor = account.with_second_factor
    account._untrained = frozenset(row.held_role for row in held if row.is_untrained)
    account._roles_held = [(_site_of(row), row.held_role) for row in held]
    found: Account = account
    return found


@prepared
def _account_with_grants(on: date) -> Written[Account]:
    """An active account, once for each role that it ever held."""
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    return Written(
        Account.objects.filter(is_active=True, pk=Asked())
        .annotate(
            held_role=F("grants__role"),
            held_from=F("grants__starts"),
            held_until=F("grants__ends"),
            held_at=F("grants__site"),
            code_of_site=F("grants__site__code"),
            name_of_site=F("grants__site__name"),
            with_second_factor=Exists(factors),
            is_untrained=not_completed("pk", "grants__role", on),
        )
        .order_by("grants__pk")
    )


def _site_of(row: Any) -> Site:
    """The site of a grant, as it would have been read by itself."""
    return Site.from_db(None, ("id", "code", "name"), (row.held_at, row.code_of_site, row.name_of_site))
