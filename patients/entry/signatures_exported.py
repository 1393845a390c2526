"""The signatures as a sheet of a casebook directory: for who reads it, with any program that reads CSV.

A signature stands for all rows of its page, so that a row of `AE.csv` is signed by those lines of
`SIGNATURES.csv` that name its subject and visit, and the form AE. Nobody can sign by an import, which leaves
the sheet aside and says so (decision 0024).
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from patients.casebook.answers import StoredCasebook
from patients.oversight.signatures import Signature, SignatureFall, Standing
from trial.protocol.study import SITE_ZONE

STOOD = "stood"
"""In force at the moment of a data cut; its page was changed since, so that its hash cannot be computed."""


def signature_sheet(casebook: StoredCasebook, signatures: Collection[Signature]) -> Iterator[dict[str, str]]:
    """The lines of a subject's signatures, each with how it stands now."""
    for signature in signatures:
        rows = casebook.stored_on(signature.page)
        yield signature_cells(signature, signature.standing(signature.page, rows))


def signature_sheet_at(
    casebook: StoredCasebook, signatures: Collection[Signature], moment: datetime
) -> Iterator[dict[str, str]]:
    """The same as of a moment: a fall of later is not told."""
    for signature in signatures:
        if signature.has_fallen and signature.fall.at > moment:
            yield signature_cells(signature, STOOD)
        else:
            yield from signature_sheet(casebook, [signature])


def signature_cells(signature: Signature, standing: str) -> dict[str, str]:
    """All that a signature says of itself (21 CFR 11.50), where, and how it stands."""
    page = signature.page
    fall = signature.fall if standing == Standing.FALLEN else None
    return {
        "subject_id": page.subject.code,
        "visit_code": page.visit_code,
        "form": page.form_code,
        "user_name": signature.signer,
        "printed_name": signature.printed_name,
        "role": signature.role,
        "organisation": signature.event.organisation,
        "signed_at": signature.at_site.isoformat(),
        "signed_at_utc": signature.at.astimezone(UTC).isoformat(),
        "site_zone": SITE_ZONE.key,
        "meaning": signature.meaning,
        "statement_version": signature.statement_version,
        "statement": signature.statement,
        "page_version": str(signature.page_version),
        "form_version": signature.form_version,
        "sha256": signature.sha256,
        "standing": str(standing),
        **_fall(signature, fall),
    }


def _fall(signature: Signature, fall: SignatureFall | None) -> dict[str, str]:
    """When it fell, by whose act, and which items changed in it."""
    return {
        "fallen_at": fall.at.astimezone(signature.at_site.tzinfo).isoformat() if fall else "",
        "fallen_by": fall.event.actor if fall else "",
        "fallen_because": fall.why if fall else "",
    }
