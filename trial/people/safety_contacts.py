"""Who is told by mail of serious events at a site, from when to when.

Accounts have no address: a contact is an address, of a ward or of a pharmacovigilance desk, and no person.
"""

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from trial.people.access import Person, actor_at
from trial.people.models import Site
from trial.protocol.study import site_today
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


class SafetyContactQuerySet(models.QuerySet["SafetyContact"]):
    def in_force(self, on: date | None = None) -> "SafetyContactQuerySet":
        """Those that are told on this day (today); `ends` is the last day."""
        day = on or site_today()
        return self.filter(Q(ends=None) | Q(ends__gte=day), starts__lte=day)


class SafetyContact(models.Model):
    """An address at a site in one stretch of time; a change ends it and begins another."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="safety_contacts")
    address = models.EmailField(_("address"))
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    starts = models.DateField(_("from"))
    ends = models.DateField(_("until"), null=True, blank=True)

    objects: ClassVar = SafetyContactQuerySet.as_manager()

    class Meta:
        ordering = ("site", "address", "starts", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("site", "address"),
                condition=Q(ends=None),
                name="one_open_safety_contact",
                violation_error_message=_("This address is told of the site already."),
            ),
            models.CheckConstraint(
                condition=Q(ends=None) | Q(ends__gte=F("starts")),
                name="safety_contact_ends_later",
                violation_error_message=_("A contact ends after it began."),
            ),
        )

    def __str__(self) -> str:
        return f"{self.site.code} {self.address}"


def add_contact(contact: SafetyContact, *, by: Person, source: Source, reason: str) -> SafetyContact:
    """From its first day on tell this address of the site. Raises ValidationError."""
    _explained(reason)
    contact.full_clean()
    told = (
        ("address", "Address", contact.address),
        ("language", "Language", contact.language),
        ("starts", "From", str(contact.starts)),
    )
    with transaction.atomic(), acting(actor_at(by, site=contact.site.code, source=source)):
        contact.save()
        changes = [Change(item, label, "", value, new_shown=value) for item, label, value in told]
        record_event("safety_contact.added", _place(contact), changes, reason=reason)
    return contact


def end_contact(contact: SafetyContact, on: date, *, by: Person, source: Source, reason: str) -> None:
    """After this day the address is told nothing more. Raises ValidationError."""
    _explained(reason)
    with transaction.atomic(), acting(actor_at(by, site=contact.site.code, source=source)):
        contact.ends = on
        contact.full_clean()
        contact.save()
        record_event(
            "safety_contact.ended", _place(contact), [Change("ends", "Until", "", str(on))], reason=reason
        )


def _place(contact: SafetyContact) -> Place:
    return Place(site=contact.site.code, about=contact.address)


def _explained(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
