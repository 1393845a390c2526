"""The screens about the study itself: its configuration, its dictionary, and what is due on a day."""

from datetime import date

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control

from patients.casebook.annotated import annotated_casebook
from patients.casebook.blank import blank_form
from patients.casebook.dictionary_sheet import dictionary_sheet
from patients.casebook.form import is_declared
from patients.casebook.page import Page
from patients.web.due_presenter import due_screen
from patients.web.shell import Shell, person_of, shell, show
from patients.web.study_presenter import configuration_screen, dictionary_screen
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.roles import Permission
from trial.protocol.study import site_today

private = cache_control(private=True, no_store=True)


def _reader(request: HttpRequest, here: str) -> tuple[Account, Shell]:
    """Who reads the casebook at some site, and the frame of the screen."""
    person = person_of(request)
    return person, shell(person, sites_where(person, Permission.READ), here=here)


@needs(Permission.READ)
@private
def configuration(request: HttpRequest) -> HttpResponse:
    """The configuration values in force, and which of them await the trial team."""
    _person, frame = _reader(request, "configuration")
    return show(request, "configuration.html", configuration_screen(), frame)


@needs(Permission.READ)
@private
def dictionary(request: HttpRequest, code: str = "") -> HttpResponse:
    """The forms, and one of them with everything that it declares."""
    _person, frame = _reader(request, "dictionary")
    screen = dictionary_screen(code)
    if screen is None:
        raise Http404(code)
    return show(request, "dictionary.html", screen, frame)


@needs(Permission.READ)
@private
def dictionary_csv(request: HttpRequest) -> HttpResponse:
    """The dictionary as CSV, in the language in use."""
    _reader(request, "dictionary")
    content = dictionary_sheet(get_language() or "en")
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=_download("dictionary.csv"))


@needs(Permission.READ)
@private
def blank_casebook(request: HttpRequest) -> HttpResponse:
    """The annotated blank casebook, in the language in use."""
    _reader(request, "dictionary")
    content = annotated_casebook(get_language() or "en")
    return HttpResponse(content, content_type="application/pdf", headers=_download("annotated-casebook.pdf"))


@needs(Permission.READ)
@private
def blank(request: HttpRequest, code: str) -> HttpResponse:
    """One form to be filled in by hand, in the language in use."""
    _reader(request, "dictionary")
    if not is_declared(code):
        raise Http404(code)
    content = blank_form(code, get_language() or "en")
    return HttpResponse(content, content_type="application/pdf", headers=_download(f"{code}-blank.pdf"))


def _download(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@needs(Permission.READ)
@private
def due(request: HttpRequest) -> HttpResponse:
    """What is due and overdue on a day, today unless another is asked for, at the sites of the person."""
    person, frame = _reader(request, "due")
    on = _day(request.GET.get("on", ""))
    site, only_late = request.GET.get("site", "").replace("\0", ""), "late" in request.GET
    screen = due_screen(Page.objects.for_person(person), on, site, only_late=only_late)
    return show(request, "due.html", screen, frame)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else site_today()
    except ValueError as problem:
        raise BadRequest(f"{text!r} is not a date") from problem
