"""The screens of the casebook. A view authorises, fetches within scope, binds, calls one action, renders."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control

from patients.casebook.answers import StoredCasebook
from patients.casebook.page import Page, Subject
from patients.casebook.settings import settings_read_once
from patients.entry.admission import admission_of, forms_of_admission
from patients.entry.doubles import doubles_among, has_something_shared
from patients.entry.opening import CONSENT_FORM
from patients.oversight.review import reviewed_up_to, unreviewed
from patients.oversight.safety_clocks import running_clocks
from patients.oversight.safety_glance import grave_events
from patients.web.clocks import local_now
from patients.web.doubles_presenter import likely_doubles
from patients.web.gallery import gallery_screen
from patients.web.keeping import reopened
from patients.web.page_presenter import PagePresenter
from patients.web.queries import (
    counts_by_subject,
    grave_counts,
    last_recorded,
    page_for,
    pages_of,
    printed_names,
    subjects_for,
)
from patients.web.saving import LOCKED as LOCKED
from patients.web.saving import note_identity, save, show_page
from patients.web.shell import person_of, shell, show
from patients.web.steps_presenter import RECORDED_BY, StepLine, step_lines
from patients.web.subject_presenter import FORMS, PrintRights, Told, subject_screen
from patients.web.subjects_filters import SubjectFilters
from patients.web.subjects_presenter import stretch, subjects_screen
from patients.web.timeline_presenter import timeline_of
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
    sites = sites_where(person, Permission.READ)
    filters = SubjectFilters.read(request.GET)
    among = filters.among(subjects_for(person))
    found = among.annotate(has_shared=has_something_shared(), reviewed_up_to=reviewed_up_to())
    shown = stretch(found, request.GET.get("before", ""), request.GET.get("after", ""))
    waiting = unreviewed(_reviewed_by(person, shown.subjects))
    counts = counts_by_subject(shown.subjects)
    may = any(enters(person, CONSENT_FORM, site=site.code) for site in sites)
    doubles = likely_doubles(doubles_among([each for each in shown.subjects if each.has_shared]))
    screen = subjects_screen(shown, counts, waiting, sites, filters, doubles=doubles, can_enter=may)
    return show(request, "subjects.html", screen, shell(person, sites, here="subjects"))


@needs(Permission.READ, at=At.ITS_SITE)
@private
def subject(request: HttpRequest, code: str) -> HttpResponse:
    """A subject on its two clocks, with its course, its visits and pages."""
    person = person_of(request)
    found = get_object_or_404(subjects_for(person).annotate(reviewed_up_to=reviewed_up_to()), code=code)
    entered = {form for form in FORM_ORDER if enters(person, form, site=found.site.code)}
    pages = list(pages_of(found))
    screen = subject_screen(
        found,
        pages,
        _told(person, found, pages),
        entered=entered,
        may_print=_print_rights(person, found),
        may_ask=can(person, Permission.QUERY, site=found.site.code),
        each_day=request.GET.get("days") == "all",
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
        doubles=likely_doubles(doubles_among([found])).get(found.code, []),
    )


def _steps(person: Account, found: Subject, casebook: StoredCasebook) -> list[StepLine]:
    with settings_read_once():
        taken = admission_of(casebook, local_now())
    recorded = last_recorded(found, RECORDED_BY.values())
    names = printed_names(each.by for each in taken)
    return step_lines(taken, recorded, names, signs=can(person, Permission.APPROVE, site=found.site.code))


def _print_rights(person: Account, subject: Subject) -> PrintRights:
    site = subject.site.code
    return PrintRights(
        trail=can(person, Permission.REVIEW_TRAIL, site=site),
        identity=can(person, Permission.READ_IDENTITY, site=site),
    )


def _reviewed_by(person: Account, subjects: Iterable[Any]) -> dict[str, int]:
    """How far the subjects are reviewed whose trail the person reviews, by code."""
    return {
        subject.code: subject.reviewed_up_to
        for subject in subjects
        if can(person, Permission.MARK_REVIEWED, site=subject.site.code)
    }


@needs(Permission.READ, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """A page of any form: shown, with what was typed on it before, and saved through the one way in."""
    person = person_of(request)
    found = page_for(person, pk)
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
