"""The screening and enrolment log of a site."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control

from patients.web.log_presenter import log_screen
from patients.web.queries import subjects_for
from patients.web.shell import person_of, shell, show
from trial.people.access import sites_where
from trial.people.models import Site
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.READ, at=At.ITS_SITE)
@private
def log(request: HttpRequest, site: str) -> HttpResponse:
    """Every subject of a site from consent to where it stands, by its code."""
    person = person_of(request)
    readable = Site.objects.filter(pk__in=[each.pk for each in sites_where(person, Permission.READ)])
    found = get_object_or_404(readable, code=site)
    authorise(request, found)
    screen = log_screen(found, subjects_for(person).filter(site=found).order_by("code"))
    return show(request, "log.html", screen, shell(person, [found], here="subjects"))
