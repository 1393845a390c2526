"""A monitor's visit to a site: what has come since the last one, closing it, and its report."""

from datetime import date
from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.entry.closing_visit import NotClosed, Shown, Told, VisitMoved, close_visit
from patients.entry.idempotency import Answer, KeyReused
from patients.oversight.monitoring_visits import (
    MonitoringVisit,
    Period,
    Whose,
    last_visit,
    period_since,
    visits_at,
)
from patients.oversight.queries import Query
from patients.oversight.since_visit import Figure, figures, question
from patients.web.binding import tidy
from patients.web.casebook_print import LANGUAGES
from patients.web.monitoring_presenter import (
    MOST_ROWS,
    MonitoringScreen,
    closed_lines,
    figure_lines,
    kind_options,
    since_in_words,
    site_tabs,
    table_of,
    whose_options,
)
from patients.web.once import SENT_BEFORE, once_for
from patients.web.queries import readable_site
from patients.web.query_reading import names_in
from patients.web.shell import person_of, shell, show
from patients.web.taken_file import PDF, as_file
from patients.web.trail_filters import number
from patients.web.visit_report import export_report
from trial.people.access import can, sites_where
from trial.people.models import Account, Site
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
CLOSED_SHOWN = 20


@needs(Permission.REVIEW_TRAIL, to_post=Permission.VERIFY, at=At.ITS_SITE)
@private
def visit(request: HttpRequest, site: str) -> HttpResponse:
    """What has come to a site since the last visit; a monitor closes the visit that he or she makes."""
    person = person_of(request)
    at = readable_site(person, site)
    authorise(request, at)
    if request.method != "POST":
        return _show(request, person, at)
    try:
        return once_for(request, person, lambda: _close(request, person, at))
    except NotClosed as refused:
        return _show(request, person, at, refused.why, HTTPStatus.UNPROCESSABLE_ENTITY)
    except KeyReused:
        return _show(request, person, at, (str(SENT_BEFORE),), HTTPStatus.UNPROCESSABLE_ENTITY)
    except VisitMoved:
        said = _("Something came in after you opened this. The visit is not closed: look at it again.")
        return _show(request, person, at, (said,), HTTPStatus.CONFLICT)


def _close(request: HttpRequest, person: Account, at: Site) -> Answer:
    close_visit(
        _shown(request, at),
        _told(request),
        by=person,
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    return Answer(location=reverse("monitoring-visit", args=[at.code]), said=_("The visit is closed."))


def _shown(request: HttpRequest, at: Site) -> Shown:
    """What stood on the screen whose form was sent. Raises BadRequest."""
    after, up_to, acts = (number(request.POST.get(name, "")) for name in ("after", "up_to", "acts"))
    if after is None or up_to is None or acts is None:
        raise BadRequest("no period")
    return Shown(Period(at.code, after, up_to), _whose(request.POST.get("whose", "")), acts)


def _told(request: HttpRequest) -> Told:
    post = request.POST
    began, ended = (_day(post.get(name, "")) for name in ("began", "ended"))
    return Told(post.get("kind", ""), began, ended, tidy(post.get("actions", "")))


def _day(text: str) -> date | None:
    """A day that was typed; None for none, which the act asks for."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _whose(text: str) -> Whose:
    return Whose(text) if text in list(Whose) else Whose.MINE


def _show(
    request: HttpRequest,
    person: Account,
    at: Site,
    refused: tuple[str, ...] = (),
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """The screen as it is now, with what was typed."""
    typed = request.POST.dict()
    may_close = can(person, Permission.VERIFY, site=at.code)
    asked = request.GET.get("whose") or typed.get("whose") or (Whose.MINE if may_close else Whose.ANY)
    whose = _whose(asked)
    last = last_visit(at.code, whose, by=person)
    period = period_since(last, at.code)
    shown = Shown(period, whose, period.acts)
    counts, chosen = figures(period), _chosen(request)
    rows = list(question(chosen, period)[:MOST_ROWS])
    names = names_in([row for row in rows if isinstance(row, Query)])
    screen = MonitoringScreen(
        site=at,
        sites=site_tabs(sites_where(person, Permission.REVIEW_TRAIL)),
        since=since_in_words(last),
        shown=shown,
        whose=whose_options(whose),
        lines=figure_lines(shown, counts, chosen),
        table=table_of(chosen, rows, counts[chosen], shown, names),
        closed=closed_lines(visits_at(at.code)[:CLOSED_SHOWN]),
        may_close=may_close,
        kinds=kind_options(typed.get("kind", "")),
        typed=typed,
        refused=refused,
    )
    return show(request, "monitoring_visit.html", screen, shell(person, [at], here="visit"), status)


def _chosen(request: HttpRequest) -> Figure:
    wanted = request.GET.get("show", "")
    return Figure(wanted) if wanted in list(Figure) else Figure.CORRECTED


@needs(to_post=Permission.REVIEW_TRAIL, at=At.ITS_SITE)
@private
def report(request: HttpRequest, site: str, number: int) -> HttpResponse:
    """The report of a closed visit as PDF. It is asked for by POST, since it leaves a record."""
    person = person_of(request)
    readable = [each.code for each in sites_where(person, Permission.READ)]
    found = get_object_or_404(MonitoringVisit.objects.filter(site__in=readable), pk=number, site=site)
    authorise(request, readable_site(person, found.site))
    language = request.POST.get("language", LANGUAGES[0])
    if language not in LANGUAGES:
        raise BadRequest("no such language")
    request_id = request.request_id  # type: ignore[attr-defined]
    made = export_report(found, language, by=person, request_id=request_id)
    return as_file(made.pdf, PDF, made.name)
