"""A snapshot is a file named by its hash; a lock is the act of making one, with its reason."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from trial.trail.append_only import AppendOnlyModel


class Snapshot(AppendOnlyModel):
    """The content of the casebook as of a cut-off. The same content has the same hash, on any database."""

    hash = models.CharField(max_length=64, unique=True)
    cutoff = models.DateField(_("cut-off"))
    subjects = models.PositiveIntegerField(_("subjects"))
    values = models.PositiveIntegerField(_("values"))
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.hash

    @property
    def path(self) -> Path:
        return Path(settings.SNAPSHOT_DIR) / f"{self.hash}.jsonl"


class Lock(AppendOnlyModel):
    """A data cut made by somebody for a reason; several may share one snapshot."""

    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="locks")
    cutoff = models.DateField(_("cut-off"))
    reason = models.TextField(_("reason"))
    made_by = models.CharField(_("made by"), max_length=200)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"lock {self.pk}, cut-off {self.cutoff}"

    @property
    def sources_path(self) -> Path:
        """The side table: page and history id of every value of the snapshot as it was at this lock."""
        return Path(settings.SNAPSHOT_DIR) / f"sources-{self.pk}.parquet"
