"""The lock desk, and the data cut that is made while entry goes on."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from http import HTTPStatus

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from analytics.desk.desk_presenter import (
    DeskScreen,
    gate_lines,
    impossible_in,
    requests_for,
    tabs_of,
    unlockings_for,
    way_to,
    whole_gate,
)
from analytics.desk.listing import Look, Stand, is_large, listing_of
from analytics.desk.proving import show_asking
from analytics.locks.models import Lock
from analytics.locks.past import NotReproduced
from analytics.locks.seal import Asked, make_cut
from analytics.locks.visible import is_seen_at
from patients.casebook.page import Subject
from patients.entry.identity_patterns import reason_without_identity
from patients.entry.lock_gate import Gate
from patients.entry.locking import Extent, NotAsked, Wish, ask_for_lock
from patients.web.binding import tidy
from patients.web.clocks import local_now
from patients.web.shell import person_of, shell
from patients.web.signing_views import clocks_in_words, prove
from patients.web.views import private
from trial.people.access import sites_where
from trial.people.models import Account, Site
from trial.people.needs import needs
from trial.people.reauthentication import ProofRefused
from trial.people.roles import Permission
from trial.protocol.study import SITE_ZONE, site_today
from trial.trail.actor import Source
from trial.trail.clocks import ClocksDisagree

LOCKS_SHOWN = 20
TYPED = ("cutoff", "known_at", "reason", "override")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a form was answered with, where it was refused."""

    why: tuple[str, ...]
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY


@needs(Permission.APPROVE_LOCK, to_post=Permission.LOCK)
@sensitive_post_parameters("password", "code", "credential")
@sensitive_variables()
@private
def desk(request: HttpRequest) -> HttpResponse:
    """What stands in the way of locking the study, a site or a subject; the lock is asked for here."""
    person = person_of(request)
    extent = _extent(request, person)
    if request.method != "POST":
        return _show(request, person, extent)
    extent.require(person, Permission.LOCK)
    cutoff = _day(request.POST.get("cutoff", ""))
    if cutoff is None:
        return _show(request, person, extent, _Said((_("Give the cut-off as a day."),)))
    wish = Wish(*(tidy(request.POST.get(name, "")) for name in ("reason", "override")))
    try:
        prove(request)
        asked = ask_for_lock(extent, cutoff, wish, by=person, request_id=request.request_id)  # type: ignore[attr-defined]
    except ProofRefused:
        said = _("User name, password or code is wrong. Nothing was asked for.")
        return _show(request, person, extent, _Said((said,)))
    except NotAsked as refused:
        return _show(request, person, extent, _Said(refused.why))
    return redirect("lock-request", asked.pk)


@needs(to_post=Permission.LOCK)
@private
def cut(request: HttpRequest) -> HttpResponse:
    """A data cut of the study by a day, as known now or at a moment, while entry goes on."""
    person = person_of(request)
    extent = Extent()
    if not extent.may(person, Permission.LOCK):
        return _at_home(request, person)
    reason = tidy(request.POST.get("reason", ""))
    cutoff, known_at = _day(request.POST.get("cutoff", "")), request.POST.get("known_at", "").strip()
    why = [*_against_cut(cutoff, known_at), *_against_reason(reason)]
    if why or cutoff is None:
        return _show(request, person, extent, _Said(tuple(why)))
    try:
        made = make_cut(Asked(cutoff, reason, known_at=_moment(known_at)), by=person, source=Source.WEB)
    except NotReproduced as problem:
        return _show(request, person, extent, _Said((str(problem),)))
    except ClocksDisagree as gap:
        return _show(request, person, extent, _Said((clocks_in_words(gap),), HTTPStatus.SERVICE_UNAVAILABLE))
    return redirect("results", made.pk)


def _at_home(request: HttpRequest, person: Account) -> HttpResponse:
    """The desk of somebody who does not lock at every site, and why there is no cut."""
    said = _("A cut of the study takes the right to lock at each of its sites.")
    return _show(request, person, _widest(person), _Said((said,)))


def _against_cut(cutoff: date | None, known_at: str) -> list[str]:
    if cutoff is None:
        return [_("Give the cut-off as a day.")]
    if cutoff > site_today():
        return [_("The cut-off has not come yet.")]
    moment = _moment(known_at)
    if known_at and moment is None:
        return [_("Give the moment as a day and a time of the site.")]
    if moment is not None and moment > timezone.now():
        return [_("This moment has not come yet.")]
    return []


def _against_reason(reason: str) -> list[str]:
    try:
        reason_without_identity(reason, ())
    except ValidationError as refused:
        return list(refused.messages)
    return []


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """A moment of the site that was typed without a zone; None for none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=SITE_ZONE) if text else None
    except ValueError:
        return None


def _extent(request: HttpRequest, person: Account) -> Extent:
    """What was chosen; where somebody does not approve for the whole study, the first of their sites.

    Raises Http404 for a subject or site that is not theirs.
    """
    sites = sites_where(person, Permission.APPROVE_LOCK)
    if code := request.GET.get("subject"):
        theirs = Subject.objects.for_person(person, Permission.APPROVE_LOCK).select_related("site")
        return Extent(subject=get_object_or_404(theirs, code=code))
    if code := request.GET.get("site"):
        return Extent(site=_site_of(code, sites))
    return _widest(person)


def _widest(person: Account) -> Extent:
    """The study, or the first site of somebody who does not approve everywhere."""
    whole = Extent()
    sites = sites_where(person, Permission.APPROVE_LOCK)
    return whole if whole.may(person, Permission.APPROVE_LOCK) else Extent(site=sites[0])


def _site_of(code: str, sites: list[Site]) -> Site:
    for site in sites:
        if site.code == code:
            return site
    raise Http404(code)


def _show(request: HttpRequest, person: Account, extent: Extent, said: _Said | None = None) -> HttpResponse:
    typed = {name: request.POST.get(name, "") for name in TYPED}
    cutoff = _day(typed["cutoff"] or request.GET.get("cutoff", "")) or site_today()
    look = replace(Look.read(request.GET), cutoff=cutoff.isoformat() if cutoff != site_today() else "")
    is_counted = bool(look.derived or look.count) or not is_large(extent)
    gate = whole_gate(extent, cutoff, derived=bool(look.derived)) if is_counted else Gate({})
    sites = sites_where(person, Permission.APPROVE_LOCK)
    screen = DeskScreen(
        extent=extent,
        tabs=tabs_of(extent, sites, whole=Extent().may(person, Permission.APPROVE_LOCK)),
        cutoff=cutoff,
        checked_at=local_now(),
        gate=gate_lines(gate, way_to(extent)),
        unmet=len(gate.unmet),
        casebooks=extent.subjects().count(),
        listing=listing_of(extent, gate if is_counted else None, cutoff, look, Stand.read(request.GET)),
        look=look,
        is_counted=is_counted,
        requests=requests_for(person),
        unlockings=unlockings_for(person),
        locks=_locks_for(person),
        left_to_lock=extent.not_locked().exists(),
        impossible=impossible_in(extent, gate, cutoff),
        may_ask=extent.may(person, Permission.LOCK),
        may_cut=Extent().may(person, Permission.LOCK),
        typed=typed,
        refused=said.why if said else (),
    )
    frame = shell(person, sites, here="lock-desk")
    status = said.status if said else HTTPStatus.OK
    return show_asking(request, "lock_desk.html", screen, frame, person, status)


def _locks_for(person: Account) -> list[Lock]:
    readable = [site.code for site in sites_where(person, Permission.READ_RESULTS)]
    newest = Lock.objects.select_related("snapshot")[:LOCKS_SHOWN]
    return [lock for lock in newest if is_seen_at(lock, readable)]


def to_desk(extent: Extent) -> str:
    """The address of the desk of an extent."""
    return f"{reverse('lock-desk')}{way_to(extent)}"
