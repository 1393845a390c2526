"""Taking out a list as CSV: what was asked for and nothing else. That it left is on the trail."""

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from patients.web.clocks import local_now
from patients.web.shell import person_of
from trial.people.access import actor_at
from trial.spreadsheets import cell
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out


def list_as_csv(
    kind: str,
    request: HttpRequest,
    name: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    sites: Iterable[str],
    about: str = "",
) -> HttpResponse:
    """The rows in the language in use, with a byte order mark for spreadsheets, as a file of this name and
    the moment. One event of this kind holds how many they are, their hash, and the sites that they are of."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(headings)
    written = 0
    for row in rows:
        sheet.writerow(map(cell, row))
        written += 1
    content, within = text.getvalue().encode("utf-8-sig"), list(sites)
    changes = taken_out(entries=written, digest=hashlib.sha256(content).hexdigest(), sites=within)
    place = Place(site=one_site(within), about=about[:200])
    request_id = request.request_id  # type: ignore[attr-defined]
    actor = actor_at(person_of(request), site=place.site, source=Source.WEB, request_id=request_id)
    with transaction.atomic(), acting(actor):
        record_event(kind, place, changes)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{local_now():%Y%m%dT%H%M%S}.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)
