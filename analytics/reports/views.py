"""The pages of the locks: what was cut, what came out, and from where a number came."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from analytics.desk.staleness import standing_of
from analytics.endpoints.catalogue import catalogue
from analytics.locks.models import Lock
from analytics.locks.snapshot import SnapshotDamaged
from analytics.locks.visible import is_seen_at, sites_of_lock
from analytics.reports.board_pack import print_board_pack
from analytics.reports.figure_data import CSV, NoData, take_figure_data
from analytics.reports.figure_files import Figure, png_of, svg_of
from analytics.reports.figure_subjects import NoSuchPart, figure_subjects_screen
from analytics.reports.lock_figures import cards_of, lock_figures_screen
from analytics.reports.report_print import figures_of, print_report
from analytics.reports.results import results_screen
from analytics.reports.section_four import tables_screen
from analytics.reports.taking_out import Taken
from analytics.reports.trace import trace_screen
from analytics.reports.waiting import WaitingScreen
from analytics.reports.workbook import write_workbook
from analytics.runs.models import Run
from analytics.runs.results import NoResult, finished_run, is_finished
from analytics.runs.stopping import TooLate, cancel_run, restart_run
from patients.web.casebook_print import LANGUAGES
from patients.web.shell import Shell, person_of, shell, show
from patients.web.taken_file import PDF, XLSX, as_file
from trial.people.access import can, sites_where
from trial.people.models import Account
from trial.people.needs import At, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
SHOWN = 100  # locks on one page


@dataclass(frozen=True, slots=True)
class LocksScreen:
    locks: list[Lock]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads results, the frame of the screen, and the locks of which they may see every site."""

    person: Account
    frame: Shell
    sites: frozenset[str]

    def lock(self, pk: int) -> Lock:
        """A lock; one with a site at which the person reads no results is absent."""
        found = get_object_or_404(Lock.objects.select_related("snapshot"), pk=pk)
        if not is_seen_at(found, self.sites):
            raise Http404(pk)
        return found

    def locks(self) -> list[Lock]:
        newest = Lock.objects.select_related("snapshot")[:SHOWN]
        return [lock for lock in newest if is_seen_at(lock, self.sites)]


def reader_of(request: HttpRequest) -> Reader:
    person = person_of(request)
    sites = sites_where(person, Permission.READ_RESULTS)
    return Reader(person, shell(person, sites, here="locks"), frozenset(site.code for site in sites))


@needs(Permission.READ_RESULTS)
@private
def locks(request: HttpRequest) -> HttpResponse:
    """The locks, newest first."""
    reader = reader_of(request)
    return show(request, "locks.html", LocksScreen(reader.locks()), reader.frame)


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def results(request: HttpRequest, pk: int) -> HttpResponse:
    """The results of a lock, or that they are being computed."""
    reader = reader_of(request)
    lock = reader.lock(pk)
    try:
        screen = results_screen(lock, finished_run(lock), reader.person, standing_of(lock))
    except NoResult:
        newest = Run.objects.of(lock).order_by("-pk").first()
        person = reader.person
        may_stop, may_take = _may(lock, person, Permission.LOCK), _may(lock, person, Permission.EXPORT)
        waiting = WaitingScreen(lock, newest, standing_of(lock), may_stop, may_take)
        return show(request, "results_waiting.html", waiting, reader.frame)
    return show(request, "results.html", screen, reader.frame)


def _may(lock: Lock, person: Account, permission: Permission) -> bool:
    return all(can(person, permission, site=site) for site in sites_of_lock(lock))


@needs(to_post=Permission.LOCK, at=At.ALL_ITS_SITES)
@private
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the run of a lock, or start it again."""
    reader = reader_of(request)
    lock = reader.lock(pk)
    if not _may(lock, reader.person, Permission.LOCK):
        raise PermissionDenied(f"{reader.person.user_name}: lock at each site of {lock}")
    run = Run.objects.of(lock).order_by("-pk").first()
    act = {"cancel": cancel_run, "restart": restart_run}.get(request.POST.get("do", ""))
    if run is None or act is None:
        raise BadRequest("no run, or neither stopped nor started")
    try:
        request_id = request.request_id  # type: ignore[attr-defined]
        act(run, by=reader.person, site=min(sites_of_lock(lock), default=""), request_id=request_id)
    except TooLate:
        messages.info(request, _("The analysis has ended in the meantime."))
    return redirect("results", pk)


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def trace(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """A figure's definition, the subjects counted in it, and the items behind each."""
    reader = reader_of(request)
    lock = reader.lock(pk)
    if figure not in catalogue():
        raise Http404(figure)
    try:
        screen = trace_screen(lock, finished_run(lock), figure, reader.person, _start(request))
    except NoResult as problem:
        raise Http404(str(problem)) from problem
    except SnapshotDamaged:
        return _damaged(request, pk)
    return show(request, "trace.html", screen, reader.frame)


@needs(to_post=Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """The results of a lock as PDF/A. It is asked for by POST, since it leaves a record."""
    return _taken(request, reader_of(request).lock(pk), print_report, PDF)


@needs(to_post=Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def workbook(request: HttpRequest, pk: int) -> HttpResponse:
    """The results of a lock as a workbook."""
    return _taken(request, reader_of(request).lock(pk), write_workbook, XLSX)


@needs(to_post=Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def board_pack(request: HttpRequest, pk: int) -> HttpResponse:
    """The open report of a lock for the safety board."""
    return _taken(request, reader_of(request).lock(pk), print_board_pack, PDF)


@needs(to_post=Permission.READ_RESULTS)
@private
def newest_board_pack(request: HttpRequest) -> HttpResponse:
    """The same of the newest cut with results that the person may see."""
    reader = reader_of(request)
    finished = (lock for lock in reader.locks() if is_finished(lock))
    if (lock := next(finished, None)) is None:
        messages.info(request, _("No data cut with results is there yet."))
        return redirect("locks")
    return _taken(request, lock, print_board_pack, PDF)


def _taken(request: HttpRequest, lock: Lock, make: Callable[..., Taken], kind: str) -> HttpResponse:
    """A document of a lock in the language that was asked for."""
    language = request.POST.get("language", LANGUAGES[0])
    if language not in LANGUAGES:
        raise BadRequest("no such language")
    request_id = request.request_id  # type: ignore[attr-defined]
    try:
        made = make(lock, language, by=person_of(request), request_id=request_id)
    except NoResult as problem:
        raise Http404(str(problem)) from problem
    return as_file(made.content, kind, made.name)


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def figure_svg(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """A figure of a lock as a drawing."""
    return as_file(svg_of(_figure(request, pk, figure)).encode(), "image/svg+xml", f"lock-{pk}-{figure}.svg")


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def figure_png(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """A figure of a lock as pixels."""
    return as_file(png_of(_figure(request, pk, figure)), "image/png", f"lock-{pk}-{figure}.png")


def _figure(request: HttpRequest, pk: int, figure: str) -> Figure:
    reader = reader_of(request)
    lock = reader.lock(pk)
    try:
        run = finished_run(lock)
        cards = cards_of(lock, run.shown)
        if figure in cards:
            return cards[figure].drawing
        return figures_of(results_screen(lock, run, reader.person, standing_of(lock)))[figure]
    except (NoResult, KeyError) as problem:
        raise Http404(figure) from problem


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def figures(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures of a lock beside its curves: flow, courses and subgroups, each with its numbers."""
    reader = reader_of(request)
    lock = reader.lock(pk)
    try:
        screen = lock_figures_screen(lock, finished_run(lock).shown)
    except NoResult as problem:
        raise Http404(str(problem)) from problem
    return show(request, "lock_figures.html", screen, reader.frame)


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def figure_subjects(request: HttpRequest, pk: int, figure: str, part: str) -> HttpResponse:
    """The subjects of a part of a figure, and the items behind each."""
    reader = reader_of(request)
    lock = reader.lock(pk)
    try:
        screen = figure_subjects_screen(
            lock, finished_run(lock), figure, part, reader.person, _start(request)
        )
    except (NoResult, NoSuchPart) as problem:
        raise Http404(str(problem)) from problem
    except SnapshotDamaged:
        return _damaged(request, pk)
    return show(request, "figure_subjects.html", screen, reader.frame)


def _damaged(request: HttpRequest, pk: int) -> HttpResponse:
    """From its numbers no way leads further."""
    said = _("A sealed file of this lock is not there any more as it was: subjects cannot be shown.")
    messages.error(request, said)
    return redirect("results", pk)


def _start(request: HttpRequest) -> int:
    """From which subject on a page is asked for."""
    start = request.GET.get("start", "")
    return int(start) if start.isdecimal() else 0


@needs(to_post=Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def figure_data(request: HttpRequest, pk: int, figure: str) -> HttpResponse:
    """What a figure is drawn from, of all subjects. It is asked for by POST, since it leaves a record."""
    reader = reader_of(request)
    lock = reader.lock(pk)
    request_id = request.request_id  # type: ignore[attr-defined]
    try:
        taken = take_figure_data(lock, finished_run(lock), figure, by=reader.person, request_id=request_id)
    except (NoResult, NoData) as problem:
        raise Http404(str(problem)) from problem
    return as_file(taken.content, CSV, taken.name)


@needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
@private
def tables(request: HttpRequest, pk: int) -> HttpResponse:
    """The tables of section 4, each count with its subjects."""
    reader = reader_of(request)
    lock = reader.lock(pk)
    try:
        screen = tables_screen(lock, finished_run(lock).shown, reader.person)
    except NoResult as problem:
        raise Http404(str(problem)) from problem
    return show(request, "lock_tables.html", screen, reader.frame)
