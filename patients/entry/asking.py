"""Raising queries by hand, and saying whom they wait for."""

from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from patients.casebook.form import form_model
from patients.casebook.header import HEADER
from patients.casebook.page import Page, Subject
from patients.entry.query_act import (
    LEAST_OF_A_TEXT,
    Assigned,
    Question,
    Target,
    acting_on,
    against_words,
    by_subject,
    refuse,
    refuse_numbers,
    require_reading,
)
from patients.items.item import Item
from patients.oversight.queries import Priority, Query
from trial.people.access import Person, require
from trial.people.models import Member
from trial.people.roles import TABLE, Permission, Role


def roles_that_answer() -> list[Role]:
    """The roles that enter data."""
    return [role for role in Role if Permission.ENTER in TABLE[role]]


def raise_query(target: Target, question: Question, *, by: Person, request_id: str = "") -> Query:
    """Ask about an item, a page, a visit or a subject.

    Raises UnknownQuery (404), PermissionDenied (403), NotAsked (422) and AlreadyAsked (409).
    """
    (raised,) = raise_queries([target], question, by=by, request_id=request_id)
    return raised


def raise_queries(
    targets: Sequence[Target], question: Question, *, by: Person, request_id: str = ""
) -> list[Query]:
    """Ask the same at several places, all or none; one act for each subject. Raises as `raise_query` does."""
    refuse_numbers(len(targets))
    raised: list[Query] = []
    with transaction.atomic():
        for subject, some in by_subject(targets, lambda target: target.whose):
            require_reading(subject, by)
            require(by, Permission.QUERY, site=subject.site.code)
            refuse([*_against_question(question, subject), *_against_places(some)])
            with acting_on(subject, by, request_id) as act:
                raised += act.raise_at(some, question)
    return raised


def direct_query(
    query: Query, assigned: Assigned, priority: Priority, *, by: Person, request_id: str = ""
) -> None:
    """Say whom an outstanding query waits for, and how soon.

    Raises UnknownQuery (404), PermissionDenied (403), NotAsked (422) and NotNow (409).
    """
    subject = query.whose
    require_reading(subject, by)
    require(by, Permission.QUERY, site=subject.site.code)
    refuse(_against_assigned(assigned, subject.site.code))
    with transaction.atomic(), acting_on(subject, by, request_id) as act:
        act.direct(query, assigned, priority)


def item_of(page: Page, name: str) -> Item | None:
    """The declaration of an item of the page, or of its header; None where there is none."""
    found = {item.name: item for item in form_model(page.form_code).items()}
    return found.get(name) or HEADER.get(name)


def _against_question(question: Question, subject: Subject) -> Iterator[str]:
    yield from against_words(subject, question.text, _("Question"), least=LEAST_OF_A_TEXT)
    yield from _against_assigned(question.assigned, subject.site.code)


def _against_assigned(assigned: Assigned, site: str) -> Iterator[str]:
    if assigned.role and assigned.role not in roles_that_answer():
        yield _("A query waits for somebody who enters data.")
    if assigned.user_name:
        held = Member.objects.in_force().filter(account__user_name=assigned.user_name, site__code=site)
        if not held.filter(role__in=roles_that_answer()).exists():
            yield _("This person does not enter data at the site.")


def _against_places(targets: Iterable[Target]) -> Iterator[str]:
    for target in targets:
        if (target.item or target.row_key) and not _exists(target):
            yield _("There is no such item on this page.")


def _exists(target: Target) -> bool:
    """Whether an item, and the row that is named, are of the page. A row that is void can be asked about."""
    if target.page is None or item_of(target.page, target.item) is None:
        return False
    if target.item in HEADER:
        return not target.row_key
    rows = form_model(target.page.form_code).every.filter(page=target.page, row_key=target.row_key)
    return not target.row_key or rows.exists()
