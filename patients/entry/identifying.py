"""Name and hospital number of a subject, entered and corrected by hand by whoever enters subjects.

The birth date is an item of the demographics; these two belong to no form.
"""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from patients.casebook.identity import Identity, fingerprint
from patients.casebook.page import Subject
from patients.entry.identity_patterns import reason_without_identity
from patients.entry.opening import CONSENT_FORM
from patients.entry.refusals import NotSaved
from patients.entry.register import register_identity
from patients.items.types import is_keepable
from trial.people.access import Person, require, require_entry
from trial.people.roles import Permission
from trial.trail.actor import Source

MOST_OF_A_NAME, MOST_OF_A_NUMBER = 120, 40  # characters


class IdentityMoved(NotSaved):
    """Somebody changed it after it was read (409)."""


@dataclass(frozen=True, slots=True)
class Named:
    """The name and the hospital number of somebody; empty where not known."""

    full_name: str = ""
    hospital_number: str = ""

    @property
    def seen(self) -> str:
        """What stands for both on a form: it shows whether they have changed since, and says neither."""
        return fingerprint(f"{self.full_name}\n{self.hospital_number}")

    @property
    def as_identity(self) -> Identity:
        """To be compared, never saved."""
        return Identity(full_name=self.full_name, hospital_number=self.hospital_number)

    @property
    def is_empty(self) -> bool:
        return not (self.full_name or self.hospital_number)


def named(subject: Subject) -> Named:
    """As it is kept."""
    found = Identity.objects.filter(subject=subject).first()
    return Named(found.full_name, found.hospital_number) if found else Named()


@transaction.atomic
def identify(
    subject: Subject, told: Named, *, seen: str, reason: str, by: Person, request_id: str = ""
) -> None:
    """Keep who a subject is; a value that was kept before changes with a reason. `seen`: what was read
    before (`Named.seen`).

    Raises PermissionDenied (403), ValidationError (422) and IdentityMoved (409).
    """
    site = subject.site.code
    require_entry(by, CONSENT_FORM, site=site)
    require(by, Permission.READ_IDENTITY, site=site)
    Subject.objects.select_for_update().get(pk=subject.pk)
    before = named(subject)
    if before.seen != seen:
        raise IdentityMoved
    _check(told)
    if before != told and not before.is_empty:
        reason = reason_without_identity(reason, [before.as_identity, told.as_identity])
    register_identity(
        subject,
        full_name=told.full_name,
        hospital_number=told.hospital_number,
        by=by,
        source=Source.WEB,
        reason="" if before.is_empty else reason,
        request_id=request_id,
    )


def _check(told: Named) -> None:
    """Raise ValidationError for what can be nobody's."""
    is_short = len(told.full_name) <= MOST_OF_A_NAME and len(told.hospital_number) <= MOST_OF_A_NUMBER
    if not is_short or not is_keepable(told.full_name + told.hospital_number):
        raise ValidationError(_("This is too long, or holds a sign that cannot be kept."))
