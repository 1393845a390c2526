"""What each role has to have read or learnt, by version, and who has (VD-06; 21 CFR 11.10(i)).

A role of which no training is published needs none. Once a version is in force, whoever holds the role and
has not completed it reads and does not write, until it is recorded.
"""

from datetime import date

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trial.people.models import Account
from trial.people.roles import Role
from trial.trail.append_only import AppendOnlyModel


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


def training_in_force(role: str, on: date) -> TrainingVersion | None:
    """The version that somebody of this role has to have completed on a day."""
    return TrainingVersion.objects.filter(role=role, in_force_from__lte=on).last()


def not_completed(account: str, role: str, on: date) -> models.Exists:
    """Whether the newest training in force of a role lacks its completion, as part of a query that knows the
    account and the role by these names."""
    in_force = TrainingVersion.objects.filter(in_force_from__lte=on)
    outer = models.OuterRef("in_force_from")
    later = models.Q(in_force_from__gt=outer) | models.Q(in_force_from=outer, pk__gt=models.OuterRef("pk"))
    newer = in_force.filter(later, role=models.OuterRef("role"))
    completed = TrainingRecord.objects.filter(
        training=models.OuterRef("pk"), account=models.OuterRef(models.OuterRef(account))
    )
    asked = in_force.filter(role=models.OuterRef(role))
    return models.Exists(asked.exclude(models.Exists(newer)).exclude(models.Exists(completed)))
