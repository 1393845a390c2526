"""The list of terms as CSV: what was asked for and nothing else. That it left is on the trail."""

import csv
import hashlib
import io
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from patients.coding.groups import Group
from patients.coding.standing import CodedTerm, State, days_waiting
from patients.web.clocks import moment
from patients.web.coding_filters import CodingFilters
from trial.people.access import Person, actor_at
from trial.spreadsheets import cell
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out


def export_terms(
    groups: Iterable[Group],
    filters: CodingFilters,
    sites: Iterable[str],
    now: datetime,
    *,
    by: Person,
    request_id: str = "",
) -> bytes:
    """The terms, one row each, in the language in use, with a byte order mark for spreadsheets; one event
    holds their number and the hash."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(headings())
    written = 0
    for group in groups:
        days = "" if group.state is State.CODED else str(days_waiting(group.since, now))
        for term in group.terms:
            sheet.writerow(map(cell, _cells(term, days)))
            written += 1
    content = text.getvalue().encode("utf-8-sig")
    within = list(sites)
    changes = taken_out(entries=written, digest=hashlib.sha256(content).hexdigest(), sites=within)
    # The words that were searched for may be what is to be hidden from the trail.
    asked = filters.address(**({"words": "…"} if filters.words else {}))
    place = Place(site=one_site(within), about=f"csv {asked}".strip()[:200])
    actor = actor_at(by, site=place.site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event("terms.exported", place, changes)
    return content


def headings() -> list[str]:
    """What the columns are called."""
    return [
        _("Site"),
        _("Subject"),
        _("Form"),
        _("Visit"),
        _("Row"),
        _("Item"),
        _("As written"),
        _("State"),
        _("Days"),
        _("Dictionary"),
        _("Term"),
        _("Code"),
        _("Reported as"),
        _("Code of that"),
        _("Classes"),
        _("Codes of the classes"),
        _("How"),
        _("Coded by"),
        _("Coded at"),
    ]


def _cells(term: CodedTerm, days: str) -> list[str]:
    coding = term.coding
    place = [term.site, term.subject, term.coded.form, term.visit, term.row_key, term.coded.item]
    stands = [term.verbatim, str(term.state.label), days]
    if coding is None:
        return [*place, *stands, *[""] * 10]
    found = coding.term
    return [
        *place,
        *stands,
        str(found.dictionary),
        found.name,
        found.code,
        found.concept.name,
        found.concept.code,
        found.concept.path_in_words,
        found.concept.classes,
        str(coding.get_how_display()),
        coding.printed_name,
        moment(coding.at),
    ]
