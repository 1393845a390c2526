"""Queries that edit checks open, close and open again by themselves: one for each finding.

A finding is named by page, row, item and rule. Its query opens when the finding is first seen, closes when it
has gone, and opens again when it comes back, so that the row tells the whole story of one question.
What a person has answered or closed is left alone as long as the finding says the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import translation

from patients.casebook.page import Page
from patients.items.problems import Finding, Text
from patients.oversight.queries import MOVING, Query, QueryMessage, QueryState, Said, line
from trial.trail.actor import Source, system_actor
from trial.trail.record import Change

AUTHOR = system_actor("checks", Source.TASK).user_name
Key = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A finding that is there now. `asks`: a query opens for it if there is none; else it only keeps open one
    that is there."""

    page: Page
    finding: Finding
    asks: bool

    @property
    def key(self) -> Key:
        found = self.finding
        return self.page.pk, found.row_key, found.item, rule_of(found)


def rule_of(finding: Finding) -> str:
    """What tells this finding from others at its item."""
    return finding.check or finding.limit


def key_of(query: Query) -> Key:
    return query.page_id or 0, query.row_key, query.item, query.check_id


@dataclass(frozen=True, slots=True)
class _Moved:
    """A query that has moved, how, and from which state; a new one from none."""

    query: Query
    said: Said
    before: str


def follow(
    queries: Iterable[Query], sightings: Iterable[Sighting], *, act: UUID, by_data: bool = True
) -> list[Change]:
    """Open, re-open and close queries so that they say what is seen; what changed, for the event of the trail
    that is named `act`.

    `queries` are those about what has been looked at: a finding of theirs that is not seen has gone. Those
    that people asked are none of it. `by_data`: what goes has gone by a change of data, and not by time.
    """
    kept = {key_of(query): query for query in queries if query.is_automatic}
    seen = {sighting.key: sighting for sighting in sightings}
    new = [_opened(each) for key, each in seen.items() if each.asks and key not in kept]
    settled = (_settle(query, seen.get(key), by_data=by_data) for key, query in kept.items())
    moved = [each for each in settled if each is not None]
    Query.objects.create_with_history(new)
    Query.objects.save_with_history([each.query for each in moved], MOVING)
    moves = [*(_Moved(query, Said.RAISED, "") for query in new), *moved]
    checks = system_actor("checks", Source.TASK)
    QueryMessage.objects.bulk_create(line(each.query, each.said, act, by=checks) for each in moves)
    return [_change(each) for each in moves]


def _opened(sighting: Sighting) -> Query:
    found = sighting.finding
    return Query(
        page=sighting.page,
        row_key=found.row_key,
        item=found.item,
        check_id=rule_of(found),
        severity=found.severity.value,
        message=in_every_language(found.message),
    )


def _settle(query: Query, sighting: Sighting | None, *, by_data: bool) -> _Moved | None:
    """Close a query whose finding has gone, open again one whose finding is back; None if neither."""
    before = query.state
    if sighting is None and query.is_outstanding:
        query.move(Said.CLOSED)
        query.changed_data = by_data or query.changed_data
        return _Moved(query, Said.CLOSED, before)
    if sighting and sighting.asks and not query.is_open:
        message = in_every_language(sighting.finding.message)
        if _was_settled_by_a_person(query) and message == query.message:
            return None
        query.move(Said.REOPENED)
        query.message = message
        return _Moved(query, Said.REOPENED, before)
    return None


def _was_settled_by_a_person(query: Query) -> bool:
    """Whether somebody answered or closed it, and not the check itself."""
    return query.state == QueryState.ANSWERED or query.closed_by is not None


def _change(moved: _Moved) -> Change:
    query = moved.query
    return Change(
        item=f"query.{query.item}",
        label=f"Query {query.check_id} of {query.page}",
        old=moved.before,
        new=query.state,
        row_key=query.row_key,
        new_shown=query.message["en"] if query.is_open else "",
        author=AUTHOR,
    )


def in_every_language(message: Text) -> dict[str, str]:
    """The sentence in each language of the product."""
    said: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            said[language] = str(message)
    return said
