"""Training: what each role has to have read or learnt, by version, and who has (VD-06; 21 CFR 11.10(i)).

A role of which no training is published needs none. Once a version is in force, whoever holds the role and
has not completed it reads and does not write, until it is recorded.
"""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trial.people.access import Person, actor_at
from trial.people.models import Account
from trial.people.roles import Role
from trial.protocol.study import site_today
from trial.trail.actor import Source, acting
from trial.trail.append_only import AppendOnlyModel
from trial.trail.record import Change, Place, record_event


class TrainingVersion(AppendOnlyModel):
    """A version of the training of a role, asked for from its day on; the newest in force is what counts."""

    role = models.CharField(_("role"), max_length=30, choices=[(role.value, role.label) for role in Role])
    version = models.CharField(_("version"), max_length=20)
    title = models.CharField(_("title"), max_length=200)
    in_force_from = models.DateField(_("in force from"))

    class Meta:
        ordering = ("role", "in_force_from", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("role", "version"),
                name="training_version_once",
                violation_error_message=_("This version of the training exists already."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.version}"


class TrainingRecord(AppendOnlyModel):
    """That somebody has completed a version, on a day, and who put it on record."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="trainings")
    training = models.ForeignKey(TrainingVersion, models.PROTECT, related_name="records")
    completed_on = models.DateField(_("completed on"))
    recorded_by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("account", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("account", "training"),
                name="training_completed_once",
                violation_error_message=_("This training is recorded already."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.account.user_name} {self.training}"


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


def training_in_force(role: str, on: date) -> TrainingVersion | None:
    """The version that somebody of this role has to have completed on a day."""
    return TrainingVersion.objects.filter(role=role, in_force_from__lte=on).last()


def untrained(account: models.OuterRef, role: models.OuterRef, on: date) -> models.Exists:
    """Whether the newest training in force of a role was not completed, as part of a query of grants."""
    newest = TrainingVersion.objects.filter(role=role, in_force_from__lte=on).order_by(
        "-in_force_from", "-id"
    )
    asked = TrainingVersion.objects.filter(pk=models.Subquery(newest.values("pk")[:1]))
    completed = TrainingRecord.objects.filter(account=account, training=models.OuterRef("pk"))
    return models.Exists(asked.exclude(models.Exists(completed)))
