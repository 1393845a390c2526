"""A file of a data cut that a worker makes. Its row is the truth; the broker only rings."""

from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from analytics.exports.disclosure import Disclosure
from analytics.exports.jobs.turns import Job
from analytics.exports.made_file import MadeFile
from analytics.locks.models import Lock
from analytics.runs.claims import ClaimableQuerySet
from trial.people.models import Account
from trial.people.tokens import Dates, ExportToken

Asker = ExportToken | Account
"""Who asks for a file, and alone may have it: a program with its token, or a person."""


class ExportState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")
    EXPIRED = "expired", _("expired")


GOING = (ExportState.WAITING, ExportState.RUNNING)
"""The states in which a file is still to come."""
OVER = (ExportState.FAILED, ExportState.CANCELLED, ExportState.EXPIRED)
"""The states in which there is none, and never will be."""


class What(models.TextChoices):
    """What of a cut a file holds."""

    ARCHIVE = "archive", _("archive")
    TABLE = "table", _("table")
    WORKBOOK = "workbook", _("workbook")
    ODM = "odm", _("ODM-XML")


class ExportQuerySet(ClaimableQuerySet["Export"]):
    def by(self, asker: Asker) -> "ExportQuerySet":
        """Those that somebody asked for; a token under the terms that it has now."""
        if isinstance(asker, ExportToken):
            return self.filter(token=asker, **asdict(Disclosure.to(asker)))
        return self.filter(account=asker)

    def going(self) -> "ExportQuerySet":
        return self.filter(state__in=GOING)

    def over(self) -> "ExportQuerySet":
        """Those whose file has had its time."""
        return self.filter(state=ExportState.DONE, expires_at__lte=timezone.now())


class Export(Job):
    """A file that `token` or `account` asked for, under the terms of `to`.

    `options` are those of `what` (`wish.py`); `key` is the name that the asker gave the request, `asked` the
    hash of what it asked for. Its pieces are files. Of one that is done, `digest`, `rows` and `size` tell the
    file, which is there until `expires_at`.
    """

    token = models.ForeignKey(ExportToken, models.PROTECT, related_name="+", null=True, blank=True)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", null=True, blank=True)
    lock = models.ForeignKey(Lock, models.PROTECT, related_name="exports")
    what = models.CharField(max_length=10, choices=What)
    options = models.JSONField(default=dict)
    dates = models.CharField(max_length=8, choices=Dates)
    filing = models.CharField(max_length=100, blank=True)
    hides_sites = models.BooleanField(default=False)
    key = models.CharField(max_length=200, blank=True)
    asked = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=ExportState, default=ExportState.WAITING)
    asked_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)

    objects = ExportQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(token=None) ^ Q(account=None), name="an_export_is_asked_for_by_one"
            ),
            models.UniqueConstraint(
                fields=("token", "key"), condition=~Q(key=""), name="one_export_of_a_token_and_key"
            ),
        )

    def __str__(self) -> str:
        return f"export {self.pk} of lock {self.lock_id}: {self.state}"

    @property
    def to(self) -> Disclosure:
        """What its asker may have."""
        return Disclosure(self.dates, self.filing, self.hides_sites)

    @property
    def place(self) -> Path:
        """Where the file of its last claim lies: beside the snapshots (`trial/storage/kept.py`)."""
        return Path(settings.SNAPSHOT_DIR) / "exports" / f"{self.pk}-{self.attempts}"

    @property
    def made(self) -> MadeFile:
        """Its file, as it lies there once it is done."""
        return MadeFile(self.place, self.name, self.media_type, self.digest, self.rows)

    @property
    def is_going(self) -> bool:
        return self.state in GOING

    @property
    def is_there(self) -> bool:
        """Whether its file can be taken."""
        return self.state == ExportState.DONE
