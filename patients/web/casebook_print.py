"""Printing the casebook of a subject: what was made, by whom, stands on the trail before it leaves."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import translation

from patients.casebook.page import Subject
from patients.casebook.typesetting import typeset
from patients.oversight.identity_reads import Purpose, record_identity_of
from patients.web.casebook_document import Asked, casebook_document
from patients.web.clocks import local_now
from patients.web.trail_export import MOST_IN_PDF, TooMuchForPdf
from patients.web.trail_filters import OLDEST, TrailFilters
from trial.people.access import Person, actor_at, require
from trial.people.roles import Permission
from trial.trail.actor import Source, acting
from trial.trail.reading import Entry, entries
from trial.trail.record import Change, Place, record_event

TEMPLATE = Path(__file__).with_name("casebook.typ")
LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Printing:
    """How a casebook shall be printed. Identity is in it only where somebody asks for it."""

    language: str
    with_trail: bool = False
    with_identity: bool = False


@dataclass(frozen=True, slots=True)
class Printed:
    """A casebook that is ready to leave."""

    pdf: bytes
    name: str
    sha256: str


def print_casebook(subject: Subject, how: Printing, *, by: Person, request_id: str = "") -> Printed:
    """The casebook of a subject (as `subjects_for` finds it) as a PDF, with one event that holds its hash.

    Raises PermissionDenied, also for a trail or an identity that `by` may not read, and TooMuchForPdf.
    """
    for permission in _needed(how):
        require(by, permission, site=subject.site.code)
    with transaction.atomic(), translation.override(how.language):
        Subject.objects.select_for_update().get(pk=subject.pk)  # no save comes between two of its reads
        trail = _trail(subject, by) if how.with_trail else None
        document = casebook_document(Asked(subject, by, how.with_identity, trail))
    pdf = typeset(TEMPLATE, document.data)
    actor = actor_at(by, site=subject.site.code, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        if how.with_identity:
            record_identity_of(subject, Purpose.PRINTING, by=by, request_id=request_id)
        _record(subject, how, document.pages, document.sha256)
    name = f"casebook-{subject.code}-{local_now():%Y%m%dT%H%M%S}.pdf"
    return Printed(pdf, name, document.sha256)


def _needed(how: Printing) -> list[Permission]:
    asked = (
        (True, Permission.READ),
        (how.with_trail, Permission.REVIEW_TRAIL),
        (how.with_identity, Permission.READ_IDENTITY),
    )
    return [permission for wanted, permission in asked if wanted]


def _trail(subject: Subject, by: Person) -> list[Entry]:
    """All that happened to the subject, the oldest first."""
    filters = TrailFilters.of_subject({"order": OLDEST}, subject, by)
    found = list(islice(entries(filters.question(), newest_first=False), MOST_IN_PDF + 1))
    if len(found) > MOST_IN_PDF:
        raise TooMuchForPdf
    return found


def _record(subject: Subject, how: Printing, pages: int, sha256: str) -> None:
    told = (
        ("language", "Language", how.language),
        ("trail", "With the trail", "Y" if how.with_trail else "N"),
        ("identity", "With identity", "Y" if how.with_identity else "N"),
        ("pages", "Pages", str(pages)),
        ("sha256", "SHA-256 of what is shown", sha256),
    )
    changes = [Change(item, label, "", value, new_shown=value) for item, label, value in told]
    record_event("casebook.printed", Place(site=subject.site.code, subject=subject.code), changes)
