"""The second factor of a person: a code of a telephone, a passkey, or one of ten recovery codes (AC-09).

A code of a telephone is accepted once, by whichever worker sees it first: the step of time that was used
stands in the row of the factor, and only a later one is accepted (RFC 6238, 5.2).
"""

from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from trial.people.access import Person
from trial.people.acts import record_act
from trial.people.backend import SECOND_FACTORS
from trial.people.models import Account, SecondFactorReset
from trial.people.roles import Role, needs_second_factor
from trial.people.sessions import end_all_sessions
from trial.trail.record import Change


def must_add_second_factor(account: Account) -> bool:
    """Whether somebody holds a role that needs a second factor and has none (AC-09)."""
    return _role_needs_one(account) and not account.has_second_factor


def _role_needs_one(account: Account) -> bool:
    return any(needs_second_factor(Role(role)) for _site, role in account.held())


def accept_code(account: Account, code: str, *, request: HttpRequest | None = None) -> Authenticator | None:
    """The factor whose code this is, used up by this call; None if it is nobody's or was used before."""
    with transaction.atomic():
        for factor in Authenticator.objects.select_for_update().filter(user=account).order_by("-type"):
            if factor.type == Authenticator.Type.TOTP and _accept_step(factor, code):
                return factor
            if factor.type == Authenticator.Type.RECOVERY_CODES and RecoveryCodes(factor).validate_code(code):
                record_act("recovery_code.used", account.user_name, by=account, request=request)
                return Authenticator.objects.get(pk=factor.pk)
    return None


def _accept_step(factor: Authenticator, code: str) -> bool:
    secret = get_adapter().decrypt(factor.data["secret"])
    for step in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, step))
        if step > factor.data.get("last_step", 0) and compare_user_code(actual=code, expected=expected):
            factor.data["last_step"] = step
            factor.save()
            return True
    return False


def new_secret() -> str:
    """A seed for a telephone: 160 random bits, as RFC 4226 advises."""
    return str(totp.generate_totp_secret())


def add_telephone(account: Account, secret: str, *, by: Person, request: HttpRequest | None = None) -> None:
    """Make the holder of this seed the second factor of a person, with recovery codes if there are none."""
    with transaction.atomic():
        totp.TOTP.activate(account, secret)
        _added(account, _("Telephone"), by, request)


def confirm_telephone(account: Account, secret: str, code: str, *, request: HttpRequest) -> None:
    """Add the telephone that shows `code`. Raises ValidationError; the code is used up by this."""
    with transaction.atomic():
        if Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).exists():
            raise ValidationError(_("There is a telephone already; remove it first."))
        add_telephone(account, secret, by=account, request=request)
        factor = Authenticator.objects.get(user=account, type=Authenticator.Type.TOTP)
        if not _accept_step(factor, code):
            raise ValidationError(_("This code is wrong or over; try the next one."))


def add_passkey(account: Account, name: str, credential: dict[str, Any], *, request: HttpRequest) -> None:
    """Make a passkey, whose answer was verified, a second factor of a person."""
    with transaction.atomic():
        WebAuthn.add(account, name, credential)
        _added(account, name, account, request)


def _added(account: Account, name: str, by: Person, request: HttpRequest | None) -> None:
    RecoveryCodes.activate(account)
    change = Change("second_factor", "Second factor", "", name, new_shown=name)
    record_act("second_factor.added", account.user_name, by=by, request=request, changes=[change])


def remove_factor(account: Account, pk: int, *, request: HttpRequest) -> None:
    """Take a second factor away. Raises ValidationError for the last one of somebody whose role needs it."""
    with transaction.atomic():
        factors = Authenticator.objects.select_for_update().filter(user=account, type__in=SECOND_FACTORS)
        factor = factors.get(pk=pk)
        if factors.count() == 1 and _role_needs_one(account):
            raise ValidationError(_("Your role needs a second factor: add another one first."))
        name = str(factor)
        factor.delete()
        if not factors.exists():
            Authenticator.objects.filter(user=account).delete()
        change = Change("second_factor", "Second factor", name, "", old_shown=name)
        record_act("second_factor.removed", account.user_name, by=account, request=request, changes=[change])


def new_recovery_codes(account: Account, *, request: HttpRequest) -> list[str]:
    """Ten new recovery codes; those before are void."""
    with transaction.atomic():
        Authenticator.objects.filter(user=account, type=Authenticator.Type.RECOVERY_CODES).delete()
        codes = RecoveryCodes.activate(account)
        record_act("recovery_codes.made", account.user_name, by=account, request=request)
    return list(codes.get_unused_codes())


def recovery_codes(account: Account) -> RecoveryCodes | None:
    kept = Authenticator.objects.filter(user=account, type=Authenticator.Type.RECOVERY_CODES).first()
    return None if kept is None else RecoveryCodes(kept)


class NeedsAnother(Exception):
    """An act that takes two people was approved by the one who asked for it."""


class NotRequested(Exception):
    """There is no open request to approve."""


def request_reset(account: Account, *, by: Person, reason: str, request: HttpRequest | None = None) -> None:
    """Ask that somebody's second factors be taken away, because they were lost. Another person approves."""
    with transaction.atomic():
        SecondFactorReset.objects.filter(account=account, approved=None).delete()
        SecondFactorReset.objects.create(account=account, requested_by=_who(by), reason=reason)
        record_act("second_factor.reset_requested", account.user_name, by=by, request=request, reason=reason)


def approve_reset(account: Account, *, by: Person, request: HttpRequest | None = None) -> None:
    """Take the second factors away and end the sessions (AC-09). Raises NotRequested and NeedsAnother."""
    with transaction.atomic():
        asked = SecondFactorReset.objects.select_for_update().filter(account=account, approved=None).first()
        if asked is None:
            raise NotRequested(account.user_name)
        if _who(by) in (asked.requested_by, account.user_name):
            raise NeedsAnother(_who(by))
        asked.approved_by, asked.approved = _who(by), timezone.now()
        asked.save()
        Authenticator.objects.filter(user=account).delete()
        record_act("second_factor.reset", account.user_name, by=by, request=request, reason=asked.reason)
        end_all_sessions(account)


def _who(person: Person) -> str:
    """The human being behind an act: of a command, the user of the operating system."""
    return getattr(person, "on_behalf_of", "") or person.user_name
