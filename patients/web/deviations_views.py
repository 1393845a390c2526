"""The list of protocol deviations, on screen and as CSV on record."""

import csv
import hashlib
import io
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from patients.oversight.deviation_list import deviations_at
from patients.web.clocks import local_now
from patients.web.deviations_presenter import (
    MOST_LINES,
    DeviationsScreen,
    answers_of,
    deviation_lines,
    headings,
)
from patients.web.shell import person_of, shell, show
from patients.web.trail_presenter import Option
from trial.people.access import actor_at, sites_where
from trial.people.models import Account, Site
from trial.people.needs import needs
from trial.people.roles import Permission
from trial.spreadsheets import cell
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import taken_out

private = cache_control(private=True, no_store=True)


@needs(Permission.READ)
@private
def deviations(request: HttpRequest) -> HttpResponse:
    """The deviations at the sites of the person, of one site or class if it is named."""
    person = person_of(request)
    sites = sites_where(person, Permission.READ)
    site, weight = request.GET.get("site", ""), request.GET.get("class", "")
    rows = deviations_at(_among(sites, site), weight=weight)
    lines = deviation_lines(rows[:MOST_LINES])
    screen = DeviationsScreen(
        lines=lines,
        more=rows.order_by().count() - len(lines) if len(lines) == MOST_LINES else 0,
        sites=[Option(each.code, each.code, each.code == site) for each in sites],
        weights=[Option(code, label, code == weight) for code, label in answers_of("pd_class").items()],
    )
    return show(request, "deviations.html", screen, shell(person, sites, here="deviations"))


@needs(to_post=Permission.READ)
@private
def deviations_file(request: HttpRequest) -> HttpResponse:
    """The same as CSV. It is asked for by POST, since it leaves a record."""
    person = person_of(request)
    sites = _among(sites_where(person, Permission.READ), request.POST.get("site", ""))
    rows = deviations_at(sites, weight=request.POST.get("class", ""))
    content, count = _sheet(rows)
    _note(request, person, sites, count, content)
    name = f"deviations-{local_now():%Y%m%dT%H%M%S}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _among(sites: list[Site], wanted: str) -> list[str]:
    return [site.code for site in sites if not wanted or site.code == wanted]


def _sheet(rows: Any) -> tuple[bytes, int]:
    """The lines in the language in use, with a byte order mark for spreadsheets, and how many they are."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(headings())
    lines = deviation_lines(rows)
    sheet.writerows([*map(cell, line.cells)] for line in lines)
    return text.getvalue().encode("utf-8-sig"), len(lines)


def _note(request: HttpRequest, person: Account, sites: list[str], count: int, content: bytes) -> None:
    site = sites[0] if len(sites) == 1 else ""
    request_id = request.request_id  # type: ignore[attr-defined]
    actor = actor_at(person, site=site, source=Source.WEB, request_id=request_id)
    changes = taken_out(entries=count, digest=hashlib.sha256(content).hexdigest(), sites=sites)
    with transaction.atomic(), acting(actor):
        record_event("deviations.exported", Place(site=site), changes)
