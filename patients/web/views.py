"""The screens of the casebook. A view authorises, fetches within scope, binds, calls one action, renders."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control

from patients.casebook.answers import StoredCasebook
from patients.casebook.page import Page, Subject
from patients.casebook.settings import settings_read_once
from patients.entry.admission import admission_of, forms_of_admission
from patients.entry.opening import sites_to_enter_at
from patients.entry.refusals import Conflict, PageClosed, Refused, UnknownPage
from patients.entry.save import Saved, save_page
from patients.oversight.identity_reads import Purpose, record_identity_view
from patients.oversight.review import unreviewed
from patients.oversight.safety_glance import grave_events, running_clocks
from patients.web.binding import Draft, read_draft
from patients.web.clocks import local_now
from patients.web.conflict_presenter import conflict_screen
from patients.web.gallery import gallery_screen
from patients.web.page_presenter import PagePresenter
from patients.web.page_screen import PageScreen
from patients.web.queries import (
    counts_by_subject,
    grave_counts,
    last_recorded,
    pages_for,
    pages_of,
    printed_names,
    subjects_for,
)
from patients.web.shell import person_of, shell, show
from patients.web.steps_presenter import RECORDED_BY, StepLine, step_lines
from patients.web.subject_presenter import FORMS, Told, subject_screen
from patients.web.subjects_filters import SubjectFilters
from patients.web.subjects_presenter import stretch, subjects_screen
from patients.web.timeline_presenter import timeline_of
from trial.people.access import can, enters, sites_where
from trial.people.models import Account
from trial.people.needs import At, authorise, needs, signed_in
from trial.people.roles import Permission
from trial.protocol.visits import FORM_ORDER
from trial.trail.actor import Source

private = cache_control(private=True, no_store=True)
"""What is shown of patients is kept by no cache."""

LOCKED = 423


@needs(Permission.READ)
@private
def subjects(request: HttpRequest) -> HttpResponse:
    """The subjects of the sites at which the person may read."""
    person = person_of(request)
    sites = list(sites_where(person, Permission.READ))
    filters = SubjectFilters.read(request.GET)
    shown = stretch(
        filters.among(subjects_for(person)), request.GET.get("before", ""), request.GET.get("after", "")
    )
    waiting = unreviewed(_reviewed_by(person, shown.subjects))
    counts, may = counts_by_subject(shown.subjects), bool(sites_to_enter_at(person))
    screen = subjects_screen(shown, counts, waiting, sites, filters, can_enter=may)
    return show(request, "subjects.html", screen, shell(person, sites, here="subjects"))


@needs(Permission.READ, at=At.ITS_SITE)
@private
def subject(request: HttpRequest, code: str) -> HttpResponse:
    """A subject on its two clocks, with its course, its visits and pages."""
    person = person_of(request)
    found = get_object_or_404(subjects_for(person), code=code)
    entered = {form for form in FORM_ORDER if enters(person, form, site=found.site.code)}
    pages = list(pages_of(found))
    screen = subject_screen(
        found, pages, _told(person, found, pages), entered=entered, each_day=request.GET.get("days") == "all"
    )
    return show(request, "subject.html", screen, shell(person, [found.site], here="subject", subject=found))


def _told(person: Account, found: Any, pages: list[Page]) -> Told:
    """What is told of a subject beside its pages, each form read once."""
    now, casebook = local_now(), StoredCasebook(found)
    is_waiting = found.t0 is None and found.died is None and found.ended is None
    casebook.load(FORMS | forms_of_admission() if is_waiting else FORMS)
    counts = grave_counts(found) if found.t0 else []
    return Told(
        casebook=casebook,
        timeline=timeline_of(found, casebook, counts, pages, now.date()),
        steps=_steps(person, found, casebook) if is_waiting else [],
        grave=grave_events(found.pages.all(), now.date()),
        clocks=running_clocks(found.pages.all()),
        unreviewed=unreviewed(_reviewed_by(person, [found])).get(found.code, 0),
    )


def _steps(person: Account, found: Subject, casebook: StoredCasebook) -> list[StepLine]:
    with settings_read_once():
        taken = admission_of(casebook, local_now())
    recorded = last_recorded(found, RECORDED_BY.values())
    names = printed_names(each.by for each in taken)
    return step_lines(taken, recorded, names, signs=can(person, Permission.APPROVE, site=found.site.code))


def _reviewed_by(person: Account, subjects: Iterable[Subject]) -> list[tuple[str, str]]:
    """Site and code of the subjects whose trail the person reviews."""
    places = ((subject.site.code, subject.code) for subject in subjects)
    return [place for place in places if can(person, Permission.MARK_REVIEWED, site=place[0])]


@needs(Permission.READ, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of any form: shown, and saved through the one way in."""
    person = person_of(request)
    found = get_object_or_404(pages_for(person), pk=pk)
    authorise(request, found.subject.site)
    if request.method == "POST":
        return _save(request, person, found)
    presenter = PagePresenter(found, person)
    _note_identity(request, person, presenter)
    return _show_page(request, person, presenter.screen(asks_completion="complete" in request.GET))


def _save(request: HttpRequest, person: Account, found: Page) -> HttpResponse:
    presenter = PagePresenter(found, person)
    draft = read_draft(request.POST, presenter.model, presenter.kept_keys, identify=presenter.rights.identify)
    if draft.base_version > found.version:
        raise BadRequest("a version that does not exist yet")
    if draft.action == "add" and presenter.rights.enter:
        _note_identity(request, person, presenter)
        return _show_page(request, person, presenter.screen(draft))
    try:
        saved = _saved(request, person, found, draft)
    except UnknownPage as unknown:
        raise Http404 from unknown
    except PageClosed:
        if draft.is_empty:
            return render(request, "423.html", status=LOCKED)
        _note_identity(request, person, presenter)
        return _show_page(request, person, presenter.screen(draft, was_closed=True), status=LOCKED)
    except Refused as refused:
        _note_identity(request, person, presenter)
        return _show_page(request, person, presenter.screen(draft, refused.findings), refused.status)
    except Conflict as conflict:
        _note_identity(request, person, presenter)
        screen = conflict_screen(presenter, draft, conflict.clashes)
        frame = shell(person, [found.subject.site], here="page", subject=found.subject)
        return show(request, "conflict.html", screen, frame, status=409)
    _say(request, saved, draft)
    return HttpResponseRedirect(_back(request, found, saved, draft))


def _saved(request: HttpRequest, person: Account, found: Page, draft: Draft) -> Saved:
    return save_page(
        found,
        draft.rows,
        by=person,
        base_version=draft.base_version,
        source=Source.WEB,
        header=draft.header,
        reasons=draft.reasons,
        complete=draft.action == "complete",
        request_id=request.request_id,  # type: ignore[attr-defined]
    )


def _show_page(request: HttpRequest, person: Account, screen: PageScreen, status: int = 200) -> HttpResponse:
    frame = shell(person, [screen.page.subject.site], here="page", subject=screen.page.subject)
    return show(request, "page.html", screen, frame, status)


def _note_identity(request: HttpRequest, person: Account, presenter: PagePresenter) -> None:
    """A page that shows who the subject is leaves a record of who looked; a HEAD shows nothing."""
    if presenter.shows_identity and request.method != "HEAD":
        purpose = Purpose.ENTRY if presenter.rights.enter else Purpose.READING
        request_id = request.request_id  # type: ignore[attr-defined]
        record_identity_view(presenter.page, purpose, by=person, request_id=request_id)


def _say(request: HttpRequest, saved: Saved, draft: Draft) -> None:
    """What the save did, for the next screen."""
    named: dict[str, Any] = {"count": saved.changed, "version": saved.page.version}
    if saved.changed:
        text = ngettext(
            "Saved as version %(version)s: %(count)s item changed.",
            "Saved as version %(version)s: %(count)s items changed.",
            saved.changed,
        )
    else:
        text = _("Nothing had changed; version %(version)s stands.")
    said = [text % named]
    if draft.action == "complete":
        said.append(_("The page is complete.") if saved.is_complete else _("The page is not complete yet."))
    messages.success(request, " ".join(said))


def _back(request: HttpRequest, found: Page, saved: Saved, draft: Draft) -> str:
    """The page again, where the person was on it; after a refused completion, with what stands in the way."""
    url = found.get_absolute_url()
    if draft.action == "complete" and not saved.is_complete:
        return f"{url}?complete"
    place = request.POST.get("at", "")
    return (
        f"{url}#i-{place}" if place.isascii() and place.replace("_", "").replace("-", "").isalnum() else url
    )


@signed_in("GET")
@private
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in its states."""
    person = person_of(request)
    frame = shell(person, sites_where(person, Permission.READ), here="gallery")
    return show(request, "ui.html", gallery_screen(), frame)
