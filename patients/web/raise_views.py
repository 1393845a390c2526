"""Raising queries: at an item, a page, a visit or a subject, and the same at several pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control

from patients.casebook.page import Subject
from patients.entry.asking import raise_queries, raise_query
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.query_act import AlreadyAsked, NotAsked, Question, Target, UnknownQuery
from patients.oversight.queries import Priority
from patients.web.bulk_query_presenter import AskedFor, bulk_screen, targets_among
from patients.web.once import once_for
from patients.web.queries import page_for, subjects_for
from patients.web.query_presenter import Typed, raise_screen
from patients.web.query_reading import outstanding_at, who_answers_at
from patients.web.query_views import directed_in, request_id_of, why
from patients.web.query_words import url_of
from patients.web.saving import CONFLICT, UNPROCESSABLE
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import number
from trial.people.access import can, sites_where
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.QUERY, to_post=Permission.QUERY, at=At.ITS_SITE)
@private
def query_on_page(request: HttpRequest, pk: int) -> HttpResponse:
    """A query about a page, or about an item of it that the address names."""
    person = person_of(request)
    page = page_for(person, pk)
    authorise(request, page.subject.site)
    item, row = (_text(request, name) for name in ("item", "row"))
    return _raise(request, person, Target(page=page, item=item, row_key=row))


@needs(Permission.QUERY, to_post=Permission.QUERY, at=At.ITS_SITE)
@private
def query_on_subject(request: HttpRequest, code: str) -> HttpResponse:
    """A query about a subject, or about a visit of it that is named."""
    person = person_of(request)
    subject: Subject = get_object_or_404(subjects_for(person), code=code)
    authorise(request, subject.site)
    visit = _text(request, "visit")
    if not visit:
        return _raise(request, person, Target(subject=subject))
    found = get_object_or_404(subject.visits.select_related("subject__site"), code=visit)
    return _raise(request, person, Target(visit=found))


def _text(request: HttpRequest, name: str) -> str:
    return (request.POST.get(name) or request.GET.get(name, "")).replace("\0", "").strip()[:60]


def _raise(request: HttpRequest, person: Account, target: Target) -> HttpResponse:
    if request.method != "POST":
        return _form(request, person, target)
    try:
        return once_for(request, person, lambda: _raised(request, person, target))
    except UnknownQuery as unknown:
        raise Http404 from unknown
    except (NotAsked, AlreadyAsked, KeyReused) as refused:
        return _form(request, person, target, refused)


def _raised(request: HttpRequest, person: Account, target: Target) -> Answer:
    query = raise_query(target, _question(request), by=person, request_id=request_id_of(request))
    return Answer(location=url_of(query), said=_("The query is raised."))


def _question(request: HttpRequest) -> Question:
    return Question(request.POST.get("text", ""), *directed_in(request))


def _form(
    request: HttpRequest, person: Account, target: Target, refused: Exception | None = None
) -> HttpResponse:
    site = target.whose.site
    identify = can(person, Permission.READ_IDENTITY, site=site.code)
    people, others = who_answers_at(site.code), outstanding_at(target)
    screen = raise_screen(target, people, others, _typed(request), identify=identify)
    if refused is not None:
        screen = replace(screen, **_refusal(refused))
    frame = shell(person, [site], here="queries", subject=target.whose)
    return show(request, "query_new.html", screen, frame, _status_of(refused))


def _typed(request: HttpRequest) -> Typed:
    priority = number(request.POST.get("priority", "")) or Priority.NORMAL
    return Typed(request.POST.get("text", ""), request.POST.get("assigned", ""), priority)


def _refusal(refused: Exception) -> dict[str, Any]:
    if isinstance(refused, AlreadyAsked):
        said = _("It is asked about already. Add what you have to say to that query.")
        return {"problems": (said,), "already_url": url_of(refused.query)}
    return {"problems": why(refused)}


def _status_of(refused: Exception | None) -> int:
    if refused is None:
        return 200
    return CONFLICT if isinstance(refused, AlreadyAsked) else UNPROCESSABLE


# --- the same at several pages -----------------------------------------------------------------------------
@needs(Permission.QUERY, to_post=Permission.QUERY)
@private
def raise_several(request: HttpRequest) -> HttpResponse:
    """The same question at chosen pages of a form, or at an item of them."""
    person, asked = person_of(request), AskedFor.read(request.GET)
    if request.method != "POST":
        return _several(request, person, asked)
    try:
        return once_for(request, person, _raising(request, person, asked))
    except UnknownQuery as unknown:
        raise Http404 from unknown
    except (NotAsked, AlreadyAsked, KeyReused) as refused:
        return _several(request, person, asked, refused)


def _raising(request: HttpRequest, person: Account, asked: AskedFor) -> Callable[[], Answer]:
    def act() -> Answer:
        targets = targets_among(request.POST.getlist("place"), asked, person)
        raised = raise_queries(targets, _question(request), by=person, request_id=request_id_of(request))
        said = ngettext("%(count)s query is raised.", "%(count)s queries are raised.", len(raised))
        return Answer(location=reverse("queries"), said=said % {"count": len(raised)})

    return act


def _several(
    request: HttpRequest, person: Account, asked: AskedFor, refused: Exception | None = None
) -> HttpResponse:
    screen = bulk_screen(asked, person, _typed(request), frozenset(request.POST.getlist("place")))
    if refused is not None:
        screen = replace(screen, **_refusal(refused))
    frame = shell(person, sites_where(person, Permission.QUERY), here="queries")
    return show(request, "queries_new.html", screen, frame, _status_of(refused))
