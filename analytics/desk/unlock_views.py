"""Asking that something locked be unlocked, and locking it again before its time is over."""

from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from analytics.desk.desk_views import to_desk
from analytics.desk.proving import show_asking
from analytics.locks.locking import relock as lock_again
from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.entry.locking import Decided, Extent, NotAsked, Wish, ask_for_unlock
from patients.entry.refusals import UnknownPage
from patients.oversight.casebook_locks import LONGEST_HOURS, Unlocking
from patients.web.binding import tidy
from patients.web.shell import person_of, shell
from patients.web.signing_views import clocks_in_words, prove
from patients.web.trail_filters import number
from patients.web.views import private
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.reauthentication import ProofRefused
from trial.people.roles import Permission
from trial.trail.actor import Source
from trial.trail.clocks import ClocksDisagree

HOURS = (1, 4, 24, LONGEST_HOURS)


@dataclass(frozen=True, slots=True)
class LockedPage:
    page: Page
    title: str
    chosen: bool


@dataclass(frozen=True)
class UnlockScreen:
    """The locked pages of a subject by visit; the logs stand under no visit."""

    subject: Subject
    visits: list[tuple[str, list[LockedPage]]]
    hours: list[tuple[int, bool]]
    reason: str
    refused: tuple[str, ...]


@needs(Permission.APPROVE_LOCK, to_post=Permission.LOCK, at=At.ITS_SITE)
@sensitive_post_parameters("password", "code", "credential")
@sensitive_variables()
@private
def unlock(request: HttpRequest, code: str) -> HttpResponse:
    """The locked pages of a subject; somebody asks that those chosen, or all, be unlocked for some hours."""
    person = person_of(request)
    theirs = Subject.objects.for_person(person).select_related("site")
    subject = get_object_or_404(theirs, code=code)
    authorise(request, subject.site)
    if request.method != "POST":
        return _show(request, person, subject)
    wish, hours = Wish(tidy(request.POST.get("reason", ""))), request.POST.get("hours", "")
    numbers = [found for text in request.POST.getlist("page") if (found := number(text)) is not None]
    if not numbers and not request.POST.get("all"):
        return _show(request, person, subject, (_("Choose the pages, or the whole casebook."),))
    try:
        prove(request)
        asked = ask_for_unlock(
            subject,
            [] if request.POST.get("all") else numbers,
            int(hours) if hours.isdecimal() and len(hours) < 4 else 0,
            wish,
            by=person,
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
    except ProofRefused:
        said = _("User name, password or code is wrong. Nothing was asked for.")
        return _show(request, person, subject, (said,))
    except UnknownPage as unknown:
        raise Http404 from unknown
    except NotAsked as refused:
        return _show(request, person, subject, refused.why)
    return redirect("lock-request", asked.pk)


@needs(to_post=Permission.LOCK, at=At.ITS_SITE)
@private
def relock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock again what is unlocked, before its time is over."""
    person = person_of(request)
    theirs = Unlocking.objects.filter(lock__subject__in=Subject.objects.for_person(person)).select_related(
        "lock__subject__site", "decision__request"
    )
    found = get_object_or_404(theirs, pk=pk)
    subject = found.lock.subject
    authorise(request, subject.site)
    try:
        request_id = request.request_id  # type: ignore[attr-defined]
        lock_again(found, by=person, source=Source.WEB, request_id=request_id)
        messages.success(request, _("It is locked again."))
    except Decided:
        messages.info(request, _("It is locked again already."))
    except ClocksDisagree as gap:
        messages.error(request, clocks_in_words(gap))
    return redirect(to_desk(Extent(subject=subject)))


def _show(
    request: HttpRequest, person: Account, subject: Subject, refused: tuple[str, ...] = ()
) -> HttpResponse:
    chosen = set(request.POST.getlist("page") or request.GET.getlist("page"))
    pages = Page.objects.filter(subject=subject, state=PageState.LOCKED).select_related("visit")
    ordered = pages.order_by(F("visit__target").asc(nulls_first=True), "visit__code", "pk")
    titles = {page.form_code: str(form_model(page.form_code).form.title) for page in ordered}
    lines = [LockedPage(page, titles[page.form_code], str(page.pk) in chosen) for page in ordered]
    typed = request.POST.get("hours", "24")
    screen = UnlockScreen(
        subject=subject,
        visits=[(visit, list(some)) for visit, some in groupby(lines, lambda line: line.page.visit_code)],
        hours=[(hours, str(hours) == typed) for hours in HOURS],
        reason=request.POST.get("reason", ""),
        refused=refused,
    )
    frame = shell(person, [subject.site], here="lock-desk", subject=subject)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return show_asking(request, "unlock.html", screen, frame, person, status)
