"""The list of protocol deviations, on screen and as CSV on record."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from patients.oversight.deviation_list import deviations_at
from patients.web.deviations_presenter import (
    MOST_LINES,
    DeviationsScreen,
    answers_of,
    deviation_lines,
    headings,
)
from patients.web.lists_as_csv import list_as_csv
from patients.web.shell import person_of, shell, show
from patients.web.signature_presenter import signed_in_words
from patients.web.trail_presenter import Option
from trial.people.access import sites_where
from trial.people.models import Site
from trial.people.needs import needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.READ)
@private
def deviations(request: HttpRequest) -> HttpResponse:
    """The deviations at the sites of the person, of one site or class if it is named."""
    person = person_of(request)
    sites = sites_where(person, Permission.READ)
    site, weight = request.GET.get("site", ""), request.GET.get("class", "")
    rows = deviations_at(_among(sites, site), weight=weight)
    lines = deviation_lines(rows[:MOST_LINES])
    screen = DeviationsScreen(
        lines=lines,
        more=rows.order_by().count() - len(lines) if len(lines) == MOST_LINES else 0,
        sites=[Option(each.code, each.code, each.code == site) for each in sites],
        weights=[Option(code, label, code == weight) for code, label in answers_of("pd_class").items()],
    )
    return show(request, "deviations.html", screen, shell(person, sites, here="deviations"))


@needs(to_post=Permission.READ)
@private
def deviations_file(request: HttpRequest) -> HttpResponse:
    """The same as CSV. It is asked for by POST, since it leaves a record."""
    person = person_of(request)
    sites = _among(sites_where(person, Permission.READ), request.POST.get("site", ""))
    rows = list(deviations_at(sites, weight=request.POST.get("class", "")))
    signed = signed_in_words(row.page_id for row in rows)
    lines = (line.cells for line in deviation_lines(rows, signed))
    return list_as_csv("deviations.exported", request, "deviations", headings(), lines, sites=sites)


def _among(sites: list[Site], wanted: str) -> list[str]:
    return [site.code for site in sites if not wanted or site.code == wanted]
