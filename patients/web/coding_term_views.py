"""The screen of one term: all rows with the same words, what they may be coded as, and the act."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.coding.codes import Coding, How
from patients.coding.coding_act import CannotCode, Choice, NotCoded, Seen, UnknownTerm, code_terms
from patients.coding.dictionaries import Term, in_force
from patients.coding.schemes import coded_items
from patients.coding.standing import CodedTerm, State, terms_at
from patients.coding.suggesting import search, suggest
from patients.coding.withdrawing import withdraw_codes
from patients.entry.idempotency import Answer, KeyReused
from patients.web.coding_answers import said_of, said_of_withdrawn, status_of, why_not
from patients.web.coding_term_presenter import TermPresenter, Typed
from patients.web.once import once_for
from patients.web.query_views import request_id_of
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import LONGEST, number
from trial.people.access import can, sites_where
from trial.people.models import Account, Site
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
FOUND = 20  # terms that a search shows


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
        act = _withdraw_chosen if request.POST.get("do") == "withdraw" else _code_chosen
        return once_for(request, person, lambda: act(request, person))
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
    choices = [Choice(each, term) for each in _rows_chosen(request)]
    why, request_id = request.POST.get("why", ""), request_id_of(request)
    coded = code_terms(choices, how=How.CHOSEN, by=person, why=why, request_id=request_id)
    return Answer(location=reverse("coding"), said=said_of(coded))


def _withdraw_chosen(request: HttpRequest, person: Account) -> Answer:
    why, request_id = request.POST.get("why_withdrawn", ""), request_id_of(request)
    count = withdraw_codes(_rows_chosen(request), why=why, by=person, request_id=request_id)
    return Answer(location=reverse("coding"), said=said_of_withdrawn(count))


def _rows_chosen(request: HttpRequest) -> list[Seen]:
    return [Seen.read(each) for each in dict.fromkeys(request.POST.getlist("row"))]


def _term(
    request: HttpRequest,
    person: Account,
    asked: CodedTerm,
    sites: dict[str, Site],
    refused: Exception | None = None,
) -> HttpResponse:
    words, scheme = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST], asked.coded.scheme
    presenter = TermPresenter(
        asked=asked,
        alike=[
            term for term in terms_at(sites, list(State), form=asked.coded.form) if _is_alike(term, asked)
        ],
        force=list(in_force(scheme).order_by("id")),
        codes_at={site.code for site in sites_where(person, Permission.CODE)},
        can_ask=can(person, Permission.QUERY, site=asked.site),
        typed=_typed(request),
    )
    screen = presenter.screen(
        suggest(scheme, asked.verbatim), _found(scheme, words, presenter.typed), words, _history(asked)
    )
    if refused is not None:
        screen = replace(screen, problems=why_not(refused))
    frame = shell(person, sites.values(), here="coding")
    return show(request, "coding_term.html", screen, frame, status_of(refused))


def _typed(request: HttpRequest) -> Typed:
    chosen = number(request.POST.get("term", "")) or 0
    why, why_withdrawn = request.POST.get("why", ""), request.POST.get("why_withdrawn", "")
    return Typed(frozenset(request.POST.getlist("row")), chosen, why, why_withdrawn)


def _found(scheme: str, words: str, typed: Typed) -> list[Term]:
    """What the search finds; before it what was chosen in a form that was refused."""
    terms = [*Term.objects.filter(pk=typed.term).select_related("concept", "dictionary")]
    terms += [each.term for each in search(scheme, words, FOUND)] if words else []
    return list({term.pk: term for term in terms}.values())


def _is_alike(term: CodedTerm, asked: CodedTerm) -> bool:
    return term.coded == asked.coded and term.folded == asked.folded


def _history(term: CodedTerm) -> Iterable[Coding]:
    given = Coding.objects.filter(page=term.page, row_key=term.row_key, item=term.coded.item)
    return given.select_related("term__concept", "term__dictionary", "withdrawal").order_by("-id")
