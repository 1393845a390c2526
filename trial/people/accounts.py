"""Accounts: made by an administrator, who never knows a password (ES-06); disabled, never deleted (ES-07)."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from trial.people.access import Person
from trial.people.acts import record_act
from trial.people.kept_access import refuse_to_leave_without
from trial.people.limits import forgive
from trial.people.models import Account, Member, SetUpLink
from trial.people.sessions import end_all_sessions
from trial.people.tokens import ExportToken
from trial.trail.actor import Source
from trial.trail.record import Change


class NameTaken(ValueError):
    """Somebody has, or had, this user name: names are never used again."""


class LinkOver(Exception):
    """A set-up link that was used, is too old, or never was."""


def create_account(
    user_name: str,
    printed_name: str,
    *,
    by: Person,
    request: HttpRequest | None = None,
    source: Source | None = None,
) -> Account:
    """A new account, with which nobody can sign in yet. Raises NameTaken and ValidationError."""
    with transaction.atomic():
        Account(user_name=user_name, printed_name=printed_name).clean_fields(exclude=("password",))
        if Account.objects.filter(user_name__iexact=user_name).exists():
            raise NameTaken(user_name)
        account = Account.objects.create_account(user_name, printed_name)
        change = Change("printed_name", "Printed name", "", printed_name, new_shown=printed_name)
        record_act("account.created", user_name, by=by, request=request, changes=[change], source=source)
    return account


def issue_link(account: Account, *, by: Person, request: HttpRequest | None = None) -> str:
    """The path of a new set-up link, shown once; an earlier one is void. Raises ValidationError."""
    if not account.is_active:
        raise ValidationError(_("This account is disabled."))
    secret, now = secrets.token_urlsafe(32), timezone.now()
    with transaction.atomic():
        account.links.filter(used=None).update(used=now)
        SetUpLink.objects.create(
            account=account,
            digest=_digest(secret),
            issued_by=by.user_name,
            expires=now + timedelta(seconds=settings.SET_UP_LINK_SECONDS),
        )
        record_act("set_up_link.issued", account.user_name, by=by, request=request)
    return f"/set-password/{secret}/"


def open_link(secret: str) -> SetUpLink:
    """The link with this secret while it can be used. Raises LinkOver."""
    usable = SetUpLink.objects.select_related("account").filter(
        digest=_digest(secret), used=None, expires__gt=timezone.now(), account__is_active=True
    )
    link = usable.first()
    if link is None:
        raise LinkOver
    return link


def set_password(secret: str, password: str, *, request: HttpRequest) -> Account:
    """The owner sets the password by a link, once; whoever was signed in is not any more.

    Raises LinkOver, and ValidationError for a password that is refused; the link can then be used again.
    """
    with transaction.atomic():
        account = open_link(secret).account
        validate_password(password, account)
        if not SetUpLink.objects.filter(digest=_digest(secret), used=None).update(used=timezone.now()):
            raise LinkOver
        account.set_password(password)
        account.save()
        end_all_sessions(account)
        forgive(account.user_name)
        record_act("password.set", account.user_name, by=account, request=request)
    return account


def change_password(account: Account, password: str, *, request: HttpRequest) -> None:
    """Somebody, who has just proved who they are, sets another password; they sign in again with it.

    Raises ValidationError for a password that is refused.
    """
    validate_password(password, account)
    with transaction.atomic():
        account.set_password(password)
        account.save()
        end_all_sessions(account)
        record_act("password.changed", account.user_name, by=account, request=request)


def disable_account(account: Account, *, by: Person, reason: str, request: HttpRequest | None = None) -> None:
    """Nobody signs in with this account again; its roles, sessions and tokens are over at once (AC-08).

    Raises ValidationError where a site would lose its last investigator (CP-07).
    """
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account.pk)
        if not account.is_active:
            return
        refuse_to_leave_without(account.grants.select_related("site").in_force())
        account.is_active = False
        account.save()
        ended = [_ended(member) for member in account.grants.select_related("site").still_to_end()]
        _end_all_access(account)
        about = account.user_name
        record_act("account.disabled", about, by=by, request=request, changes=ended, reason=reason)


def end_role(member: Member, *, by: Person, reason: str, request: HttpRequest | None = None) -> None:
    """A role ends now; with the last one the sessions and tokens of the account do (AC-08).

    Raises ValidationError where a site would lose its last investigator (CP-07).
    """
    with transaction.atomic():
        refuse_to_leave_without([member])
        change = _ended(member)
        if not Member.objects.in_force().filter(account=member.account).exists():
            _end_all_access(member.account)
        about = member.account.user_name
        record_act(
            "role.ended",
            about,
            by=by,
            request=request,
            changes=[change],
            reason=reason,
            site=member.site.code,
        )


def _ended(member: Member) -> Change:
    member.ends = timezone.now()
    member.save()
    return Change("role", "Role", member.role, "", member.site.code, old_shown=member.get_role_display())


def _end_all_access(account: Account) -> None:
    now = timezone.now()
    end_all_sessions(account)
    account.links.filter(used=None).update(used=now)
    ExportToken.objects.filter(created_by=account.user_name, revoked=None).update(revoked=now)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
