"""Tables of the study's own rules: configuration values, consent versions, approvals of a site."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trial.trail.append_only import AppendOnlyModel


class ConfigValue(AppendOnlyModel):
    """One version of a configuration value, with its reason and approver; a change is a new version.

    `value` is the text that `Setting.parse` reads; empty means no value (no limit).
    """

    key = models.CharField(_("key"), max_length=60)
    version = models.PositiveIntegerField(_("version"))
    value = models.TextField(_("value"), blank=True)
    reason = models.TextField(_("reason"))
    approver = models.CharField(_("approver"), max_length=200)
    in_force_from = models.DateTimeField(_("in force from"))
    made_by = models.CharField(_("made by"), max_length=150)
    made_at = models.DateTimeField(_("made at"), default=timezone.now, editable=False)

    class Meta:
        ordering = ("key", "version")
        constraints = (
            models.UniqueConstraint(
                fields=("key", "version"),
                name="config_version_once",
                violation_error_message=_("This version of the value exists already."),
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(approver="") & ~Q(made_by=""),
                name="config_says_why_and_who",
                violation_error_message=_("A configuration value needs a reason, an approver and an author."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} v{self.version} = {self.value}"


class ConfigRequestState(models.TextChoices):
    ASKED = "asked", _("asked for")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")


class ConfigRequest(models.Model):
    """A configuration value that somebody asks for, and what a second person decided (VD-05).

    `was` is the text in force when it was asked for; `tried` says where the new one was tried before, and
    what that showed.
    """

    key = models.CharField(_("key"), max_length=60)
    was = models.TextField(_("value in force"), blank=True)
    value = models.TextField(_("value"), blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    tried = models.CharField(_("tried before"), max_length=200)
    state = models.CharField(
        _("state"), max_length=10, choices=ConfigRequestState, default=ConfigRequestState.ASKED
    )
    asked_by = models.CharField(_("asked by"), max_length=150)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=~Q(decided_by=F("asked_by")), name="configuration_takes_two"),
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(tried="") & ~Q(asked_by=""), name="config_request_says_why"
            ),
            models.UniqueConstraint(
                fields=("key",),
                condition=Q(state="asked"),
                name="one_open_request_of_a_value",
                violation_error_message=_("This value is asked for already: that request is decided first."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.key}: {self.was or '-'} → {self.value or '-'}"


class ConsentVersion(models.Model):
    """A version of the main consent form, in force from its day up to the day before `superseded_on`."""

    version = models.CharField(_("consent version"), max_length=20)
    language = models.CharField(_("language"), max_length=10)
    approved_on = models.DateField(_("approved on"))
    in_force_from = models.DateField(_("in force from"))
    superseded_on = models.DateField(_("superseded on"), null=True, blank=True)
    awaiting_confirmation = models.BooleanField(_("awaiting confirmation"), default=False)

    class Meta:
        ordering = ("in_force_from", "version", "language")
        constraints = (
            models.UniqueConstraint(
                fields=("version", "language"),
                name="consent_version_once",
                violation_error_message=_("This consent version exists already in this language."),
            ),
            models.CheckConstraint(
                condition=Q(in_force_from__gte=F("approved_on")),
                name="consent_approved_first",
                violation_error_message=_("A consent version is in force after its approval only."),
            ),
            models.CheckConstraint(
                condition=Q(superseded_on=None) | Q(superseded_on__gt=F("in_force_from")),
                name="consent_superseded_later",
                violation_error_message=_("A consent version is superseded after it came into force."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} ({self.language})"

    def holds_on(self, day: date) -> bool:
        """Whether it was in force on this day."""
        return self.in_force_from <= day and (self.superseded_on is None or day < self.superseded_on)


class ApprovalKind(models.TextChoices):
    """What a site needs before a subject is enrolled there (ICH E6(R3) 4.3.5; rules on human genetic
    resources of 2019 and 2023)."""

    ETHICS = "ethics", _("ethics committee")
    GENETIC_RESOURCES = "hgr", _("human genetic resources filing")


class SiteApproval(models.Model):
    """An approval of a protocol version at a site, from its day up to and with `valid_until`. One that awaits
    confirmation may leave body and reference empty; a confirmed one names both."""

    site_code = models.CharField(_("site"), max_length=10)
    kind = models.CharField(_("kind"), max_length=10, choices=ApprovalKind, default=ApprovalKind.ETHICS)
    body = models.CharField(_("given by"), max_length=200, blank=True)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    protocol_version = models.CharField(_("protocol version"), max_length=20)
    approved_on = models.DateField(_("approved on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    awaiting_confirmation = models.BooleanField(_("awaiting confirmation"), default=False)

    class Meta:
        ordering = ("site_code", "kind", "approved_on")
        constraints = (
            models.UniqueConstraint(
                fields=("site_code", "kind", "reference", "protocol_version"),
                name="site_approval_once",
                violation_error_message=_("This approval is recorded already."),
            ),
            models.CheckConstraint(
                condition=Q(awaiting_confirmation=True) | (~Q(body="") & ~Q(reference="")),
                name="site_approval_names_body",
                violation_error_message=_("A confirmed approval names who gave it and its reference."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("approved_on")),
                name="site_approval_valid_later",
                violation_error_message=_("An approval ends after it was given."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_code} {self.kind} {self.protocol_version} {self.reference}".strip()

    def holds_on(self, day: date) -> bool:
        """Whether it was in force on this day."""
        return self.approved_on <= day and (self.valid_until is None or day <= self.valid_until)
