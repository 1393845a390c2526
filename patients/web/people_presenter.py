"""What the pages of the account administrator show: people, and one of them with all that was granted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from trial.people.access_list import grants_of
from trial.people.models import Account, Member, SecondFactorReset, Site
from trial.people.roles import Role


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One account of the list."""

    url: str
    user_name: str
    printed_name: str
    is_active: bool
    roles: list[str]
    last_sign_in: datetime | None
    reset_asked: bool


@dataclass(frozen=True, slots=True)
class PeopleScreen:
    rows: list[PersonRow]
    refused: list[str] = field(default_factory=list)
    typed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant: `standing` says whether it is in force, begins later or has ended."""

    pk: int
    role: str
    site: str
    starts: datetime
    ends: datetime | None
    granted_by: str
    reason: str
    standing: str
    kind: str
    may_end: bool


@dataclass(frozen=True, slots=True)
class PersonScreen:
    """An account, what may be done with it, and what was refused of it."""

    account: Account
    is_own: bool
    grants: list[GrantRow]
    roles: list[tuple[str, str]]
    sites: list[Site]
    reset: SecondFactorReset | None
    may_approve: bool
    refused: list[str]
    typed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LinkScreen:
    """A set-up link, shown this once."""

    account: Account
    address: str


def people_screen(
    accounts: Iterable[Any], refused: list[str] | None = None, typed: Mapping[str, str] | None = None
) -> PeopleScreen:
    """The list; the accounts as `all_accounts` gives them."""
    return PeopleScreen([_person_row(account) for account in accounts], refused or [], typed or {})


def _person_row(account: Any) -> PersonRow:
    return PersonRow(
        reverse("person", args=[account.pk]),
        account.user_name,
        account.printed_name,
        account.is_active,
        [f"{grant.get_role_display()} · {grant.site.code}" for grant in account.grants_in_force],
        account.last_login,
        account.reset_asked,
    )


def person_screen(
    account: Account, by: Account, sites: Iterable[Site], refused: list[str], typed: Mapping[str, str]
) -> PersonScreen:
    now = timezone.now()
    reset = account.resets.filter(approved=None).first()
    return PersonScreen(
        account=account,
        is_own=account == by,
        grants=[_grant_row(grant, now) for grant in grants_of(account)],
        roles=[(str(role), str(role.label)) for role in Role],
        sites=list(sites),
        reset=reset,
        may_approve=reset is not None and reset.requested_by != by.user_name,
        refused=refused,
        typed=typed,
    )


def _grant_row(grant: Member, now: datetime) -> GrantRow:
    has_ended = grant.ends is not None and grant.ends <= now
    if has_ended:
        standing, kind = _("ended"), ""
    elif grant.starts > now:
        standing, kind = _("begins later"), "busy"
    else:
        standing, kind = _("in force"), "ok"
    return GrantRow(
        pk=grant.pk,
        role=str(grant.get_role_display()),
        site=grant.site.code,
        starts=grant.starts,
        ends=grant.ends,
        granted_by=grant.granted_by,
        reason=grant.reason,
        standing=standing,
        kind=kind,
        may_end=not has_ended,
    )
