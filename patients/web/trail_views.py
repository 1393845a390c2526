"""The screens of the trail: read, counted, taken out, marked as reviewed."""

from collections.abc import Iterable, Mapping
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
from patients.oversight.review import (
    Reviewed,
    ReviewMoved,
    Stretch,
    mark_reviewed,
    reviewed,
    stretch,
)
from patients.web.lag_presenter import lag_screen
from patients.web.queries import (
    people_at,
    people_in,
    people_with_accounts,
    readable_site,
    site_codes,
    subjects_for,
)
from patients.web.review_presenter import ReviewScreen
from patients.web.shell import Shell, person_of, shell, show
from patients.web.trail_export import FORMATS, TooMuchForPdf, export_trail
from patients.web.trail_filters import TrailFilters, number
from patients.web.trail_presenter import TrailPresenter, TrailScreen, window
from trial.people.access import can, sites_of, sites_where
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission
from trial.people.trail_readers import acts_without_site_for
from trial.trail.models import TrailEvent
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
    people = people_in(subject) if subject else people_at(filters.sites)
    links = _review_url(person, filters, subject), _hiding_url(person, subject)
    presenter = TrailPresenter(filters, subject, reviewed(filters.within))
    return show(
        request, "trail.html", _screen(request, presenter, people, cuts(), *links), _frame(person, subject)
    )


def _screen(
    request: HttpRequest,
    presenter: TrailPresenter,
    people: Iterable[tuple[str, str]],
    cuts: Iterable[TrailEvent] = (),
    review_url: str = "",
    hiding_url: str = "",
) -> TrailScreen:
    """What was asked for, at the place in it that the address names."""
    filters = presenter.filters
    question = filters.question()
    shown = window(
        question,
        number(request.GET.get("before", "")),
        number(request.GET.get("after", "")),
        newest_first=filters.newest_first,
    )
    counted = count(question) if "count" in request.GET else None
    return presenter.screen(shown, people, cuts, counted, review_url, hiding_url)


@needs(to_post=Permission.REVIEW_TRAIL)
@private
def export(request: HttpRequest, kind: str) -> HttpResponse | FileResponse:
    """The trail that was asked for as CSV or PDF; that it was taken out is on record before it leaves."""
    if kind not in FORMATS:
        raise Http404(kind)
    _person, filters, _no_subject = _asked(request, request.POST, "")
    return _taken(request, filters, kind, _address(None))


@needs(Permission.READ_ACCOUNT_TRAIL)
@private
def trail_of_accounts(request: HttpRequest) -> HttpResponse:
    """What happened to accounts: sign-ins, roles, passwords. It names no subject and no value."""
    person = person_of(request)
    filters = TrailFilters.of_accounts(request.GET, site_codes(), person)
    screen = _screen(request, TrailPresenter(filters, None, Reviewed({})), people_with_accounts())
    return show(request, "trail.html", screen, shell(person, sites_of(person), here="trail-of-accounts"))


@needs(to_post=Permission.READ_ACCOUNT_TRAIL)
@private
def export_of_accounts(request: HttpRequest, kind: str) -> HttpResponse | FileResponse:
    """The same as CSV or PDF."""
    if kind not in FORMATS:
        raise Http404(kind)
    filters = TrailFilters.of_accounts(request.POST, site_codes(), person_of(request))
    return _taken(request, filters, kind, reverse("trail-of-accounts"))


def _taken(request: HttpRequest, filters: TrailFilters, kind: str, back: str) -> HttpResponse | FileResponse:
    request_id = request.request_id  # type: ignore[attr-defined]
    try:
        taken = export_trail(filters, kind, by=filters.by, request_id=request_id)
    except TooMuchForPdf as refused:
        messages.error(
            request,
            _("A PDF holds at most %(most)s entries. Narrow the question, or take CSV.")
            % {"most": refused.most},
        )
        return HttpResponseRedirect(f"{back}?{filters.query()}")
    return FileResponse(taken.file, as_attachment=True, filename=taken.name, content_type=taken.content_type)


@needs(Permission.MARK_REVIEWED, to_post=Permission.MARK_REVIEWED, at=At.ITS_SITE)
@private
def review(request: HttpRequest, site: str, code: str = "") -> HttpResponse:
    """Mark what happened at a site, or to one subject of it, as reviewed."""
    person = person_of(request)
    authorise(request, readable_site(person, site))
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
    """How long after the day of the assessment pages were first entered, by site and form; at one site if it
    is named."""
    person = person_of(request)
    site = request.GET.get("site", "")
    sites = [each for each in _sites(person) if each == site or not site]
    return show(request, "lag.html", lag_screen(entry_lags(sites)), _frame(person, None))


def _asked(
    request: HttpRequest, asked: Mapping[str, Any], code: str
) -> tuple[Account, TrailFilters, Subject | None]:
    """Who asks, what, and about which subject if about one. Strangers get 404, others 403."""
    person = person_of(request)
    if not code:
        beyond = acts_without_site_for(person)
        return person, TrailFilters.of_sites(asked, _sites(person), person, beyond), None
    subject = get_object_or_404(subjects_for(person), code=code)
    authorise(request, subject.site)
    return person, TrailFilters.of_subject(asked, subject, person), subject


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
    sites = [subject.site] if subject else sites_where(person, Permission.REVIEW_TRAIL)
    return shell(person, sites, here="trail" if subject else "trail-of-sites", subject=subject)
