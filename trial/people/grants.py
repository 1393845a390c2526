"""Granting a role at a site: from a day on, perhaps until another, by somebody else, and why (AC-06)."""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from trial.people.access import Person
from trial.people.acts import record_act
from trial.people.models import Account, Member, Site
from trial.people.roles import SENTENCES, TABLE, Permission, Role, joined
from trial.protocol.study import SITE_ZONE
from trial.trail.actor import Source
from trial.trail.record import Change


def grant_role(
    account: Account,
    role: Role,
    site: Site,
    *,
    by: Person,
    reason: str,
    starts: datetime | None = None,
    ends: datetime | None = None,
    request: HttpRequest | None = None,
    source: Source | None = None,
) -> Member:
    """Make somebody a member of a site, from now on if no later beginning is named: the only way to a role.

    Raises PermissionDenied for a grant to oneself, and ValidationError for one that cannot be made.
    """
    if by.user_name == account.user_name:
        raise PermissionDenied(f"{account.user_name}: nobody grants a role to themselves")
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account.pk)
        now = timezone.now()
        starts = max(starts or now, now)
        _check(account, role, site, starts, ends)
        member = Member(account=account, site=site, role=role, starts=starts, ends=ends)
        member.granted_by, member.reason = by.user_name, reason
        member.clean_fields(exclude=("account", "site"))
        member.save()
        changes = [
            Change("role", "Role", "", role, site.code, new_shown=str(role.label)),
            _moment("starts", "From", starts, site),
            *([_moment("ends", "Until", ends, site)] if ends else []),
        ]
        record_act(
            "role.granted",
            account.user_name,
            by=by,
            request=request,
            changes=changes,
            reason=reason,
            site=site.code,
            source=source,
        )
    return member


def _moment(item: str, label: str, at: datetime, site: Site) -> Change:
    """A moment, shown as the clock of the site does."""
    shown = f"{at.astimezone(SITE_ZONE):%Y-%m-%d %H:%M}"
    return Change(item, label, "", at.isoformat(), site.code, new_shown=shown)


def _check(account: Account, role: Role, site: Site, starts: datetime, ends: datetime | None) -> None:
    """Raise ValidationError, by what is wrong, for a grant that cannot be made."""
    if not account.is_active:
        raise ValidationError({"user_name": _("This account is disabled.")})
    if ends is not None and ends <= starts:
        raise ValidationError({"ends": _("A role ends after it has begun.")})
    held = list(account.grants.still_to_end().values_list("role", "site"))
    if (role, site.pk) in held:
        again = _("This role is granted at this site already; end that grant first.")
        raise ValidationError({"role": again})
    rights: set[Permission] = set(TABLE[role])
    for other, _site in held:
        rights |= TABLE[Role(other)]
    for one, other in joined(rights):
        said = _("One person must not both %(one)s and %(other)s.")
        raise ValidationError({"role": said % {"one": SENTENCES[one], "other": SENTENCES[other]}})
