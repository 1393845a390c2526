"""Rows that a new registry starts with, all awaiting the trial team's confirmation."""

from datetime import date

from django.db import DEFAULT_DB_ALIAS, transaction

from trial.protocol.models import ApprovalKind, ConsentVersion, SiteApproval
from trial.protocol.study import SITE_CODE, STUDY

_STUDY_START = date(2021, 11, 1)

CONSENT_VERSIONS = (
    {
        "version": "1.0",
        "language": "zh",
        "approved_on": _STUDY_START,
        "in_force_from": _STUDY_START,
        "awaiting_confirmation": True,
    },
)
SITE_APPROVALS = tuple(
    {
        "site_code": SITE_CODE,
        "kind": kind,
        "protocol_version": STUDY.protocol_version,
        "approved_on": _STUDY_START,
        "awaiting_confirmation": True,
    }
    for kind in ApprovalKind
)


FILLED = (ConsentVersion, SiteApproval)
"""The models of these rows."""


def ensure_defaults(using: str = DEFAULT_DB_ALIAS) -> None:
    """Fill each table that is still empty. What the trial team recorded or removed is left alone."""
    with transaction.atomic(using=using):
        if not ConsentVersion.objects.using(using).exists():
            for row in CONSENT_VERSIONS:
                ConsentVersion.objects.using(using).create(**row)
        if not SiteApproval.objects.using(using).exists():
            for row in SITE_APPROVALS:
                SiteApproval.objects.using(using).create(**row)
