"""The pages of the locks: what was cut, what came out, and from where a number came."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control

from analytics.endpoints.catalogue import catalogue
from analytics.locks.models import Lock
from analytics.reports.results import results_screen
from analytics.reports.trace import trace_screen
from analytics.runs.results import NoResult, finished_run
from patients.web.shell import Shell, person_of, shell, show
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
SHOWN = 100  # locks on one page


@dataclass(frozen=True, slots=True)
class LocksScreen:
    locks: QuerySet[Lock]


@dataclass(frozen=True, slots=True)
class WaitingScreen:
    """A lock whose run is not finished; `error` says why it failed."""

    lock: Lock
    error: str


def _reader(request: HttpRequest) -> tuple[Account, Shell]:
    """Who reads results at some site, and the frame of the screen."""
    person = person_of(request)
    return person, shell(person, sites_where(person, Permission.READ_RESULTS), here="locks")


@needs(Permission.READ_RESULTS)
@private
def locks(request: HttpRequest) -> HttpResponse:
    """The locks, newest first."""
    _, frame = _reader(request)
    return show(request, "locks.html", LocksScreen(Lock.objects.select_related("snapshot")[:SHOWN]), frame)


@needs(Permission.READ_RESULTS)
@private
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """The results of a lock, or that they are being computed."""
    person, frame = _reader(request)
    lock = get_object_or_404(Lock.objects.select_related("snapshot"), pk=pk)
    try:
        screen = results_screen(lock, finished_run(lock), person)
    except NoResult:
        newest = lock.snapshot.runs.order_by("-pk").first()
        waiting = WaitingScreen(lock, newest.error if newest else "")
        return show(request, "results_waiting.html", waiting, frame)
    return show(request, "results.html", screen, frame)


@needs(Permission.READ_RESULTS)
@private
def trace(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """A figure's definition, the subjects counted in it, and the items behind each."""
    person, frame = _reader(request)
    lock = get_object_or_404(Lock.objects.select_related("snapshot"), pk=pk)
    if figure not in catalogue():
        raise Http404(figure)
    try:
        screen = trace_screen(lock, finished_run(lock), figure, person)
    except NoResult as problem:
        raise Http404(str(problem)) from problem
    return show(request, "trace.html", screen, frame)
