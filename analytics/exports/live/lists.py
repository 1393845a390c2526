"""The lists of what a database keeps in one table each. Each is read by its key: what comes in while one
reads is neither missed nor told twice, in as many statements for a page of a thousand as for one."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Model, Prefetch, QuerySet, Value, When

from analytics.exports.live import shapes
from analytics.exports.live.asking import Asked, Filter, Parameters
from analytics.exports.live.telling import Teller
from analytics.locks.models import Lock
from analytics.locks.visible import is_seen_at
from patients.casebook.form import declared_forms
from patients.casebook.page import Page, PageState, Subject, Visit, VisitState
from patients.oversight.queries import Query, QueryMessage, QuerySeverity, QueryState
from patients.oversight.signatures import Meaning, Signature
from patients.oversight.verification import Verification
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

    entries: list[Told]
    cursor: str = ""
    more: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list: its name and what it is, what a token needs for it (None: any will do), the shape of an entry,
    its parameters and how a question is answered."""

    name: str
    about: str
    permission: Permission | None
    entry: type[shapes.Entry]
    parameters: Parameters
    read: Callable[[Asked, Scope], Found]


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


def _of_subject(row: Model, subject: Subject, visit: str) -> Told:
    return {"id": row.pk, "site": subject.site.code, "subject": subject.code, "visit": visit}


def _visit(visit: Visit, teller: Teller) -> Told:
    code = visit.subject.code
    return {
        **_of_subject(visit, visit.subject, visit.code),
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
)


def _page(page: Page, teller: Teller) -> Told:
    return {
        **_of_subject(page, page.subject, page.visit_code),
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
)


# --- oversight ---------------------------------------------------------------------------------------------
def _query(query: Any, teller: Teller) -> Told:
    subject: str = query.at_subject
    tells = teller.has_words_on(query.form_code, query.item, query.check_id)

    def said(text: str) -> str | None:
        return teller.words(subject, text) if tells else None

    return {
        "id": query.pk,
        "site": query.at_site,
        "subject": subject,
        "visit": query.at_visit or "",
        "form": query.form_code,
        "page": query.page_id,
        "row": query.row_key,
        "item": query.item,
        "check": query.check_id,
        "severity": query.severity,
        "priority": query.priority,
        "state": query.state,
        "text": said(query.text),
        "opened_at": teller.moment(subject, query.opened_at),
        "answered_at": teller.moment(subject, query.answered_at),
        "closed_at": teller.moment(subject, query.closed_at),
        "raised_by": query.raised_by,
        "closed_by": query.closed_by,
        "times_opened": query.times_opened,
        "changed_data": query.changed_data,
        "thread": [
            {
                "said": line.said,
                "text": said(line.text),
                "old": said(line.old),
                "new": said(line.new),
                "author": line.author,
                "role": line.role,
                "at": teller.moment(subject, line.at),
            }
            for line in query.messages.all()
        ],
    }


def _queries(scope: Scope) -> "QuerySet[Any, Any]":
    in_order = Prefetch("messages", QueryMessage.objects.order_by("id"))
    found: QuerySet[Any, Any] = Query.objects.at(scope.sites).with_place().with_question()
    return found.prefetch_related(in_order)


QUERIES = listed(
    "queries",
    "Queries with all that was said to them.",
    shapes.QueryEntry,
    _queries,
    _query,
    Filter("site", "codes of sites", "at_site"),
    Filter("subject", "subjects: HZ01-017", "at_subject"),
    of_form("page__form_code"),
    of_visit("at_visit"),
    of_item("item"),
    of_state(QueryState.values, "state"),
    Filter("severity", "of those that a check asks", "severity", tuple(QuerySeverity.values)),
    Filter("check", "numbers of edit checks", "check_id"),
)
_STATE = Case(When(fall=None, then=Value(shapes.STANDING)), default=Value(shapes.FALLEN))
_STANDING = Filter("state", "whether it still stands", "is_standing", (shapes.STANDING, shapes.FALLEN))


def _on_page(row: Any) -> Told:
    page: Page = row.page
    return {**_of_subject(row, page.subject, page.visit_code), "form": page.form_code, "page": page.pk}


def _state(row: Any) -> str:
    return shapes.FALLEN if hasattr(row, "fall") else shapes.STANDING


def _verification(found: Any, teller: Teller) -> Told:
    code, fall = found.page.subject.code, getattr(found, "fall", None)
    return {
        **_on_page(found),
        "row": found.row_key,
        "item": found.item,
        "state": _state(found),
        "page_version": found.page_version,
        "verified_by": found.verified_by,
        "printed_name": found.printed_name,
        "at": teller.moment(code, found.at),
        "fallen_at": teller.moment(code, fall and fall.at),
        "reason": teller.words(code, fall.reason) if fall else "",
    }


def _signature(found: Any, teller: Teller) -> Told:
    code, fall = found.page.subject.code, getattr(found, "fall", None)
    return {
        **_on_page(found),
        "state": _state(found),
        "signer": found.signer,
        "printed_name": found.printed_name,
        "role": found.role,
        "meaning": found.meaning,
        "statement": found.statement,
        "page_version": found.page_version,
        "form_version": found.form_version,
        "sha256": None if teller.moves else found.sha256,
        "at": teller.moment(code, found.at),
        "fallen_at": teller.moment(code, fall and fall.at),
        "fallen_because": teller.words(code, fall.why) if fall else "",
    }


def _standing(model: Any) -> Rows:
    """Each with its page, and with its fall, if it has fallen."""

    def rows(scope: Scope) -> "QuerySet[Any, Any]":
        found: QuerySet[Any, Any] = model.objects.filter(page__subject__site__in=scope.sites)
        read: QuerySet[Any, Any] = found.annotate(is_standing=_STATE)
        return read.select_related("page__subject__site", "page__visit", "fall")

    return rows


_OF_PAGE = (
    *filters("page__subject__", "site", "subject"),
    of_form("page__form_code"),
    of_visit("page__visit__code"),
)
VERIFICATIONS = listed(
    "verifications",
    "Values that somebody compared with their source, those included that have changed since.",
    shapes.VerificationEntry,
    _standing(Verification),
    _verification,
    *_OF_PAGE,
    of_item("item"),
    _STANDING,
)
SIGNATURES = listed(
    "signatures",
    "Signatures on pages, those included that have fallen.",
    shapes.SignatureEntry,
    _standing(Signature),
    _signature,
    *_OF_PAGE,
    _STANDING,
    Filter("meaning", "what they mean", "meaning", tuple(Meaning.values)),
)


# --- snapshots ---------------------------------------------------------------------------------------------
def _snapshots(asked: Asked, scope: Scope) -> Found:
    """There are few: those of the locks that the token sees."""
    seen: dict[int, list[Lock]] = {}
    for lock in Lock.objects.select_related("snapshot").order_by("pk"):
        if lock.snapshot_id > int(asked.cursor) and is_seen_at(lock, scope.codes):
            seen.setdefault(lock.snapshot_id, []).append(lock)
    numbers = sorted(seen)[: asked.limit]
    cursor = str(numbers[-1]) if len(seen) > len(numbers) else ""
    return Found([_snapshot(seen[number]) for number in numbers], cursor)


def _snapshot(locks: list[Lock]) -> Told:
    snapshot = locks[0].snapshot
    return {
        "id": snapshot.pk,
        "sha256": snapshot.hash,
        "cutoff": snapshot.cutoff,
        "subjects": snapshot.subjects,
        "values": snapshot.values,
        "made_at": snapshot.made_at,
        "locks": [lock.pk for lock in locks],
    }


SNAPSHOTS = Listed(
    name="snapshots",
    about="The contents of data cuts and locks, each once.",
    permission=Permission.EXPORT,
    entry=shapes.SnapshotEntry,
    parameters=Parameters((), names_of(shapes.SnapshotEntry)),
    read=_snapshots,
)


def scope_of(token: ExportToken, teller: Teller) -> Scope:
    """What a token reads."""
    return Scope(tuple(token.sites.order_by("code")), teller)
