"""The safety of the subjects as a team and an ethics committee look at it."""

import csv
import hashlib
import io

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control

from patients.casebook.page import Page
from patients.oversight.adjudication import to_adjudicate
from patients.oversight.reconciliation import reconcile
from patients.oversight.safety_clocks import running_clocks
from patients.oversight.safety_mail import told_of
from patients.web.adjudication_presenter import adjudication_screen
from patients.web.clocks import local_now
from patients.web.reconciliation_presenter import reconciliation_screen
from patients.web.safety_presenter import ClockLine, clock_lines, headings, safety_screen
from patients.web.shell import person_of, shell, show
from trial.people.access import actor_at, sites_where
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.roles import Permission
from trial.people.safety_contacts import SafetyContact
from trial.protocol.study import site_today
from trial.spreadsheets import cell
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out

private = cache_control(private=True, no_store=True)


@needs(Permission.READ)
@private
def safety(request: HttpRequest) -> HttpResponse:
    """The clocks of serious events that run at the sites of the person."""
    person = person_of(request)
    sites = list(sites_where(person, Permission.READ))
    told = set(SafetyContact.objects.in_force().filter(site__in=sites).values_list("site_id", flat=True))
    screen = safety_screen(_lines(person), [site for site in sites if site.pk not in told])
    return show(request, "safety.html", screen, shell(person, sites, here="safety"))


@needs(to_post=Permission.READ)
@private
def safety_file(request: HttpRequest) -> HttpResponse:
    """The same as CSV. It is asked for by POST, since it leaves a record."""
    person = person_of(request)
    lines = _lines(person)
    content = _sheet(lines)
    codes = [site.code for site in sites_where(person, Permission.READ)]
    actor = actor_at(
        person,
        site=one_site(codes),
        source=Source.WEB,
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    changes = taken_out(entries=len(lines), digest=hashlib.sha256(content).hexdigest(), sites=codes)
    with transaction.atomic(), acting(actor):
        record_event("safety.exported", Place(site=one_site(codes)), changes)
    name = f"safety-clocks-{local_now():%Y%m%dT%H%M%S}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


def _lines(person: Account) -> list[ClockLine]:
    clocks = running_clocks(Page.objects.for_person(person))
    return clock_lines(clocks, told_of(clocks), timezone.now())


def _sheet(lines: list[ClockLine]) -> bytes:
    """The lines in the language in use, with a byte order mark for spreadsheets."""
    text = io.StringIO(newline="")
    sheet = csv.writer(text)
    sheet.writerow(headings())
    sheet.writerows([*map(cell, line.cells)] for line in lines)
    return text.getvalue().encode("utf-8-sig")


@needs(Permission.READ)
@private
def reconciliation(request: HttpRequest) -> HttpResponse:
    """Where events, reports of serious ones and deaths do not agree."""
    person = person_of(request)
    screen = reconciliation_screen(reconcile(Page.objects.for_person(person)))
    frame = shell(person, sites_where(person, Permission.READ), here="safety")
    return show(request, "reconciliation.html", screen, frame)


@needs(Permission.READ)
@private
def adjudication(request: HttpRequest) -> HttpResponse:
    """The infused subjects, with what is adjudicated of them as dose-limiting toxicity."""
    person = person_of(request)
    today = site_today()
    screen = adjudication_screen(to_adjudicate(Page.objects.for_person(person), today), today)
    frame = shell(person, sites_where(person, Permission.READ), here="safety")
    return show(request, "adjudication.html", screen, frame)
