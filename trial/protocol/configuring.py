"""Changing a configuration value: a new version with its reason and approver, and an event of the trail."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from trial.people.access import SystemPerson, actor_at
from trial.protocol.configuration import SETTINGS, UnknownSetting, setting
from trial.protocol.models import ConfigValue
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


@transaction.atomic
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
    if key not in SETTINGS:
        raise UnknownSetting(key)
    SETTINGS[key].parse(text)
    if not (reason.strip() and approver.strip()):
        raise ValueError(_("A configuration value needs its reason and its approver."))
    with acting(actor_at(by, site="", source=Source.COMMAND)) as actor:
        before = setting(key)
        newest = ConfigValue.objects.filter(key=key).order_by("-version").first()
        version = ConfigValue(
            key=key,
            version=newest.version + 1 if newest else 1,
            value=text,
            reason=reason,
            approver=approver,
            in_force_from=in_force_from or timezone.now(),
            made_by=actor.user_name,
        )
        version.save()
        change = Change(key, key, "" if before is None else str(before), text, reason=reason)
        record_event("configuration.changed", Place(about=key), [change], reason=reason)
    return version
