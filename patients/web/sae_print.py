"""Printing the reports of a serious event: what was made, by whom, stands on the trail before it leaves."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import translation

from patients.casebook.page import Page, Subject
from patients.casebook.typesetting import typeset
from patients.web.casebook_print import Printed
from patients.web.clocks import local_now
from patients.web.sae_document import report_document
from trial.people.access import Person, actor_at, require
from trial.people.roles import Permission
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event

TEMPLATE = Path(__file__).with_name("sae.typ")


def print_report(
    page: Page, key: str, subject: Any, language: str, *, by: Person, request_id: str = ""
) -> Printed:
    """The reports of the event of this key as a PDF, with one event that holds its hash. `subject` is that of
    the page, as `subjects_for` finds it. Raises PermissionDenied and NothingReported."""
    site = page.subject.site.code
    require(by, Permission.READ, site=site)
    with transaction.atomic(), translation.override(language):
        Subject.objects.select_for_update().get(pk=page.subject_id)  # no save comes between two of its reads
        document = report_document(page, key, subject, by=by)
    pdf = typeset(TEMPLATE, document.data)
    told = (
        ("language", "Language", language),
        ("event", "Event", key),
        ("reports", "Reports", str(document.reports)),
        ("sha256", "SHA-256 of what is shown", document.sha256),
    )
    changes = [Change(item, label, "", value, new_shown=value) for item, label, value in told]
    place = Place(site=site, subject=page.subject.code, form=page.form_code, about=str(page))
    actor = actor_at(by, site=site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event("sae.printed", place, changes)
    name = f"sae-{page.subject.code}-{local_now():%Y%m%dT%H%M%S}.pdf"
    return Printed(pdf, name, document.sha256)
