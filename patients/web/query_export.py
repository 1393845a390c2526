"""The list of queries as CSV: what was asked for and nothing else. That it left is on the trail."""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from patients.oversight.queries import Query
from patients.web.clocks import moment
from patients.web.query_filters import QueryFilters
from patients.web.query_words import (
    asker_of,
    item_in_words,
    priority_of,
    text_of,
    waits_for,
)
from trial.people.access import Person, actor_at
from trial.spreadsheets import cell
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out


def export_queries(
    queries: Iterable[Query],
    names: Mapping[str, str],
    filters: QueryFilters,
    sites: Iterable[str],
    *,
    by: Person,
    request_id: str = "",
) -> bytes:
    """The queries (as `queries_for` finds them) in the language in use, with a byte order mark for
    spreadsheets; one event holds their number and the hash. Of what identifies a subject nothing is in it."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(headings())
    written = 0
    for query in queries:
        sheet.writerow([query.pk, *map(cell, _cells(query, names))])
        written += 1
    content = text.getvalue().encode("utf-8-sig")
    within = list(sites)
    changes = taken_out(entries=written, digest=hashlib.sha256(content).hexdigest(), sites=within)
    # The words that were searched for may be what is to be hidden from the trail.
    asked = filters.address(**({"words": "…"} if filters.words else {}))
    place = Place(site=one_site(within), about=f"csv {asked}".strip()[:200])
    actor = actor_at(by, site=place.site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event("queries.exported", place, changes)
    return content


def headings() -> list[str]:
    """What the columns are called."""
    return [
        _("No."),
        _("Site"),
        _("Subject"),
        _("Visit"),
        _("Form"),
        _("Row"),
        _("Item"),
        _("About"),
        _("Question"),
        _("State"),
        _("Priority"),
        _("Raised by"),
        _("Waits for"),
        _("Opened"),
        _("Answered"),
        _("Closed"),
        _("Times opened"),
        _("Data changed"),
    ]


def _cells(query: Query, names: Mapping[str, str]) -> list[str]:
    subject = query.whose
    changed = {True: _("yes"), False: _("no"), None: ""}[query.changed_data]
    return [
        subject.site.code,
        subject.code,
        query.visit_code,
        query.form_code,
        query.row_key,
        query.item,
        item_in_words(query),
        text_of(query, identify=False),
        query.get_state_display(),
        priority_of(query),
        asker_of(query, names),
        waits_for(query, names),
        moment(query.opened_at),
        moment(query.answered_at),
        moment(query.closed_at),
        str(query.times_opened),
        changed,
    ]
