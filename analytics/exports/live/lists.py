"""The lists of what a database keeps in one table each. Each is read by its key: what comes in while one
reads is neither missed nor told twice, in as many statements for a page of a thousand as for one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from analytics.exports.live import shapes
from analytics.exports.live.asking import Asked, Filter, Parameters
from analytics.exports.live.telling import Teller
from patients.casebook.form import declared_forms
from patients.casebook.page import Page, PageState, Subject, Visit, VisitState
from trial.people.models import Site
from trial.people.roles import Permission
from trial.people.tokens import ExportToken

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token reads: its sites, and of them what it may have."""

    sites: tuple[Site, ...]
    teller: Teller

    @property
    def codes(self) -> list[str]:
        return [site.code for site in self.sites]


@dataclass(frozen=True, slots=True)
class Found:
    """The entries of a page of a list, and the place at which the next one begins; empty after the last.
    `more` stands beside the entries in the answer."""

    entries: Sequence[Mapping[str, Any]]
    cursor: str = ""
    more: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list: its name and what it is, what a token needs for it (None: any will do), the shape of an entry,
    its parameters and how a question is answered.

    `thing` is what an entry with an `id` is. Of what goes along the ledger `sealed_up_to` says how far it is
    told, and `subjects` whom the acts of a question are about, nobody's as an empty code.
    """

    name: str
    about: str
    permission: Permission | None
    entry: type[shapes.Entry]
    parameters: Parameters
    read: Callable[[Asked, Scope], Found]
    thing: str = ""
    sealed_up_to: Callable[[], int] | None = None
    subjects: Callable[[Asked, Scope], set[str]] | None = None

    @property
    def is_of_subjects(self) -> bool:
        """Whether its entries are about subjects."""
        return "subject" in self.parameters.fields


Rows = Callable[[Scope], "QuerySet[Any, Any]"]
Tell = Callable[[Any, Teller], Told]


def listed(
    name: str,
    about: str,
    entry: type[shapes.Entry],
    rows: Rows,
    tell: Tell,
    *filters: Filter,
    permission: Permission | None = Permission.READ,
    thing: str = "",
) -> Listed:
    """A list of the rows of one table, in the order of their numbers. `rows` are those in scope."""

    def read(asked: Asked, scope: Scope) -> Found:
        found = rows(scope).filter(pk__gt=int(asked.cursor), **asked.lookups(filters))
        some = list(found.order_by("pk")[: asked.limit + 1])
        page = some[: asked.limit]
        cursor = str(page[-1].pk) if len(some) > len(page) else ""
        return Found([tell(row, scope.teller) for row in page], cursor)

    return Listed(
        name=name,
        about=about,
        permission=permission,
        entry=entry,
        parameters=Parameters(filters, names_of(entry)),
        read=read,
        thing=thing,
    )


def names_of(entry: type[shapes.Entry]) -> tuple[str, ...]:
    """The members of an entry."""
    return tuple(entry().fields)


def filters(path: str, *names: str) -> tuple[Filter, ...]:
    """The filters by place, for rows that belong to a subject by this path."""
    lookups = {
        "site": Filter("site", "codes of sites", f"{path}site__code"),
        "subject": Filter("subject", "subjects: HZ01-017", f"{path}code"),
    }
    return tuple(lookups[name] for name in names)


FORMS = tuple(model.form.code for model in declared_forms())


def of_form(lookup: str = "") -> Filter:
    return Filter("form", "codes of forms", lookup, FORMS)


def of_visit(lookup: str = "") -> Filter:
    return Filter("visit", "codes of visits: C28", lookup)


def of_item(lookup: str = "") -> Filter:
    return Filter("item", "names of items", lookup)


def of_state(states: Iterable[str], lookup: str = "") -> Filter:
    return Filter("state", "states", lookup, tuple(states))


# --- sites, subjects, visits, pages ------------------------------------------------------------------------
SITES = listed(
    "sites",
    "The sites of the token.",
    shapes.SiteEntry,
    lambda scope: Site.objects.filter(pk__in=[site.pk for site in scope.sites]),
    lambda site, teller: {"site": site.code, "name": site.name},
    Filter("site", "codes of sites", "code"),
    permission=None,
)


def _subject(subject: Subject, teller: Teller) -> Told:
    return {
        "site": subject.site.code,
        "subject": subject.code,
        "planned_infusion": teller.day(subject.code, subject.planned_infusion),
    }


SUBJECTS = listed(
    "subjects",
    "The subjects of the sites of the token.",
    shapes.SubjectEntry,
    lambda scope: Subject.objects.filter(site__in=scope.sites).select_related("site"),
    _subject,
    *filters("", "site", "subject"),
)


def of_subject(row: Model, subject: Subject, visit: str) -> Told:
    return {"id": row.pk, "site": subject.site.code, "subject": subject.code, "visit": visit}


def _visit(visit: Visit, teller: Teller) -> Told:
    code = visit.subject.code
    return {
        **of_subject(visit, visit.subject, visit.code),
        "target": teller.day(code, visit.target),
        "opens": teller.day(code, visit.opens),
        "closes": teller.day(code, visit.closes),
        "predicted": visit.predicted,
        "state": visit.state,
        "reason": visit.reason,
        "covered_by": visit.covered_by,
    }


VISITS = listed(
    "visits",
    "The visits of subjects, as they are planned.",
    shapes.VisitEntry,
    lambda scope: Visit.objects.filter(subject__site__in=scope.sites).select_related("subject__site"),
    _visit,
    *filters("subject__", "site", "subject"),
    of_visit("code"),
    of_state(VisitState.values, "state"),
    thing="visit",
)


def _page(page: Page, teller: Teller) -> Told:
    return {
        **of_subject(page, page.subject, page.visit_code),
        "form": page.form_code,
        "state": page.state,
        "version": page.version,
        "form_date": teller.day(page.subject.code, page.form_date),
        "not_done": page.not_done,
        "not_done_reason": page.not_done_reason,
        "source_documents": page.source_documents,
    }


PAGES = listed(
    "pages",
    "The pages of subjects: one for each form that is due or filled at a visit.",
    shapes.PageEntry,
    lambda scope: Page.objects.filter(subject__site__in=scope.sites).select_related("subject__site", "visit"),
    _page,
    *filters("subject__", "site", "subject"),
    of_form("form_code"),
    of_visit("visit__code"),
    of_state(PageState.values, "state"),
    thing="page",
)


def scope_of(token: ExportToken, teller: Teller) -> Scope:
    """What a token reads."""
    return Scope(tuple(token.sites.order_by("code")), teller)
