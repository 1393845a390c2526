"""One request: what is asked for, what stands in the way, and the decision of a second person."""

from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from analytics.desk.desk_presenter import GateLine, gate_lines, gate_when_asked, way_to, whole_gate
from analytics.desk.desk_views import to_desk
from analytics.desk.listing import is_large
from analytics.desk.proving import show_asking
from analytics.locks.locking import approve_lock
from analytics.locks.models import Lock
from patients.casebook.page import Page
from patients.entry.locking import Decided, Extent, NotAsked, refuse_request, unlock_casebook
from patients.oversight.casebook_locks import LockDecision, LockRequest
from patients.web.shell import person_of, shell
from patients.web.signing_views import clocks_in_words, prove
from patients.web.views import private
from trial.people.models import Account
from trial.people.needs import At, needs
from trial.people.reauthentication import ProofRefused
from trial.people.roles import Permission
from trial.protocol.study import site_today
from trial.trail.clocks import ClocksDisagree


@dataclass(frozen=True)
class RequestScreen:
    """Everything that the template says. `lock` is the cut that came of it; `is_counted`: `gate` is what is
    left now, and not what was left when it was asked for."""

    request: LockRequest
    extent: Extent
    decision: LockDecision | None
    lock: Lock | None
    gate: list[GateLine]
    is_counted: bool
    pages: list[Page]
    is_own: bool
    refused: tuple[str, ...] = ()

    @property
    def whose(self) -> str:
        return self.request.whose or _("the study")


@needs(Permission.APPROVE_LOCK, to_post=Permission.APPROVE_LOCK, at=At.ALL_ITS_SITES)
@sensitive_post_parameters("password", "code", "credential")
@sensitive_variables()
@private
def lock_request(request: HttpRequest, pk: int) -> HttpResponse:
    """A request for a lock or an unlocking; approved, refused or withdrawn here."""
    person = person_of(request)
    found = get_object_or_404(LockRequest.objects.select_related("site", "subject__site"), pk=pk)
    if not Extent.of(found).may(person, Permission.APPROVE_LOCK):
        raise Http404(pk)
    if request.method != "POST":
        return _show(request, person, found)
    try:
        return _decided(request, person, found)
    except ProofRefused:
        said = _("User name, password or code is wrong. Nothing was decided.")
        return _show(request, person, found, (said,))
    except NotAsked as refused:
        return _show(request, person, found, refused.why)
    except Decided:
        said = _("It has been decided in the meantime.")
        return _show(request, person, found, (said,), HTTPStatus.CONFLICT)
    except ClocksDisagree as gap:
        return _show(request, person, found, (clocks_in_words(gap),), HTTPStatus.SERVICE_UNAVAILABLE)


def _decided(request: HttpRequest, person: Account, found: LockRequest) -> HttpResponse:
    """A form that comes twice meets a request that is decided, and changes nothing."""
    wish, request_id = request.POST.get("do", ""), request.request_id  # type: ignore[attr-defined]
    if wish == "refuse":
        refuse_request(found, by=person, request_id=request_id)
        messages.success(request, _("It is not approved."))
        return redirect(to_desk(Extent.of(found)))
    if wish != "approve":
        raise BadRequest("neither approved nor refused")
    prove(request)
    if not found.is_lock:
        opened = unlock_casebook(found, by=person, request_id=request_id)
        messages.success(request, _("It is unlocked."))
        return redirect("subject", opened.lock.subject.code)
    made = approve_lock(found, by=person, request_id=request_id)
    messages.success(request, _("It is locked."))
    return redirect("results", made.pk)


def _show(
    request: HttpRequest,
    person: Account,
    found: LockRequest,
    refused: tuple[str, ...] = (),
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    extent = Extent.of(found)
    decision = LockDecision.objects.filter(request=found).first()
    is_counted = not is_large(extent)
    pages = Page.objects.filter(pk__in=found.pages).select_related("subject", "visit")
    screen = RequestScreen(
        request=found,
        extent=extent,
        decision=decision,
        lock=Lock.objects.filter(decision=decision, follows=None).first() if decision else None,
        gate=_gate(found, extent, is_counted=is_counted) if decision is None else [],
        is_counted=is_counted,
        pages=list(pages),
        is_own=found.asked_by == person.user_name,
        refused=refused,
    )
    frame = shell(person, extent.sites, here="lock-desk")
    status = status if refused else HTTPStatus.OK
    return show_asking(request, "lock_request.html", screen, frame, person, status)


def _gate(found: LockRequest, extent: Extent, *, is_counted: bool) -> list[GateLine]:
    """What is left now; of a large extent what was left when it was asked for."""
    if not found.is_lock:
        return []
    day = found.cutoff or site_today()
    gate = whole_gate(extent, day, derived=False) if is_counted else gate_when_asked(found)
    return gate_lines(gate, way_to(extent))
