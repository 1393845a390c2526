"""The screening and enrolment log of a site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control

from patients.web.lists_as_csv import list_as_csv
from patients.web.log_export import cells, headings
from patients.web.log_presenter import LogScreen, log_screen
from patients.web.queries import readable_sites, subjects_for
from patients.web.shell import person_of, shell, show
from trial.people.models import Account, Site
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.READ, at=At.ITS_SITE)
@private
def log(request: HttpRequest, site: str) -> HttpResponse:
    """Every subject of a site from consent to where it stands, by its code."""
    person, found, screen = _log_of(request, site)
    return show(request, "log.html", screen, shell(person, [found], here="subjects"))


@needs(to_post=Permission.READ, at=At.ITS_SITE)
@private
def log_file(request: HttpRequest, site: str) -> HttpResponse:
    """The same as CSV. It is asked for by POST, since it leaves a record."""
    _person, found, screen = _log_of(request, site)
    return list_as_csv(
        "screening_log.exported",
        request,
        f"screening-log-{found.code}",
        headings(),
        map(cells, screen.lines),
        sites=[found.code],
    )


def _log_of(request: HttpRequest, site: str) -> tuple[Account, Site, LogScreen]:
    person = person_of(request)
    found = get_object_or_404(readable_sites(person), code=site)
    authorise(request, found)
    return person, found, log_screen(found, subjects_for(person).filter(site=found).order_by("code"))
