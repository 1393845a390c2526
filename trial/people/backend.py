"""Whose session it is: the account with its roles and trainings, and whether it has a second factor, in one
statement.

Every request asks it. To write the statement takes Django thirty times as long as the database takes to
answer it, so that it is written once for each process.
"""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet
from django.utils import timezone

from trial.people.curriculum import not_completed
from trial.people.models import Account, Site
from trial.protocol.study import site_today

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_NOBODY, _NEVER, _NO_DAY = -1, datetime(1, 1, 2, tzinfo=UTC), date(1, 1, 3)
"""What stands in the statement for the account, the moment and the day of whoever asks."""


class AccountBackend(ModelBackend):
    """A name in any case and a password. An unknown or inactive name costs the same hash."""

    def get_user(self, user_id: int) -> Account | None:
        return account_with_roles(user_id)


def account_with_roles(pk: int) -> Account | None:
    """An active account that knows its roles in force, which it is trained for, and its second factor."""
    rows: list[Any] = list(Account.objects.raw(*_asked(int(pk), timezone.now(), site_today())))
    if not rows:
        return None
    account: Account = rows[0]
    account.has_second_factor = bool(rows[0].with_second_factor)
    account._untrained = frozenset(row.held_role for row in rows if row.is_untrained)
    account._roles_held = [(_site_of(row), row.held_role) for row in rows if row.held_role]
    return account


def _asked(pk: int, now: datetime, on: date) -> tuple[str, list[Any]]:
    """The statement with its parameters."""
    sql, params = _statement(connection.vendor)
    named = dict(zip(_adapted(_NOBODY, _NEVER, _NO_DAY), _adapted(pk, now, on), strict=True))
    return sql, [named.get(each, each) for each in params]


def _adapted(pk: int, now: datetime, on: date) -> tuple[Any, ...]:
    ops = connection.ops
    return pk, ops.adapt_datetimefield_value(now), ops.adapt_datefield_value(on)


@cache
def _statement(_vendor: str) -> tuple[str, tuple[Any, ...]]:
    return _question(_NOBODY, _NEVER, _NO_DAY).query.sql_with_params()


def _question(pk: int, now: datetime, on: date) -> "QuerySet[Account, Any]":
    """A row for each role in force, at least one; the account stands in each."""
    now_held = Q(grants__starts__lte=now) & (Q(grants__ends=None) | Q(grants__ends__gt=now))
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
    found = Account.objects.filter(pk=pk, is_active=True).annotate(
        in_force=FilteredRelation("grants", condition=now_held),
        held_role=F("in_force__role"),
        held_at=F("in_force__site"),
        code_of_site=F("in_force__site__code"),
        name_of_site=F("in_force__site__name"),
        with_second_factor=Exists(factors),
        is_untrained=not_completed("pk", "in_force__role", on),
    )
    return found.order_by("in_force__pk")


def _site_of(row: Any) -> Site:
    """The site of a grant, as it would have been read by itself."""
    return Site.from_db(None, ("id", "code", "name"), (row.held_at, row.code_of_site, row.name_of_site))
