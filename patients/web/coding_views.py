"""The screens of medical coding: what waits, one term, what goes for many at once, and the list as CSV."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control

from patients.coding.dictionaries import Dictionary, all_in_force
from patients.coding.groups import (
    Group,
    grouped,
)
from patients.coding.schemes import EVENTS, MEDICINES, coded_items
from patients.coding.standing import CodedTerm, State, counts, terms_at
from patients.coding.suggesting import Suggestion, suggest_each
from patients.web.coding_export import headings, rows_of
from patients.web.coding_filters import CodingFilters
from patients.web.coding_presenter import (
    GROUPS_ON_A_PAGE,
    ListPresenter,
)
from patients.web.lists_as_csv import list_as_csv
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import number
from trial.people.access import holds, sites_where
from trial.people.models import Site
from trial.people.needs import needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
LOCKED = 423
FOUND = 20  # terms that a search shows


# --- the list ----------------------------------------------------------------------------------------------
@needs(Permission.READ)
@private
def coding(request: HttpRequest) -> HttpResponse:
    """The terms of the reader's sites that wait for a code, or have one."""
    person, filters = person_of(request), CodingFilters.read(request.GET)
    sites = list(sites_where(person, Permission.READ))
    presenter = ListPresenter(sites, filters, _force(), timezone.now(), holds(person, Permission.CODE))
    groups = presenter.among(grouped(terms_among(sites, filters)))
    first = min(number(request.GET.get("from", "")) or 0, len(groups))
    shown = groups[first : first + GROUPS_ON_A_PAGE]
    known = list(dict.fromkeys(str(each) for each in Dictionary.objects.order_by("-id")))
    within = [site.code for site in sites]
    screen = presenter.screen(groups, first, _suggested(shown), counts(within), known)
    return show(request, "coding.html", screen, shell(person, sites, here="coding"))


def terms_among(sites: Iterable[Site], filters: CodingFilters) -> list[CodedTerm]:
    within = [site.code for site in sites if filters.site in ("", site.code)]
    forms = {coded.form for coded in coded_items()}
    return terms_at(within, filters.states, form=filters.form if filters.form in forms else "")


def _force() -> list[Dictionary]:
    return list(all_in_force((EVENTS, MEDICINES)).order_by("id"))


def _suggested(groups: Iterable[Group]) -> dict[tuple[str, str], list[Suggestion]]:
    """The likest term of each group that waits, by scheme and words."""
    texts: dict[str, set[str]] = {}
    for group in groups:
        if group.state is not State.CODED:
            texts.setdefault(group.coded.scheme, set()).add(group.verbatim)
    return {
        (scheme, text): found
        for scheme, asked in texts.items()
        for text, found in suggest_each(scheme, asked, 1).items()
    }


@needs(to_post=Permission.READ)
@private
def coding_csv(request: HttpRequest) -> HttpResponse:
    """The same as CSV, row by row. It is asked for by POST, since it leaves a record."""
    person, filters = person_of(request), CodingFilters.read(request.POST)
    sites, now = list(sites_where(person, Permission.READ)), timezone.now()
    presenter = ListPresenter(sites, filters, (), now, codes=False)
    groups = presenter.among(grouped(terms_among(sites, filters)))
    within = [site.code for site in sites if filters.site in ("", site.code)]
    return list_as_csv(
        "terms.exported",
        request,
        "terms",
        headings(),
        rows_of(groups, now),
        sites=within,
        about=f"csv {filters.on_record}".strip(),
    )
