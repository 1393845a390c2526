"""The screens on which many terms are coded at once: the same words, and a new version."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import islice

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.coding.codes import How
from patients.coding.coding_act import (
    MOST_AT_ONCE,
    CannotCode,
    Choice,
    NotCoded,
    Seen,
    UnknownTerm,
    code_terms,
)
from patients.coding.dictionaries import Term
from patients.coding.groups import Group, carried_proposals, exact_proposals, grouped, terms_now
from patients.coding.schemes import EVENTS, MEDICINES
from patients.coding.standing import State, terms_at
from patients.entry.idempotency import Answer, KeyReused
from patients.web.coding_answers import said_of, status_of, why_not
from patients.web.coding_bulk_presenter import BulkScreen, bulk_lines, mark_lines
from patients.web.coding_presenter import BETWEEN, NEXT
from patients.web.once import once_for
from patients.web.query_views import request_id_of
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import number
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.READ, to_post=Permission.CODE)
@private
def coding_exact(request: HttpRequest) -> HttpResponse:
    """What is word for word a term of the dictionary, to be coded at once."""

    def screen(sites: Collection[str]) -> BulkScreen:
        lines, left = bulk_lines(exact_proposals(sites), timezone.now(), MOST_AT_ONCE)
        return BulkScreen(lines, [], codes=False, more=left)

    return _bulk(request, "coding_exact.html", How.EXACT, screen)


@needs(Permission.READ, to_post=Permission.CODE)
@private
def coding_version(request: HttpRequest) -> HttpResponse:
    """After a new version: what it marks, with old and new, and what can be carried over as it is."""

    def screen(sites: Collection[str]) -> BulkScreen:
        now = timezone.now()
        lines, left = bulk_lines(carried_proposals(sites), now, MOST_AT_ONCE)
        marked = grouped(terms_at(sites, (State.OUTDATED,)))
        return BulkScreen(lines, mark_lines(marked, now, _terms_of_marks(marked)), codes=False, more=left)

    return _bulk(request, "coding_version.html", How.CARRIED, screen)


def _terms_of_marks(marked: Iterable[Group]) -> dict[str, Term]:
    groups = list(marked)
    return {
        code: term
        for scheme in (EVENTS, MEDICINES)
        for code, term in terms_now(
            scheme, (group.term for group in groups if group.term and group.coded.scheme == scheme)
        ).items()
    }


def _bulk(
    request: HttpRequest, template: str, how: How, screen: Callable[[Collection[str]], BulkScreen]
) -> HttpResponse:
    person, refused = person_of(request), None
    if request.method == "POST":
        try:
            return once_for(request, person, lambda: _code_matches(request, person, how))
        except UnknownTerm as unknown:
            raise Http404 from unknown
        except (NotCoded, KeyReused) as problem:
            refused = problem
    sites = list(sites_where(person, Permission.READ))
    codes_at = {site.code for site in sites_where(person, Permission.CODE)}
    shown = screen(codes_at or [site.code for site in sites])
    problems = why_not(refused) if refused else ()
    shown = replace(shown, codes=bool(codes_at), problems=problems)
    return show(request, template, shown, shell(person, sites, here="coding"), status_of(refused))


def _code_matches(request: HttpRequest, person: Account, how: How) -> Answer:
    choices = list(islice(_matches(request.POST.getlist("match")), MOST_AT_ONCE + 1))
    coded = code_terms(choices, how=how, by=person, request_id=request_id_of(request))
    return Answer(location=request.path, said=said_of(coded))


def _matches(given: Collection[str]) -> Iterable[Choice]:
    """The rows that were ticked with their terms. Raises UnknownTerm and CannotCode."""
    named = [each.partition(BETWEEN) for each in dict.fromkeys(given)]
    terms = Term.objects.in_bulk({found for pk, _between, _rows in named if (found := number(pk))})
    for pk, _between, rows in named:
        term = terms.get(number(pk) or 0)
        if term is None:
            raise CannotCode(_("Choose a term."))
        yield from (Choice(Seen.read(row), term) for row in rows.split(NEXT))
