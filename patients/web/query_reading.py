"""What the screens of queries read, within what a person may see."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet

from patients.casebook.answers import Record, record_of
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.asking import roles_that_answer
from patients.entry.query_act import Target
from patients.oversight.queries import Query, QueryMessage, QueryQuerySet
from patients.web.queries import printed_names
from trial.people.models import Account, Member
from trial.people.roles import Permission


def queries_for(person: Account, permission: Permission = Permission.READ) -> QueryQuerySet:
    """The queries at the sites where a person holds a right, each with its place and question."""
    return Query.objects.for_person(person, permission).with_place().with_question()


def counts_by_state(queries: QueryQuerySet) -> dict[str, int]:
    """How many of these queries are in each state."""
    return dict(queries.order_by().values_list("state").annotate(Count("pk")))


def askers_among(queries: QueryQuerySet) -> list[str]:
    """The user names of the people who raised any of these."""
    asked = queries.exclude(raised_by=None).order_by("raised_by").values_list("raised_by", flat=True)
    return [name for name in asked.distinct() if name]


def names_in(queries: Iterable[Query], askers: Iterable[str] = ()) -> dict[str, str]:
    """The printed names of all whom these queries name."""
    named = {name for query in queries for name in (query.raised_by, query.assigned_to) if name}
    return printed_names({*named, *askers})


def thread_of(query: Query) -> "QuerySet[QueryMessage, Any]":
    """The lines of its thread, the oldest first."""
    return QueryMessage.objects.filter(query=query).order_by("pk")


def who_answers_at(site: str) -> Mapping[str, str]:
    """The people who enter data at a site: printed names by user name."""
    held = Member.objects.in_force().filter(site__code=site, role__in=roles_that_answer())
    named = held.order_by("account__printed_name").values_list("account__user_name", "account__printed_name")
    return dict(named)


def outstanding_at(target: Target) -> QueryQuerySet:
    """The queries that nobody has closed at the same page, visit or subject."""
    here = Query.objects.filter(page=target.page, visit=target.visit, subject=target.subject)
    return here.outstanding().with_place().with_question().order_by("pk")


def pages_to_ask(person: Account, form: str, visit: str, site: str) -> "QuerySet[Page, Any]":
    """The pages of a form on which something was saved, at the sites where the person asks; of one visit or
    site if they are named."""
    pages: QuerySet[Page, Any] = Page.objects.for_person(person, Permission.QUERY)
    narrowed = Q(form_code=form, version__gt=0)
    if visit:
        narrowed &= Q(visit__code__iexact=visit)
    if site:
        narrowed &= Q(subject__site__code=site)
    found = pages.filter(narrowed).select_related("subject__site", "visit")
    return found.order_by("subject__code", "visit__target", "pk")


def asked_at(pages: Iterable[Page], item: str) -> dict[tuple[int, str], Query]:
    """The outstanding queries about an item, or about the whole, of these pages: by page and row."""
    found = Query.objects.filter(page__in=pages, item=item).outstanding().order_by("-pk")
    return {(query.page_id or 0, query.row_key): query for query in found}


def rows_on(pages: Sequence[Page]) -> dict[int, list[Record]]:
    """The rows that stand on these pages of one form, by page."""
    records: dict[int, list[Record]] = {page.pk: [] for page in pages}
    by_number = {page.pk: page for page in pages}
    rows: Any = form_model(pages[0].form_code).objects.filter(page__in=pages) if pages else ()
    for row in rows:
        page = by_number[row.page_id]
        records[page.pk].append(record_of(row, page, page.subject))
    return records
