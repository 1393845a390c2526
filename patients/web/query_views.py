"""The screens of queries: the list, one query with its thread, raising, figures."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control

from patients.entry.asking import direct_query
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.query_act import Assigned, NotAsked, NotNow, UnknownQuery
from patients.entry.query_moves import (
    answer_query,
    close_queries,
    close_query,
    comment_on_query,
    reopen_query,
)
from patients.oversight.queries import Priority, Query
from patients.oversight.query_figures import query_figures
from patients.web.lists_as_csv import list_as_csv
from patients.web.once import once_for
from patients.web.queries_presenter import QueriesPresenter, stretch
from patients.web.query_export import headings, row_of
from patients.web.query_figures_presenter import figures_screen
from patients.web.query_filters import QueryFilters
from patients.web.query_presenter import PERSON, ROLE, query_screen
from patients.web.query_reading import (
    askers_among,
    counts_by_state,
    names_in,
    queries_for,
    thread_of,
    who_answers_at,
)
from patients.web.saving import CONFLICT, UNPROCESSABLE
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import number
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


# --- the list ----------------------------------------------------------------------------------------------
@needs(Permission.READ, to_post=Permission.QUERY)
@private
def queries(request: HttpRequest) -> HttpResponse:
    """The queries at the reader's sites; several closed with one reason."""
    person, filters = person_of(request), QueryFilters.read(request.GET)
    if request.method != "POST":
        return _list(request, person, filters)
    try:
        return once_for(request, person, lambda: _close_chosen(request, person, filters))
    except (NotAsked, NotNow, KeyReused) as refused:
        return _list(request, person, filters, refused)


def _list(
    request: HttpRequest, person: Account, filters: QueryFilters, refused: Exception | None = None
) -> HttpResponse:
    sites, now = sites_where(person, Permission.READ), timezone.now()
    mine = queries_for(person)
    found = filters.among(mine, by=person, now=now)
    key = (number(request.GET.get(name, "")) for name in ("before", "after"))
    shown = stretch(found, *key, newest_first=filters.newest_first)
    askers = askers_among(mine)
    counts = counts_by_state(filters.among(mine, by=person, now=now, but_state=True))
    presenter = QueriesPresenter(person, sites, filters, now)
    screen = presenter.screen(shown, counts, names_in(shown.queries, askers), askers)
    if refused is not None:
        typed = request.POST.get("reason", "")
        screen = replace(screen, problems=why(refused), reason=typed, chosen=frozenset(_chosen(request)))
    return show(request, "queries.html", screen, shell(person, sites, here="queries"), status_of(refused))


def _close_chosen(request: HttpRequest, person: Account, filters: QueryFilters) -> Answer:
    chosen = _chosen(request)
    found = list(queries_for(person).filter(pk__in=chosen))
    if len(found) != len(chosen):
        raise Http404
    close_queries(found, request.POST.get("reason", ""), by=person, request_id=request_id_of(request))
    said = ngettext("%(count)s query is closed.", "%(count)s queries are closed.", len(found))
    back = f"{reverse('queries')}?{filters.address()}"
    return Answer(location=back, said=said % {"count": len(found)})


def _chosen(request: HttpRequest) -> set[int]:
    """The numbers of the queries that were ticked."""
    return {found for each in request.POST.getlist("query") if (found := number(each))}


@needs(to_post=Permission.READ)
@private
def queries_csv(request: HttpRequest) -> HttpResponse:
    """The same as CSV. It is asked for by POST, since it leaves a record."""
    person, filters, now = person_of(request), QueryFilters.read(request.POST), timezone.now()
    mine = queries_for(person)
    found = list(filters.among(mine, by=person, now=now).order_by("-pk" if filters.newest_first else "pk"))
    sites = [site.code for site in sites_where(person, Permission.READ)]
    within = [code for code in sites if filters.site in ("", code)]
    names = names_in(found)
    return list_as_csv(
        "queries.exported",
        request,
        f"queries-{'-'.join(within)}"[:80],
        headings(),
        (row_of(each, names) for each in found),
        sites=within,
        about=f"csv {filters.on_record}".strip(),
    )


@needs(Permission.READ)
@private
def query_metrics(request: HttpRequest) -> HttpResponse:
    """How queries go at the reader's sites."""
    person = person_of(request)
    sites = sites_where(person, Permission.READ)
    screen = figures_screen(query_figures(sites, timezone.now()))
    return show(request, "query_figures.html", screen, shell(person, sites, here="queries"))


# --- one query ---------------------------------------------------------------------------------------------
@needs(Permission.READ, to_post=Permission.READ, at=At.ITS_SITE)
@private
def query(request: HttpRequest, pk: int) -> HttpResponse:
    """A query with its thread. Each side makes its moves here; which right a move takes the act asks."""
    person = person_of(request)
    found = get_object_or_404(queries_for(person), pk=pk)
    authorise(request, found.whose.site)
    if request.method != "POST":
        return _show(request, person, found)
    try:
        return once_for(request, person, lambda: _moved(request, person, found))
    except UnknownQuery as unknown:
        raise Http404 from unknown
    except (NotAsked, NotNow, KeyReused) as refused:
        return _show(request, person, get_object_or_404(queries_for(person), pk=pk), refused)


Move = Callable[..., None]
_MOVES: dict[str, Move] = {
    "answer": answer_query,
    "comment": comment_on_query,
    "close": close_query,
    "reopen": reopen_query,
}


def _moved(request: HttpRequest, person: Account, found: Query) -> Answer:
    """Do what was asked, and say it."""
    what = request.POST.get("do", "")
    by: dict[str, Any] = {"by": person, "request_id": request_id_of(request)}
    if what == "direct":
        direct_query(found, *directed_in(request), **by)
    elif what in _MOVES:
        _MOVES[what](found, request.POST.get("text", ""), **by)
    else:
        raise BadRequest(what)
    said = {
        "answer": _("The query is answered."),
        "comment": _("It stands in the thread."),
        "close": _("The query is closed."),
        "reopen": _("The query is open again."),
        "direct": _("The query waits as you said."),
    }
    return Answer(location=reverse("query", args=[found.pk]), said=said[what])


def directed_in(request: HttpRequest) -> tuple[Assigned, Priority]:
    """Whom a query waits for, and how soon, as it was chosen. Raises BadRequest for what cannot be chosen."""
    chosen, priority = request.POST.get("assigned", ""), request.POST.get("priority", "")
    if priority and priority not in map(str, Priority.values):
        raise BadRequest(priority)
    if chosen and not chosen.startswith((ROLE, PERSON)):
        raise BadRequest(chosen)
    role = chosen.removeprefix(ROLE) if chosen.startswith(ROLE) else ""
    user_name = chosen.removeprefix(PERSON) if chosen.startswith(PERSON) else ""
    return Assigned(role, user_name), Priority(int(priority or Priority.NORMAL))


def _show(
    request: HttpRequest, person: Account, found: Query, refused: Exception | None = None
) -> HttpResponse:
    subject = found.whose
    screen = query_screen(
        found, thread_of(found), who_answers_at(subject.site.code), names_in([found]), person
    )
    if refused is not None:
        screen = replace(screen, problems=why(refused), typed=request.POST.get("text", ""))
    frame = shell(person, [subject.site], here="queries", subject=subject)
    return show(request, "query.html", screen, frame, status_of(refused))


# --- what all of them share --------------------------------------------------------------------------------
def request_id_of(request: HttpRequest) -> str:
    found: str = request.request_id  # type: ignore[attr-defined]
    return found


def why(refused: Exception) -> tuple[str, ...]:
    """Why nothing was done, in the user's words."""
    if isinstance(refused, NotAsked):
        return refused.why
    if isinstance(refused, NotNow):
        return (_("Somebody was faster: the query has another state by now. Look at its thread."),)
    return (_("This form was sent before."),)


def status_of(refused: Exception | None) -> int:
    if refused is None:
        return 200
    return CONFLICT if isinstance(refused, NotNow) else UNPROCESSABLE
