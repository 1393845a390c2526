"""Tables of a data cut that a worker makes. The row is the truth of the work, the folder of what is made."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analytics.exports.jobs.turns import Job
from analytics.exports.table_sets import SHOWN_OF_VERSION, TableSet
from analytics.exports.tables import Standard
from analytics.locks.models import Snapshot
from analytics.runs.claims import ClaimableQuerySet

PLACE = "tables-making"
"""The folder beside the snapshots where shares lie until they are joined."""


class TablesState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


GOING = (TablesState.WAITING, TablesState.RUNNING)


class TablesQuerySet(ClaimableQuerySet["TablesToMake"]):
    def of(self, wanted: TableSet) -> "TablesQuerySet":
        """The row of these tables by this version of the code, if there is one."""
        return self.filter(snapshot=wanted.snapshot, version=wanted.version, standard=wanted.standard)

    def going(self) -> "TablesQuerySet":
        return self.filter(state__in=GOING)

    def with_shares(self, kept: timedelta) -> "TablesQuerySet":
        """Those whose shares are wanted: they are going, or failed so lately that they may go on."""
        lately = Q(state=TablesState.FAILED, finished_at__gte=timezone.now() - kept)
        return self.filter(Q(state__in=GOING) | lately)


class TablesToMake(Job):
    """The tables of a standard of a snapshot, once for a version of the code and the configuration.

    `shares` are what its pieces are made of, in their order.
    """

    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="+")
    version = models.CharField(max_length=64)
    configuration = models.JSONField()
    standard = models.CharField(max_length=10, choices=[(str(one), str(one)) for one in Standard])
    state = models.CharField(max_length=10, choices=TablesState, default=TablesState.WAITING)
    shares = models.JSONField(default=list, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)

    objects = TablesQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("snapshot", "version", "standard"), name="one_making_of_tables_and_code"
            ),
        )

    def __str__(self) -> str:
        return f"{self.standard} tables {self.pk} of {self.snapshot_id}: {self.state}"

    @property
    def wanted(self) -> TableSet:
        return TableSet(self.snapshot, self.configuration, Standard(self.standard))

    @property
    def is_ours(self) -> bool:
        """Whether it asks for this version of the code; during an upgrade it may not."""
        return self.wanted.version == self.version

    @property
    def place(self) -> Path:
        """Where its shares lie until they are joined, named by what they are shares of: a store outlives the
        numbers of rows where a backup is put back."""
        name = f"{self.snapshot.hash[:32]}-{self.version[:SHOWN_OF_VERSION]}-{self.standard}"
        return Path(settings.SNAPSHOT_DIR) / PLACE / name
