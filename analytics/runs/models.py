"""A run computes the estimates of a snapshot. Its row is the truth; the broker only rings."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics.endpoints.listed import read, read_exhibits, roster_of
from analytics.locks.models import Lock, Snapshot
from analytics.runs.claims import Claimable, ClaimableQuerySet
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
        """Runs that wait, or of which a part can be claimed."""
        parts = RunPart.objects.claimable().values("run")
        return self.filter(Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, pk__in=parts))


class Run(models.Model):
    """One computation: unique for a snapshot and the version of the code and configuration that computes.

    While it runs its work stands in `parts`. `attempts` counts its beginnings, and each part that was claimed
    once more. `exhibits` are the plain numbers of what is drawn and listed beside the estimates, as they are
    kept (`analytics.endpoints.listed`); `shown` is how they are read. `progress` says, while it runs, at
    which step it is, and how many subjects of how many are read; `environment` the versions of what computed
    it. Of a run that failed, `error` says why, and `traceback` where in the code.
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
    traceback = models.TextField(blank=True, default="")
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

    @property
    def shown(self) -> dict[str, Any]:
        """The exhibits as they are read: whom a number was counted from is found where somebody asks."""
        return read_exhibits(self.exhibits)


class Step(models.TextChoices):
    """What a part of a run does. Those of a stage are there once all of the stage before are done."""

    SLICES = "slices", _("dividing the subjects")
    DATASETS = "datasets", _("making the datasets")
    FIGURES = "figures", _("computing the estimates")
    EXHIBITS = "exhibits", _("computing figures and tables")
    BOOTSTRAP = "bootstrap", _("drawing bootstrap samples")
    FINISH = "finish", _("writing the results")


class PartState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")


class RunPart(Claimable):
    """A piece of the work of a run, there from the moment it may be claimed until the run has ended.

    `slice` says which bytes of the snapshot a part with datasets reads, `done` how many of its subjects are
    read. `hash` names the file with what was computed.
    """

    run = models.ForeignKey(Run, models.CASCADE, related_name="parts")
    step = models.CharField(max_length=10, choices=Step)
    number = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=PartState, default=PartState.WAITING)
    slice = models.JSONField(default=dict, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    objects = ClaimableQuerySet["RunPart"].as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("run", "step", "number"), name="one_part_of_a_step_and_number"),
        )

    def __str__(self) -> str:
        return f"part {self.pk} of run {self.run_id}: {self.step} {self.number}"


class Estimate(AppendOnlyModel):
    """One figure: its value at full precision or the reason for having none, `n` of `size`, and as printed.

    `subjects` are those that it was counted from: their places along the roster of the run, or the codes
    themselves of a run of before.
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

    @property
    def counted(self) -> Sequence[str]:
        """The codes of the subjects that it was counted from."""
        found: Sequence[str] = read(self.subjects, roster_of(self.run.exhibits))
        return found
