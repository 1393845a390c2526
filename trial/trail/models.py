"""The events of the trail: one for each act, and one change for each item changed in it."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from trial.trail.append_only import AppendOnlyModel


class TrailEvent(AppendOnlyModel):
    """One act: a save, a signature, a lock. All of it is frozen text, readable when its objects are gone.

    `act` names it before it is written: the changes of an act are written first and its event last, and the
    insert of the event seals all of it into the ledger (`ledger.py`).
    """

    act = models.UUIDField(unique=True, default=uuid4, editable=False)
    at = models.DateTimeField(_("when"))
    action = models.CharField(_("act"), max_length=60)
    actor = models.CharField(_("who"), max_length=150)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=60)
    organisation = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=20)
    request_id = models.CharField(max_length=32)
    study = models.CharField(max_length=30)
    site = models.CharField(max_length=10, blank=True)
    subject = models.CharField(max_length=12, blank=True)
    visit = models.CharField(max_length=12, blank=True)
    form = models.CharField(max_length=12, blank=True)
    form_version = models.CharField(max_length=20, blank=True)
    about = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("site", "-id"), name="trail_of_site"),
            models.Index(fields=("subject", "-id"), name="trail_of_subject"),
            models.Index(fields=("actor", "-id"), name="trail_of_person"),
            # With number and kind at the end, a period is found, narrowed to what its reader may see and put
            # into order without a look at the table.
            models.Index(fields=("actor", "site", "at", "id", "action"), name="trail_of_person_in_period"),
            models.Index(fields=("site", "at", "id", "action"), name="trail_of_site_in_period"),
            models.Index(fields=("action", "-id"), name="trail_of_act"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.subject} {self.visit} {self.form}".strip()


class TrailChange(AppendOnlyModel):
    """One item changed in an act: old and new value as codes and as they were shown, author and reason."""

    event = models.ForeignKey(TrailEvent, models.PROTECT, to_field="act", related_name="changes")
    row_key = models.CharField(max_length=60, blank=True)
    item = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)
    old_shown = models.TextField(blank=True)
    new_shown = models.TextField(blank=True)
    author = models.CharField(max_length=150)
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        # A derived item is named with its place (`FORM@VISIT.item`): found by the beginning of its name.
        indexes = (
            models.Index(
                fields=("item", "event"), name="trail_of_item", opclasses=("varchar_pattern_ops", "uuid_ops")
            ),
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.old!r} → {self.new!r}"
