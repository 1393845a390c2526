"""A changed value answers what people asked about it; whether it is the right one they say who asked."""

from collections.abc import Iterable
from uuid import UUID

from patients.casebook.page import Page
from patients.oversight.queries import MOVING, Query, QueryMessage, Said, line
from trial.trail.record import Change


def answer_by_change(
    queries: Iterable[Query], page: Page, changes: Iterable[Change], *, act: UUID
) -> list[Change]:
    """Answer the outstanding queries that people asked about items of this page, and that are among those
    that a save changed; what moved, for the event of the trail that is named `act`."""
    changed = {(change.row_key, change.item): change for change in changes}
    asked = [
        query
        for query in queries
        if query.page_id == page.pk and not query.is_automatic and query.allows(Said.CHANGED)
    ]
    answered = [query for query in asked if (query.row_key, query.item) in changed]
    moved = [_answered(query) for query in answered]
    Query.objects.save_with_history(answered, MOVING)
    QueryMessage.objects.bulk_create(
        _line(query, changed[query.row_key, query.item], act) for query in answered
    )
    return [change for change in moved if change.old != change.new]


def _answered(query: Query) -> Change:
    before = query.state
    query.move(Said.CHANGED)
    query.changed_data = True
    label = f"Query {query.pk} of {query.page}"
    return Change(f"query.{query.item}", label, before, query.state, row_key=query.row_key)


def _line(query: Query, change: Change, act: UUID) -> QueryMessage:
    """Old and new as they are shown; the change of what identifies the subject has no text."""
    return line(query, Said.CHANGED, act, old=change.old_shown, new=change.new_shown)
