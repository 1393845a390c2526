"""The pages of the handbook, for everybody who signed in."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language

from analytics.handbook.chapters import Chapter, Part, chapter, decisions, parts, picture
from analytics.handbook.prose import Prose, prose
from patients.web.shell import person_of, shell, show
from patients.web.views import private
from trial.people.access import sites_of
from trial.people.needs import signed_in


@dataclass(frozen=True, slots=True)
class HandbookScreen:
    """The contents, and one chapter with its text; `is_foreign` where it is not in the language in use."""

    parts: tuple[Part, ...]
    decisions: tuple[Chapter, ...]
    here: Chapter | None = None
    text: Prose | None = None
    is_foreign: bool = False


@signed_in("GET")
@private
def handbook(request: HttpRequest) -> HttpResponse:
    """The contents."""
    return _show(request, HandbookScreen(parts(), decisions()))


@signed_in("GET")
@private
def handbook_chapter(request: HttpRequest, name: str) -> HttpResponse:
    """One chapter, in the language in use where it is written in it."""
    found = chapter(name)
    if found is None:
        raise Http404(name)
    language = get_language() or "en"
    is_foreign = language.partition("-")[0] not in found.languages()
    text = prose(found.text(language))
    return _show(request, HandbookScreen(parts(), decisions(), found, text, is_foreign))


@signed_in("GET")
@private
def handbook_picture(request: HttpRequest, name: str) -> HttpResponse:
    """A picture of a chapter."""
    found = picture(name)
    if found is None:
        raise Http404(name)
    return HttpResponse(found.read_bytes(), content_type="image/png")


def _show(request: HttpRequest, screen: HandbookScreen) -> HttpResponse:
    person = person_of(request)
    return show(request, "handbook.html", screen, shell(person, sites_of(person), here="handbook"))
