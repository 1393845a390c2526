"""Bringing sites, members and subjects into the registry, each act with its event."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from patients.casebook.answers import StoredCasebook
from patients.casebook.identity import Identity
from patients.casebook.page import Subject
from patients.entry.refusals import SiteLocked
from patients.items.problems import Finding, Severity
from patients.oversight.casebook_locks import is_closed_to_subjects, is_sealed
from patients.schedule.placing import place_visits
from trial.people.access import Person, actor_at
from trial.people.accounts import create_account
from trial.people.grants import grant_role
from trial.people.models import Account, Member, Site
from trial.people.roles import Role
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


def register_site(code: str, name: str, *, by: Person, source: Source) -> Site:
    """The site of this code, made if it is new. Raises ValidationError for what no site can be called."""
    with transaction.atomic(), acting(actor_at(by, site=code, source=source)):
        Site(code=code, name=name).clean_fields()
        site, new = Site.objects.get_or_create(code=code, defaults={"name": name})
        if new:
            record_event("site.registered", Place(site=code))
    return site


def register_member(
    user_name: str, printed_name: str, role: Role, site: Site, *, by: Person, source: Source, reason: str
) -> Member:
    """The grant of a role at a site to an account, each made if it is new. A new account has no password.

    Raises ValidationError for what nobody can be called, and for a role that must be apart from another of
    the same person.
    """
    with transaction.atomic():
        Account(user_name=user_name, printed_name=printed_name).clean_fields(exclude=("password",))
        account = Account.objects.filter(user_name__iexact=user_name).first()
        account = account or create_account(user_name, printed_name, by=by, source=source)
        held = account.grants.still_to_end().filter(site=site, role=role).select_related("account", "site")
        return held.first() or grant_role(account, role, site, by=by, reason=reason, source=source)


def register_subject(
    code: str,
    site: Site,
    *,
    by: Person,
    source: Source,
    patient_id: str = "",
    planned_infusion: date | None = None,
) -> Subject:
    """The subject of this code with its first visits, made if it is new: on every channel here alone.

    Raises ValidationError, and SiteLocked (423) for a new one where the site or the study is locked.
    """
    with transaction.atomic(), acting(actor_at(by, site=site.code, source=source)):
        found = Subject.objects.filter(code=code).select_related("site").first()
        if found is not None:
            return found
        Site.objects.select_for_update().get(pk=site.pk)  # a lock of it is over, or waits
        if is_closed_to_subjects(site):
            said = _("The site is locked: nobody is entered there any more.")
            raise SiteLocked([Finding("site", said, Severity.REFUSED, value=site.code)])
        subject = Subject(code=code, site=site, patient_id=patient_id, planned_infusion=planned_infusion)
        subject.full_clean()
        subject.save()
        changes = place_visits(subject, StoredCasebook(subject))
        if planned_infusion:
            changes.insert(0, Change("planned_infusion", "Planned infusion", "", str(planned_infusion)))
        record_event("subject.registered", Place(site=site.code, subject=code), changes)
    return subject


def register_identity(
    subject: Subject,
    *,
    full_name: str,
    hospital_number: str,
    by: Person,
    source: Source,
    reason: str = "",
    request_id: str = "",
) -> None:
    """Name and hospital number of a subject; the trail keeps that they changed and keyed hashes. A save of
    the birth date, which stands in the same row, waits. Raises ValidationError for a locked casebook."""
    site = subject.site.code
    with transaction.atomic(), acting(actor_at(by, site=site, source=source, request_id=request_id)):
        Subject.objects.select_for_update().get(pk=subject.pk)
        identity = Identity.objects.filter(subject=subject).first() or Identity(subject=subject)
        if (identity.full_name, identity.hospital_number) == (full_name, hospital_number):
            return
        if is_sealed(subject):
            raise ValidationError(
                {"subject_id": _("The casebook is locked: who it is about stays as it is.")}
            )
        old = dict(identity.marks)
        identity.full_name, identity.hospital_number = full_name, hospital_number
        identity.save()
        changes = [
            Change(name, name.replace("_", " "), old.get(name, ""), identity.marks[name])
            for name in ("full_name", "hospital_number")
            if old.get(name, "") != identity.marks[name]
        ]
        record_event("identity.recorded", Place(site=site, subject=subject.code), changes, reason=reason)
