"""Whose session it is: the account with its roles and trainings, and whether it has a second factor, in one
statement."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q
from django.utils import timezone

from trial.people.curriculum import not_completed
from trial.people.models import Account, Site
from trial.protocol.study import site_today

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class AccountBackend(ModelBackend):
    """A name in any case and a password. An unknown or inactive name costs the same hash."""

    def get_user(self, user_id: int) -> Account | None:
        return account_with_roles(user_id)


def account_with_roles(pk: int) -> Account | None:
    """An active account that knows its roles in force, which it is trained for, and its second factor."""
    now = timezone.now()
    now_held = Q(grants__starts__lte=now) & (Q(grants__ends=None) | Q(grants__ends__gt=now))
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    rows = list(
        Account.objects.filter(pk=pk, is_active=True)
        .annotate(
            in_force=FilteredRelation("grants", condition=now_held),
            held_role=F("in_force__role"),
            held_at=F("in_force__site"),
            code_of_site=F("in_force__site__code"),
            name_of_site=F("in_force__site__name"),
            with_second_factor=Exists(factors),
            is_untrained=not_completed("pk", "in_force__role", site_today()),
        )
        .order_by("in_force__pk")
    )
    if not rows:
        return None
    account = rows[0]
    account.has_second_factor = account.with_second_factor
    account._untrained = frozenset(row.held_role for row in rows if row.is_untrained)
    account._roles_held = [(_site_of(row), row.held_role) for row in rows if row.held_role]
    return account


def _site_of(row: Any) -> Site:
    """The site of a grant, as it would have been read by itself."""
    return Site.from_db(None, ("id", "code", "name"), (row.held_at, row.code_of_site, row.name_of_site))
