"""The delegation log of a site: which tasks of the trial the principal investigator has given to whom, from
when to when (ICH E6(R3), delegation of trial activities)."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trial.people.access import Person, actor_at
from trial.people.models import Account, Member, Site
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


class Task(models.TextChoices):
    """What can be delegated. The approval of eligibility and the final signature cannot."""

    CONSENT = "consent", _("obtain informed consent")
    SCREENING = "screening", _("screen and assess eligibility")
    ENTRY = "entry", _("enter data and answer queries")
    PRODUCT = "product", _("receive, check and infuse the product")
    TRANSPLANT = "transplant", _("carry out the transplantation")
    TOXICITY = "toxicity", _("assess and grade toxicity, GVHD and response")
    SAFETY = "safety", _("report serious adverse events")
    SAMPLES = "samples", _("take and send samples")
    FILE = "file", _("keep the site's trial file")


class Delegation(models.Model):
    """The tasks of one person at a site in one stretch of time; a change ends it and begins another."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="delegations")
    account = models.ForeignKey(Account, models.PROTECT, related_name="delegations")
    tasks = models.JSONField(_("tasks"))
    starts = models.DateField(_("from"))
    ends = models.DateField(_("until"), null=True, blank=True)
    delegated_by = models.CharField(_("delegated by"), max_length=150)
    delegated_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("site", "account__printed_name", "starts", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("site", "account"),
                condition=Q(ends=None),
                name="one_open_delegation",
                violation_error_message=_("This person has tasks there already: end those first."),
            ),
            models.CheckConstraint(
                condition=Q(ends=None) | Q(ends__gte=F("starts")),
                name="delegation_ends_later",
                violation_error_message=_("A delegation ends after it began."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.site.code} {self.account.user_name}"

    def clean(self) -> None:
        """Known tasks, and at least one."""
        if not self.tasks or set(self.tasks) - set(Task.values):
            raise ValidationError({"tasks": _("Choose at least one task.")})

    @property
    def task_labels(self) -> list[str]:
        """The tasks in words, in the order of the list."""
        return [str(task.label) for task in Task if task.value in self.tasks]


def delegate(delegation: Delegation, *, by: Person, source: Source) -> Delegation:
    """Give tasks to somebody who works at the site. Raises ValidationError."""
    delegation.delegated_by = by.user_name
    delegation.full_clean()
    site = delegation.site.code
    if not Member.objects.in_force().filter(account=delegation.account, site=delegation.site).exists():
        raise ValidationError({"account": _("This person has no role at the site.")})
    with transaction.atomic(), acting(actor_at(by, site=site, source=source)):
        delegation.save()
        shown = ", ".join(delegation.task_labels)
        change = Change("tasks", "Tasks", "", "|".join(delegation.tasks), new_shown=shown)
        record_event("task.delegated", Place(site=site, about=delegation.account.user_name), [change])
    return delegation


def end_delegation(delegation: Delegation, on: date, *, by: Person, source: Source, reason: str) -> None:
    """The tasks end with this day. Raises ValidationError."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    delegation.ends, delegation.ended_by = on, by.user_name
    delegation.full_clean()
    site = delegation.site.code
    with transaction.atomic(), acting(actor_at(by, site=site, source=source)):
        delegation.save()
        change = Change("ends", "Until", "", str(on))
        about = delegation.account.user_name
        record_event("task.ended", Place(site=site, about=about), [change], reason=reason)
