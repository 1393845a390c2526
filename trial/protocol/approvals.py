"""What has to be approved before a site enrols, and recording it (LK-08; ICH E6(R3) 4.3.5).

Nothing recorded is ever changed: an approval ends, a consent version is superseded, and the next one is a row
of its own. Each is an act of the trail.
"""

from datetime import date
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from trial.people.access import Person, actor_at
from trial.protocol.models import ApprovalKind, ConsentVersion, SiteApproval
from trial.protocol.study import STUDY
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event

Recorded = TypeVar("Recorded", SiteApproval, ConsentVersion)


def approvals_missing(site_code: str, on: date) -> list[ApprovalKind]:
    """What a site has no approval of in force on this day, for the protocol version of the study."""
    recorded = SiteApproval.objects.filter(site_code=site_code, protocol_version=STUDY.protocol_version)
    held = {approval.kind for approval in recorded if approval.holds_on(on)}
    return [kind for kind in ApprovalKind if kind not in held]


def record_approval(approval: SiteApproval, *, by: Person, source: Source, reason: str) -> SiteApproval:
    """Put an approval on record. Raises ValidationError, also where one of the same kind still holds then."""
    return _record(approval, "approval.recorded", approval.site_code, by=by, source=source, reason=reason)


def record_consent(version: ConsentVersion, *, by: Person, source: Source, reason: str) -> ConsentVersion:
    """Put a version of the main consent on record. Raises ValidationError."""
    return _record(version, "consent.recorded", "", by=by, source=source, reason=reason)


def end_approval(approval: SiteApproval, on: date, *, by: Person, source: Source, reason: str) -> None:
    """The approval holds up to and with this day. Raises ValidationError."""
    _end(
        approval, "valid_until", on, "approval.ended", approval.site_code, by=by, source=source, reason=reason
    )


def supersede_consent(version: ConsentVersion, on: date, *, by: Person, source: Source, reason: str) -> None:
    """From this day on another version is the one to sign. Raises ValidationError."""
    _end(version, "superseded_on", on, "consent.superseded", "", by=by, source=source, reason=reason)


def _record(row: Recorded, action: str, site: str, *, by: Person, source: Source, reason: str) -> Recorded:
    _explained(reason)
    row.full_clean()
    with transaction.atomic(), acting(actor_at(by, site=site, source=source)):
        row.save()
        told = [column for column in row._meta.concrete_fields if column.name != "id"]
        changes = [
            Change(column.name, column.name, "", str(value), new_shown=str(value))
            for column in told
            if (value := getattr(row, column.name)) not in (None, "")
        ]
        record_event(action, Place(site=site, about=str(row)), changes, reason=reason)
    return row


def _end(
    row: SiteApproval | ConsentVersion, column: str, on: date, action: str, site: str,
    *, by: Person, source: Source, reason: str,
) -> None:  # fmt: skip
    _explained(reason)
    with transaction.atomic(), acting(actor_at(by, site=site, source=source)):
        before = getattr(row, column)
        setattr(row, column, on)
        row.full_clean()
        row.save()
        change = Change(column, column, str(before or ""), str(on))
        record_event(action, Place(site=site, about=str(row)), [change], reason=reason)


def _explained(reason: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why, and from which document.")})
