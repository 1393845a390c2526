"""The screens of the casebook. A view authorises, fetches within scope, binds, calls one action, renders."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control

from patients.casebook.page import Subject
from patients.entry.opening import sites_to_enter_at
from patients.oversight.review import unreviewed
from patients.web.gallery import gallery_screen
from patients.web.keeping import reopened
from patients.web.page_presenter import PagePresenter
from patients.web.queries import counts_by_subject, pages_for, pages_of, subjects_for
from patients.web.saving import LOCKED as LOCKED
from patients.web.saving import note_identity, save, show_page
from patients.web.shell import person_of, shell, show
from patients.web.subject_presenter import PrintRights, subject_screen
from patients.web.subjects_presenter import stretch, subjects_screen
from trial.people.access import can, enters, sites_where
from trial.people.models import Account
from trial.people.needs import At, authorise, needs, signed_in
from trial.people.roles import Permission
from trial.protocol.visits import FORM_ORDER

private = cache_control(private=True, no_store=True)
"""What is shown of patients is kept by no cache."""


@needs(Permission.READ)
@private
def subjects(request: HttpRequest) -> HttpResponse:
    """The subjects of the sites at which the person may read."""
    person = person_of(request)
    sites = list(sites_where(person, Permission.READ))
    query = request.GET.get("q", "").strip()
    found = subjects_for(person).filter(code__icontains=query) if query else subjects_for(person)
    shown = stretch(found, request.GET.get("before", ""), request.GET.get("after", ""))
    waiting = unreviewed(_reviewed_by(person, shown.subjects))
    counts, may = counts_by_subject(shown.subjects), bool(sites_to_enter_at(person))
    screen = subjects_screen(shown, counts, waiting, sites, query, can_enter=may)
    return show(request, "subjects.html", screen, shell(person, sites, here="subjects"))


@needs(Permission.READ, at=At.ITS_SITE)
@private
def subject(request: HttpRequest, code: str) -> HttpResponse:
    """A subject on its two clocks, with its visits and pages."""
    person = person_of(request)
    found = get_object_or_404(subjects_for(person), code=code)
    entered = {form for form in FORM_ORDER if enters(person, form, site=found.site.code)}
    waiting = unreviewed(_reviewed_by(person, [found])).get(found.code, 0)
    screen = subject_screen(
        found, pages_of(found), entered=entered, unreviewed=waiting, may_print=_print_rights(person, found)
    )
    return show(request, "subject.html", screen, shell(person, [found.site], here="subject", subject=found))


def _print_rights(person: Account, subject: Subject) -> PrintRights:
    site = subject.site.code
    return PrintRights(
        trail=can(person, Permission.REVIEW_TRAIL, site=site),
        identity=can(person, Permission.READ_IDENTITY, site=site),
    )


def _reviewed_by(person: Account, subjects: Iterable[Subject]) -> list[tuple[str, str]]:
    """Site and code of the subjects whose trail the person reviews."""
    places = ((subject.site.code, subject.code) for subject in subjects)
    return [place for place in places if can(person, Permission.MARK_REVIEWED, site=place[0])]


@needs(Permission.READ, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of any form: shown, with what was typed on it before, and saved through the one way in."""
    person = person_of(request)
    found = get_object_or_404(pages_for(person), pk=pk)
    authorise(request, found.subject.site)
    if request.method == "POST":
        return save(request, person, found)
    presenter = PagePresenter(found, person)
    note_identity(request, person, presenter)
    return show_page(request, person, reopened(presenter, person, asks_completion="complete" in request.GET))


@signed_in("GET")
@private
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in its states."""
    person = person_of(request)
    frame = shell(person, sites_where(person, Permission.READ), here="gallery")
    return show(request, "ui.html", gallery_screen(), frame)
