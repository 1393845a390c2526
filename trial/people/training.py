"""Asking for a training, and putting on record who has completed it; each an act of the trail (VD-06)."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from trial.people.access import Person, actor_at
from trial.people.curriculum import TrainingRecord, TrainingVersion
from trial.people.models import Account
from trial.protocol.study import site_today
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


def publish_training(
    training: TrainingVersion, *, by: Person, source: Source, reason: str
) -> TrainingVersion:
    """Ask for a new version of the training of a role. Raises ValidationError."""
    training.full_clean()
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        training.save()
        change = Change("training", "Training", "", training.version, new_shown=training.title)
        record_event("training.published", Place(about=str(training)), [change], reason=reason)
    return training


def record_training(
    account: Account, training: TrainingVersion, completed_on: date, *, by: Person, source: Source
) -> TrainingRecord:
    """Put on record that somebody has completed it. Raises ValidationError, also for a day to come."""
    if completed_on > site_today():
        raise ValidationError({"completed_on": _("Nobody has completed it yet on that day.")})
    record = TrainingRecord(
        account=account, training=training, completed_on=completed_on, recorded_by=by.user_name
    )
    record.full_clean()
    with transaction.atomic(), acting(actor_at(by, site="", source=source)):
        record.save()
        change = Change(
            "training", "Training", "", training.version, new_shown=f"{training.title}, {completed_on}"
        )
        record_event("training.recorded", Place(about=account.user_name), [change])
    return record
