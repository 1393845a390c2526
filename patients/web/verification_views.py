"""The screens of source verification: the values of a page, the pages of a visit, and how far a site is."""

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from patients.casebook.form import form_model
from patients.casebook.page import Page, Subject, Visit
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.refusals import ContentChanged, PageClosed
from patients.entry.verifying import (
    NotVerified,
    Verifier,
    entered_on,
    take_back,
    verify_page,
    verify_visit,
)
from patients.oversight.verification import ticks_on
from patients.oversight.verification_progress import Dimension, progress
from patients.web.binding import number_in, pages_seen, version_of
from patients.web.once import once_for
from patients.web.shell import person_of, shell, show
from patients.web.verification_presenter import keys_in, said_of, verify_screen
from patients.web.verification_progress_presenter import ProgressScreen, progress_screen
from patients.web.verification_visit_presenter import VisitScreen, visit_screen
from patients.web.views import LOCKED, private
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission


# --- the values of a page ----------------------------------------------------------------------------------
@needs(Permission.VERIFY, to_post=Permission.VERIFY, at=At.ITS_SITE)
@private
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """What somebody entered on a page; verify it value by value or all that is left, or take that back."""
    person = person_of(request)
    page = get_object_or_404(Page.objects.for_person(person).select_related("subject__site", "visit"), pk=pk)
    authorise(request, page.subject.site)
    if request.method != "POST":
        return _show_page(request, person, page)
    return _answered(
        request,
        lambda: once_for(request, person, lambda: _on_page(request, person, page)),
        lambda said, status: _show_page(request, person, page, [said], status),
    )


def _on_page(request: HttpRequest, person: Account, page: Page) -> Answer:
    """Do what a button of the page asks for."""
    seen, by = version_of(request.POST), _by(request, person)
    ticked, wish = keys_in(request.POST.getlist("value")), request.POST.get("do", "")
    if wish == "take-back":
        taken = take_back(page, ticked, request.POST.get("reason", ""), seen=seen, by=by)
        return Answer(location=_here(page), said=_("%(count)s taken back.") % {"count": taken})
    if wish not in ("ticked", "rest"):
        raise BadRequest("neither verified nor taken back")
    if wish == "ticked" and not ticked:
        raise NotVerified(_("Tick what you have compared with its source."))
    count = verify_page(page, ticked if wish == "ticked" else None, seen=seen, by=by)
    return Answer(location=_here(page), said=said_of(count))


def _here(page: Page) -> str:
    return reverse("verify", args=[page.pk])


def _show_page(
    request: HttpRequest,
    person: Account,
    page: Page,
    problems: list[str] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    page = Page.objects.select_related("subject__site", "visit").get(pk=page.pk)  # as it is now
    rows = sorted(form_model(page.form_code).of_page(page), key=lambda row: row.row_key)
    screen = verify_screen(
        page,
        rows,
        ticks_on(page),
        own=entered_on(page, person),
        reason=request.POST.get("reason", ""),
        problems=problems,
    )
    frame = shell(person, [page.subject.site], here="page", subject=page.subject)
    return show(request, "verify.html", screen, frame, status)


# --- all pages of a visit ----------------------------------------------------------------------------------
@needs(Permission.VERIFY, to_post=Permission.VERIFY, at=At.ITS_SITE)
@private
def verify_at_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """The pages of a visit with what is left on each; verify all of it in one act."""
    person = person_of(request)
    readable = Visit.objects.filter(subject__in=Subject.objects.for_person(person))
    visit = get_object_or_404(readable.select_related("subject__site"), pk=pk)
    authorise(request, visit.subject.site)
    if request.method != "POST":
        return _show_visit(request, person, visit)
    return _answered(
        request,
        lambda: once_for(request, person, lambda: _on_visit(request, person, visit)),
        lambda said, status: _show_visit(request, person, visit, [said], status),
    )


def _on_visit(request: HttpRequest, person: Account, visit: Visit) -> Answer:
    shown = {page.pk: page for page in visit.pages.select_related("subject__site", "visit")}
    told = {pk: number_in(version) for pk, version in pages_seen(request.POST, "seen").items()}
    if not told.keys() <= shown.keys():
        raise Http404("a page of another visit")
    seen = {shown[pk]: version for pk, version in told.items()}
    return Answer(
        location=reverse("verify-visit", args=[visit.pk]),
        said=said_of(verify_visit(seen, by=_by(request, person))),
    )


def _show_visit(
    request: HttpRequest,
    person: Account,
    visit: Visit,
    problems: list[str] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    pages = list(visit.pages.select_related("subject__site", "visit").order_by("pk"))
    screen: VisitScreen = visit_screen(visit, pages, person, problems or [])
    frame = shell(person, [visit.subject.site], here="page", subject=visit.subject)
    return show(request, "verify_visit.html", screen, frame, status)


# --- how far it is -----------------------------------------------------------------------------------------
@needs(Permission.READ)
@private
def verification(request: HttpRequest) -> HttpResponse:
    """How much of what is to be verified is verified, by site, subject, visit or form."""
    person = person_of(request)
    sites = sites_where(person, Permission.READ)
    wanted, site = request.GET.get("by", Dimension.SITE), request.GET.get("site", "")
    by = Dimension(wanted) if wanted in list(Dimension) else Dimension.SITE
    among = [each.code for each in sites if each.code == site or not site]
    screen: ProgressScreen = progress_screen(progress(among, by), by, site if among else "", person)
    return show(request, "verification.html", screen, shell(person, sites, here="verification"))


# --- what all of them share --------------------------------------------------------------------------------
def _by(request: HttpRequest, person: Account) -> Verifier:
    return Verifier(person, request.request_id)  # type: ignore[attr-defined]


def _answered(
    request: HttpRequest, act: Callable[[], HttpResponse], again: Callable[[str, int], HttpResponse]
) -> HttpResponse:
    """What the act answers, or the screen as it is now with the reason why nothing was done."""
    try:
        return act()
    except PageClosed:
        return render(request, "423.html", status=LOCKED)
    except ContentChanged:
        said = _("Something changed after you opened this. Nothing was verified: look at it again.")
        return again(said, HTTPStatus.CONFLICT)
    except KeyReused:
        return again(
            _("This was sent before. Look at it and send it again."), HTTPStatus.UNPROCESSABLE_ENTITY
        )
    except NotVerified as refused:
        return again(str(refused), HTTPStatus.UNPROCESSABLE_ENTITY)
