"""The screens of the trail: read, counted, taken out, marked as reviewed."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control

from patients.casebook.page import Subject
from patients.oversight.entry_lag import entry_lags
from patients.oversight.review import ReviewMoved, Stretch, mark_reviewed, reviewed, stretch
from patients.web.lag_presenter import lag_screen
from patients.web.queries import people_at, people_in, subjects_for
from patients.web.review_presenter import ReviewScreen
from patients.web.shell import Shell, person_of, shell, show
from patients.web.trail_export import FORMATS, TooMuchForPdf, export_trail
from patients.web.trail_filters import TrailFilters, number
from patients.web.trail_presenter import TrailPresenter, window
from trial.people.access import can, sites_where
from trial.people.models import Account, Site
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission
from trial.trail.reading import count, cuts

private = cache_control(private=True, no_store=True)


@needs(Permission.REVIEW_TRAIL)
@private
def trail(request: HttpRequest) -> HttpResponse:
    """What happened to the data of the reader's sites."""
    return _trail(request, "")


@needs(Permission.REVIEW_TRAIL, at=At.ITS_SITE)
@private
def trail_of_subject(request: HttpRequest, code: str) -> HttpResponse:
    """The same, narrowed to one subject."""
    return _trail(request, code)


def _trail(request: HttpRequest, code: str) -> HttpResponse:
    person, filters, subject = _asked(request, request.GET, code)
    question = filters.question()
    shown = window(
        question,
        number(request.GET.get("before", "")),
        number(request.GET.get("after", "")),
        newest_first=filters.newest_first,
    )
    people = people_in(subject) if subject else people_at(filters.sites)
    screen = TrailPresenter(filters, subject, reviewed(filters.within)).screen(
        shown,
        people,
        cuts(),
        count(question) if "count" in request.GET else None,
        _review_url(person, filters, subject),
        _hiding_url(person, subject),
    )
    return show(request, "trail.html", screen, _frame(person, subject))


@needs(to_post=Permission.REVIEW_TRAIL)
@private
def export(request: HttpRequest, kind: str) -> HttpResponse | FileResponse:
    """The trail that was asked for as CSV or PDF; that it was taken out is on record before it leaves."""
    if kind not in FORMATS:
        raise Http404(kind)
    person, filters, _no_subject = _asked(request, request.POST, "")
    request_id = request.request_id  # type: ignore[attr-defined]
    try:
        taken = export_trail(filters, kind, by=person, request_id=request_id)
    except TooMuchForPdf as refused:
        messages.error(
            request,
            _("A PDF holds at most %(most)s entries. Narrow the question, or take CSV.")
            % {"most": refused.most},
        )
        return HttpResponseRedirect(f"{_address(None)}?{filters.query()}")
    return FileResponse(taken.file, as_attachment=True, filename=taken.name, content_type=taken.content_type)


@needs(Permission.MARK_REVIEWED, to_post=Permission.MARK_REVIEWED, at=At.ITS_SITE)
@private
def review(request: HttpRequest, site: str, code: str = "") -> HttpResponse:
    """Mark what happened at a site, or to one subject of it, as reviewed."""
    person = person_of(request)
    authorise(request, _site(person, site))
    subject = get_object_or_404(subjects_for(person), code=code, site__code=site) if code else None
    if request.method == "POST":
        return _mark(request, person, _stretch_shown(request, site, code), subject)
    screen = ReviewScreen(stretch(site, code, by=person), subject)
    return show(request, "review.html", screen, _frame(person, subject))


def _mark(request: HttpRequest, person: Account, seen: Stretch, subject: Subject | None) -> HttpResponse:
    request_id = request.request_id  # type: ignore[attr-defined]
    try:
        mark_reviewed(seen, by=person, request_id=request_id)
    except ReviewMoved:
        now = stretch(seen.site, seen.subject, by=person)
        screen = ReviewScreen(now, subject, has_moved=True)
        return show(request, "review.html", screen, _frame(person, subject), status=409)
    words = ngettext("%(count)s act marked as reviewed.", "%(count)s acts marked as reviewed.", seen.acts) % {
        "count": seen.acts
    }
    messages.success(request, words)
    return HttpResponseRedirect(_address(subject))


def _stretch_shown(request: HttpRequest, site: str, code: str) -> Stretch:
    up_to, acts = (number(request.POST.get(name, "")) for name in ("up_to", "acts"))
    return Stretch(site, code, up_to or 0, acts or 0)


@needs(Permission.REVIEW_TRAIL)
@private
def lag(request: HttpRequest) -> HttpResponse:
    """How long after the day of the assessment pages were first entered, by site and form."""
    person = person_of(request)
    sites = _sites(person)
    return show(request, "lag.html", lag_screen(entry_lags(sites)), _frame(person, None))


def _asked(
    request: HttpRequest, asked: Mapping[str, Any], code: str
) -> tuple[Account, TrailFilters, Subject | None]:
    """Who asks, what, and about which subject if about one. Strangers get 404, others 403."""
    person = person_of(request)
    if not code:
        return person, TrailFilters.of(asked, _sites(person), person), None
    subject = get_object_or_404(subjects_for(person), code=code)
    authorise(request, subject.site)
    return person, TrailFilters.of(asked, [subject.site.code], person, subject), subject


def _site(person: Account, code: str) -> Site:
    """The site of this code, if the person reads there. Raises Http404."""
    found = [site for site in sites_where(person, Permission.READ) if site.code == code]
    if not found:
        raise Http404(code)
    return found[0]


def _sites(person: Account) -> list[str]:
    sites = [site.code for site in sites_where(person, Permission.REVIEW_TRAIL)]
    if not sites:
        raise PermissionDenied(f"{person.user_name}: no site whose trail to read")
    return sites


def _review_url(person: Account, filters: TrailFilters, subject: Subject | None) -> str:
    """Where a review is marked, for somebody who may: of a subject, or of the one site shown."""
    sites = [site for site in filters.within if can(person, Permission.MARK_REVIEWED, site=site)]
    if len(sites) != 1:
        return ""
    return (
        reverse("review-subject", args=[*sites, subject.code]) if subject else reverse("review", args=sites)
    )


def _hiding_url(person: Account, subject: Subject | None) -> str:
    """Where a text of the subject is hidden, for somebody who may."""
    if subject is None or not can(person, Permission.REDACT, site=subject.site.code):
        return ""
    return reverse("redactions", args=[subject.code])


def _address(subject: Subject | None) -> str:
    return reverse("trail", args=[subject.code]) if subject else reverse("trail-of-sites")


def _frame(person: Account, subject: Subject | None) -> Shell:
    sites = [subject.site] if subject else list(sites_where(person, Permission.REVIEW_TRAIL))
    return shell(person, sites, here="trail" if subject else "trail-of-sites", subject=subject)
