"""A run computes the estimates of a snapshot. Its row is the truth; the broker only rings."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analytics.locks.models import Lock, Snapshot
from trial.trail.append_only import AppendOnlyModel


class RunState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


CODES = "codes"
"""Among the configuration of a run the hash of the codes that it computes with; left out without any."""
ENDED = (RunState.DONE, RunState.FAILED, RunState.CANCELLED)
"""The states in which nobody computes any more."""


class RunQuerySet(models.QuerySet["Run"]):
    def of(self, lock: Lock) -> "RunQuerySet":
        """The runs of what a lock sealed: its snapshot, with the codes that stood then."""
        runs = self.filter(snapshot=lock.snapshot_id)
        if lock.codes:
            return runs.filter(**{f"configuration__{CODES}": lock.codes})
        return runs.exclude(configuration__has_key=CODES)

    def claimable(self) -> "RunQuerySet":
        """Runs that wait, or whose worker has not been heard of for a lease."""
        lost = timezone.now() - timedelta(seconds=settings.RUN_LEASE_SECONDS)
        return self.filter(Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, heartbeat__lt=lost))


class Run(models.Model):
    """One computation: unique for a snapshot and the version of the code and configuration that computes.

    `attempts` counts the claims; the last one alone may finish the run. `exhibits` are the plain numbers of
    what is drawn and listed beside the estimates. `progress` says how many subjects of how many are read,
    while it runs; `environment` the versions of what computed it.
    """

    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="runs")
    code_version = models.CharField(max_length=64)
    configuration = models.JSONField()
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField(auto_now_add=True)
    heartbeat = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    result_hash = models.CharField(max_length=64, blank=True)
    exhibits = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    progress = models.JSONField(default=dict, blank=True)
    environment = models.JSONField(default=dict, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("snapshot", "code_version"), name="one_run_of_a_snapshot_and_code"
            ),
        )

    def __str__(self) -> str:
        return f"run {self.pk} of {self.snapshot_id}: {self.state}"

    @property
    def codes(self) -> str:
        """The hash of the codes that it computes with; empty without any."""
        return str(self.configuration.get(CODES, ""))


class Estimate(AppendOnlyModel):
    """One figure: its value at full precision or the reason for having none, `n` of `size`, and as printed.

    `subjects` names those that it was counted from.
    """

    run = models.ForeignKey(Run, models.PROTECT, related_name="estimates")
    figure = models.CharField(max_length=60)
    value = models.FloatField(null=True)
    text = models.CharField(max_length=40, blank=True)
    n = models.IntegerField(null=True)
    size = models.IntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    subjects = models.JSONField(default=list)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("run", "figure"), name="one_estimate_of_a_figure"),)

    def __str__(self) -> str:
        return f"{self.figure} = {self.text}"
