"""The screens of medical coding: what waits, one term, what goes for many at once, and the list as CSV."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import islice

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control

from patients.coding.codes import Coding, How
from patients.coding.coding_act import (
    MOST_AT_ONCE,
    CannotCode,
    Choice,
    NotCoded,
    Seen,
    TermChanged,
    TermClosed,
    UnknownTerm,
    code_terms,
)
from patients.coding.dictionaries import Dictionary, Term, all_in_force, in_force, newest_of
from patients.coding.groups import (
    Group,
    carried_proposals,
    exact_proposals,
    grouped,
    terms_now,
)
from patients.coding.schemes import EVENTS, MEDICINES, coded_items
from patients.coding.standing import CodedTerm, State, counts, terms_at
from patients.coding.suggesting import Suggestion, search, suggest, suggest_each
from patients.entry.idempotency import Answer, KeyReused
from patients.web.clocks import local_now
from patients.web.coding_export import export_terms
from patients.web.coding_filters import CodingFilters
from patients.web.coding_presenter import (
    BETWEEN,
    GROUPS_ON_A_PAGE,
    NEXT,
    BulkScreen,
    ListPresenter,
    TermLine,
    TermScreen,
    bulk_lines,
    coded_before,
    history_in_words,
    mark_lines,
    reasons_for,
    row_line,
    suggestion_line,
    term_line,
)
from patients.web.once import SENT_BEFORE, once_for
from patients.web.query_views import request_id_of
from patients.web.saving import CONFLICT, UNPROCESSABLE
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import LONGEST, number
from trial.people.access import can, holds, sites_where
from trial.people.models import Account, Site
from trial.people.needs import At, authorise, needs
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
    content = export_terms(groups, filters, within, now, by=person, request_id=request_id_of(request))
    headers = {"Content-Disposition": f'attachment; filename="terms-{local_now():%Y%m%dT%H%M%S}.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


# --- one term ----------------------------------------------------------------------------------------------
@needs(Permission.READ, to_post=Permission.CODE, at=At.ITS_SITE)
@private
def coding_term(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """A term with all that have the same words, and what it may be coded as."""
    person = person_of(request)
    sites = {site.code: site for site in sites_where(person, Permission.READ)}
    asked = _the_term(form, pk, sites)
    authorise(request, sites[asked.site])
    if request.method != "POST":
        return _term(request, person, asked, sites)
    try:
        return once_for(request, person, lambda: _code_chosen(request, person))
    except UnknownTerm as unknown:
        raise Http404 from unknown
    except (NotCoded, KeyReused) as refused:
        return _term(request, person, _the_term(form, pk, sites), sites, refused)


def _the_term(form: str, pk: int, sites: Collection[str]) -> CodedTerm:
    """The term of a row at these sites. Raises Http404."""
    if form not in {coded.form for coded in coded_items()}:
        raise Http404(form)
    found = terms_at(sites, list(State), form=form, rows=[pk])
    if not found:
        raise Http404(str(pk))
    return found[0]


def _code_chosen(request: HttpRequest, person: Account) -> Answer:
    term = Term.objects.filter(pk=number(request.POST.get("term", "")) or 0).first()
    if term is None:
        raise CannotCode(_("Choose a term."))
    seen = [Seen.read(each) for each in dict.fromkeys(request.POST.getlist("row"))]
    choices = [Choice(each, term) for each in seen]
    why, request_id = request.POST.get("why", ""), request_id_of(request)
    coded = code_terms(choices, how=How.CHOSEN, by=person, why=why, request_id=request_id)
    return Answer(location=reverse("coding"), said=_said(coded))


def _said(coded: int) -> str:
    return ngettext("%(count)s term is coded.", "%(count)s terms are coded.", coded) % {"count": coded}


def _term(
    request: HttpRequest,
    person: Account,
    asked: CodedTerm,
    sites: dict[str, Site],
    refused: Exception | None = None,
) -> HttpResponse:
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    scheme = asked.coded.scheme
    alike = [term for term in terms_at(sites, list(State), form=asked.coded.form) if _is_alike(term, asked)]
    mine = {site.code for site in sites_where(person, Permission.CODE)}
    asks = can(person, Permission.QUERY, site=asked.site)
    here = [term for term in alike if _stands_alike(term, asked)]
    typed = frozenset(request.POST.getlist("row"))
    newest = newest_of(scheme)
    screen = TermScreen(
        verbatim=asked.verbatim,
        item=asked.coded.label,
        form=asked.coded.form,
        rows=[
            row_line(
                term,
                can_code=term.site in mine,
                can_ask=asks,
                is_chosen=not typed or str(Seen.of(term)) in typed,
            )
            for term in here
        ],
        before=coded_before(term for term in alike if term not in here),
        suggestions=[suggestion_line(each) for each in suggest(scheme, asked.verbatim)],
        found=_found(request, scheme, words),
        words=words,
        reasons=reasons_for(here, _numbers(scheme), request.POST.get("why", "")),
        history=history_in_words(_history(asked)),
        dictionary=str(newest or ""),
        can_code=newest is not None and any(term.site in mine for term in here),
        chosen=number(request.POST.get("term", "")) or 0,
    )
    if refused is not None:
        screen = replace(screen, problems=why_not(refused))
    return show(
        request, "coding_term.html", screen, shell(person, sites.values(), here="coding"), status_of(refused)
    )


def _found(request: HttpRequest, scheme: str, words: str) -> list[TermLine]:
    """What the search finds; before it what was chosen in a form that was refused."""
    chosen = Term.objects.filter(pk=number(request.POST.get("term", "")) or 0)
    terms = [*chosen.select_related("concept", "dictionary")]
    terms += [each.term for each in search(scheme, words, FOUND)] if words else []
    return [term_line(term) for term in {term.pk: term for term in terms}.values()]


def _is_alike(term: CodedTerm, asked: CodedTerm) -> bool:
    return term.coded == asked.coded and term.folded == asked.folded


def _stands_alike(term: CodedTerm, asked: CodedTerm) -> bool:
    """Whether one decision is for both: they wait, or have the same code."""
    if asked.state is State.CODED or term.state is State.CODED:
        return asked.state is term.state and _number_of(asked) == _number_of(term)
    return True


def _number_of(term: CodedTerm) -> int:
    return term.coding.term_id if term.coding else 0


def _numbers(scheme: str) -> set[int]:
    return set(in_force(scheme).values_list("pk", flat=True))


def _history(term: CodedTerm) -> Iterable[Coding]:
    given = Coding.objects.filter(page=term.page, row_key=term.row_key, item=term.coded.item)
    return given.select_related("term__concept", "term__dictionary").order_by("-id")


# --- many at once ------------------------------------------------------------------------------------------
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
    return Answer(location=request.path, said=_said(coded))


def _matches(given: Collection[str]) -> Iterable[Choice]:
    """The rows that were ticked with their terms. Raises UnknownTerm and CannotCode."""
    named = [each.partition(BETWEEN) for each in dict.fromkeys(given)]
    terms = Term.objects.in_bulk({found for pk, _between, _rows in named if (found := number(pk))})
    for pk, _between, rows in named:
        term = terms.get(number(pk) or 0)
        if term is None:
            raise CannotCode(_("Choose a term."))
        yield from (Choice(Seen.read(row), term) for row in rows.split(NEXT))


# --- refusals ----------------------------------------------------------------------------------------------
def why_not(refused: Exception) -> tuple[str, ...]:
    if isinstance(refused, CannotCode):
        return (str(refused),)
    if isinstance(refused, TermClosed):
        return (_("A page is locked: its terms keep the codes that they have."),)
    if isinstance(refused, TermChanged):
        return (_("A text or a code changed in the meantime. Look again at what is shown now."),)
    return (str(SENT_BEFORE),)


def status_of(refused: Exception | None) -> int:
    if refused is None:
        return 200
    if isinstance(refused, TermClosed):
        return LOCKED
    return CONFLICT if isinstance(refused, TermChanged) else UNPROCESSABLE
