"""A snapshot is a file named by its hash; a lock is the act of making one, with its reason."""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.oversight.casebook_locks import LockDecision, Scope
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
    """A data cut made by somebody for a reason; several may share one snapshot.

    It says what was known at `known_at` of its scope by the cut-off: of the study, a site or a subject, which
    `of` names. Of a lock, which two people made, `decision` is theirs; of a plain cut, while entry goes on,
    there is none. `codes` is the hash of the codes of its terms at that moment, sealed beside the snapshot
    (`locks/codes.py`); empty where no term is coded. `sources` is the hash of the side table of its
    rows; empty in older locks, whose number names it. `follows` is the lock that it repeats after something
    was unlocked and locked again.
    """

    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="locks")
    codes = models.CharField(max_length=64, blank=True, default="")
    sources = models.CharField(max_length=64, blank=True, default="", db_default="")
    cutoff = models.DateField(_("cut-off"))
    known_at = models.DateTimeField(_("as known at"), null=True)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.STUDY)
    of = models.CharField(max_length=12, blank=True, default="")
    decision = models.ForeignKey(LockDecision, models.PROTECT, null=True, related_name="cuts")
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")
    reason = models.TextField(_("reason"))
    made_by = models.CharField(_("made by"), max_length=200)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"lock {self.pk}, cut-off {self.cutoff}"

    @property
    def is_of_study(self) -> bool:
        """Whether it takes in the whole study: of these alone the endpoints are computed."""
        return self.scope == Scope.STUDY

    @property
    def sources_path(self) -> Path:
        """The side table: page and history id of every value of the snapshot as it was at this lock."""
        return path_of_sources(self.sources or str(self.pk))


def path_of_sources(name: str) -> Path:
    """The side table of this hash, or of the lock of this number where it is older than the hash."""
    return Path(settings.SNAPSHOT_DIR) / f"sources-{name}.parquet"
