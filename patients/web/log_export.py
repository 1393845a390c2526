"""The screening and enrolment log as CSV, for the study file of a site. That it left is on the trail."""

import csv
import hashlib
import io

from django.db import transaction
from django.utils.translation import gettext as _

from patients.web.log_presenter import LogLine, LogScreen
from trial.people.access import Person, actor_at
from trial.people.models import Site
from trial.spreadsheets import cell
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import taken_out


def export_log(screen: LogScreen, site: Site, *, by: Person, request_id: str = "") -> bytes:
    """The lines of the log in the language in use, with a byte order mark for spreadsheets; one event holds
    their number and the hash."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(headings())
    sheet.writerows([*map(cell, _cells(line))] for line in screen.lines)
    content = text.getvalue().encode("utf-8-sig")
    digest = hashlib.sha256(content).hexdigest()
    with transaction.atomic(), acting(actor_at(by, site=site.code, source=Source.WEB, request_id=request_id)):
        changes = taken_out(entries=len(screen.lines), digest=digest, sites=[site.code])
        record_event("screening_log.exported", Place(site=site.code), changes)
    return content


def headings() -> list[str]:
    """What the columns are called, as on the screen."""
    return [
        _("Subject"),
        _("Main consent"),
        _("Eligible"),
        _("Criteria not met"),
        _("Signed by the principal investigator"),
        _("Enrolled"),
        _("Infused"),
        _("Stands"),
        _("Entered twice"),
    ]


def _cells(line: LogLine) -> list[str]:
    failed = "; ".join(line.failed)
    return [
        line.code,
        line.consent,
        line.eligible,
        failed,
        line.signed,
        line.enrolled,
        line.infused,
        line.stands,
        "; ".join(chip.text for chip in line.doubles),
    ]
