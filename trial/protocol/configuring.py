"""Changing a configuration value: a new version with its reason and approver, and an event of the trail.

At a real site one person asks for it, having tried it elsewhere, and another approves (VD-05; ICH E6(R3)
4.3.4). `configure` alone is for set-ups without patients: a sandbox, a demo, a test.
"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trial.people.access import Person, SystemPerson, actor_at, require_everywhere
from trial.people.roles import Permission
from trial.protocol.configuration import SETTINGS, UnknownSetting, setting
from trial.protocol.models import ConfigRequest, ConfigRequestState, ConfigValue
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event

LEAST_CHARACTERS = 5


def configure(
    key: str,
    text: str,
    *,
    reason: str,
    approver: str,
    by: SystemPerson,
    in_force_from: datetime | None = None,
) -> ConfigValue:
    """Put a new value in force, from now unless a moment is given.

    Raises UnknownSetting for a key that nothing reads, and ValueError for a text that is not of its type, or
    without reason or approver.
    """
    _readable(key, text)
    if not (reason.strip() and approver.strip()):
        raise ValueError(_("A configuration value needs its reason and its approver."))
    made_by = by.user_name
    version = ConfigValue(key=key, value=text, reason=reason, approver=approver, made_by=made_by)
    version.in_force_from = in_force_from or timezone.now()
    return _put_in_force(version, by=by, source=Source.COMMAND)


def ask_for_value(
    key: str, text: str, *, reason: str, tried: str, by: Person, source: Source
) -> ConfigRequest:
    """Ask that another value be put in force.

    Raises PermissionDenied, and ValidationError for a text that is not of its type or is in force already,
    for a reason or trial of fewer than 5 characters, and while another request of the same value is open.
    """
    require_everywhere(by, Permission.CONFIGURE)  # the values are of the whole study
    try:
        _readable(key, text)
    except (UnknownSetting, ValueError) as problem:
        raise ValidationError(str(problem)) from problem
    was = in_force_as_text(key)
    if SETTINGS[key].parse(text) == setting(key):
        raise ValidationError(_("%(key)s has this value already.") % {"key": key})
    if min(len(reason.strip()), len(tried.strip())) < LEAST_CHARACTERS:
        raise ValidationError(
            _("Say why, and where it was tried and what that showed, in 5 characters or more.")
        )
    asked = ConfigRequest(key=key, was=was, value=text, reason=reason, tried=tried, asked_by=by.user_name)
    asked.full_clean()
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        asked.save()
        _tell("configuration.requested", asked, [Change("tried", "Tried before", "", tried)])
    return asked


def approve_value(asked: ConfigRequest, *, by: Person, source: Source) -> ConfigValue:
    """Put what was asked for in force.

    Raises PermissionDenied, and ValidationError for whoever asked, for a request that is decided, and where
    the value has changed since: its difference is no longer what was asked for.
    """
    with transaction.atomic():
        held = _decided(asked, ConfigRequestState.APPROVED, by)
        if in_force_as_text(held.key) != held.was:
            raise ValidationError(
                _("%(key)s has changed since this was asked for: ask again.") % {"key": held.key}
            )
        version = ConfigValue(key=held.key, value=held.value, reason=f"{held.reason} ({held.tried})")
        version.approver, version.made_by = by.user_name, held.asked_by
        version.in_force_from = timezone.now()
        return _put_in_force(version, by=by, source=source)


def refuse_value(asked: ConfigRequest, *, by: Person, source: Source) -> None:
    """Leave the value as it is. Raises PermissionDenied, and ValidationError for whoever asked and for a
    request that is decided."""
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        _tell("configuration.refused", _decided(asked, ConfigRequestState.REFUSED, by), [])


def in_force_as_text(key: str) -> str:
    """The value in force as a version keeps it: empty for none."""
    value = setting(key)
    return "" if value is None else str(value)


def _readable(key: str, text: str) -> None:
    if key not in SETTINGS:
        raise UnknownSetting(key)
    SETTINGS[key].parse(text)


@transaction.atomic
def _put_in_force(version: ConfigValue, *, by: Person, source: Source) -> ConfigValue:
    """Save it as the next version of its key, with its event."""
    with acting(actor_at(by, site="", source=source)):
        before = in_force_as_text(version.key)
        newest = ConfigValue.objects.filter(key=version.key).order_by("-version").first()
        version.version = newest.version + 1 if newest else 1
        version.save()
        change = Change(version.key, version.key, before, version.value, reason=version.reason)
        record_event("configuration.changed", Place(about=version.key), [change], reason=version.reason)
    return version


def _decided(asked: ConfigRequest, state: ConfigRequestState, by: Person) -> ConfigRequest:
    require_everywhere(by, Permission.CONFIGURE)
    held = ConfigRequest.objects.select_for_update().get(pk=asked.pk)
    if held.state != ConfigRequestState.ASKED or held.asked_by == by.user_name:
        raise ValidationError(
            _("It is decided already, or you asked for it yourself: another person decides.")
        )
    held.state, held.decided_by, held.decided_at = state, by.user_name, timezone.now()
    held.save()
    return held


def _tell(action: str, asked: ConfigRequest, more: list[Change]) -> None:
    change = Change(asked.key, asked.key, asked.was, asked.value, reason=asked.reason)
    record_event(action, Place(about=asked.key), [change, *more], reason=asked.reason)
