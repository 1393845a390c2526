"""The figures of queries: from rows with known times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from patients.casebook.page import Page
from patients.oversight.queries import Query, QueryState
from patients.oversight.query_figures import Figures, query_figures
from tests.patients.entry import desk
from tests.trial.trail.claiming import claim
from trial.people.access import actor_at
from trial.trail.actor import Source, acting

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 8, 5, 12, tzinfo=UTC)
BY_HAND = {"raised_by": "tan.rui"}


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def keep(page: Page, rows: list[dict[str, Any]]) -> None:
    """Queries with these columns, as acts of before have left them."""
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        made = [Query(page=page, item=f"item_{number}", **row) for number, row in enumerate(rows)]
        Query.objects.create_with_history(made)
        claim()


@pytest.fixture
def figures() -> dict[bool, Figures]:
    """Of a site with two saved pages: what people asked (False) and what checks asked (True)."""
    page = desk.page_of(desk.consented(), "DM")
    desk.save(page, {"sex": "F"}, on=desk.CONSENT)
    closed = {"state": QueryState.CLOSED, "closed_at": ago(1)}
    keep(
        page,
        [
            BY_HAND | {"opened_at": ago(7.9)},
            BY_HAND | {"opened_at": ago(8)},
            BY_HAND | {"opened_at": ago(31), "state": QueryState.ANSWERED, "answered_at": ago(29)},
            BY_HAND | closed | {"opened_at": ago(5), "answered_at": ago(1), "changed_data": True},
            BY_HAND | closed | {"opened_at": ago(3), "answered_at": ago(2.5)},
            closed | {"check_id": "X-1", "opened_at": ago(1.5), "changed_data": True},
        ],
    )
    found = query_figures([page.subject.site], NOW)
    return {each.by_check: each for each in found}


def test_open_and_answered_queries_are_counted_by_age(figures: dict[bool, Figures]) -> None:
    assert figures[False].open_by_age == {"0-7": 1, "8-14": 1, "15-30": 0, "31-": 1}
    assert sum(figures[True].open_by_age.values()) == 0


def test_times_are_medians_of_those_that_have_one(figures: dict[bool, Figures]) -> None:
    people, checks = figures[False], figures[True]
    assert (people.answered, people.to_answer) == (3, timedelta(days=2))
    assert (people.closed, people.to_close) == (2, timedelta(days=3))
    assert (checks.to_answer, checks.to_close) == (None, timedelta(days=0.5))


def test_shares_name_what_they_are_of(figures: dict[bool, Figures]) -> None:
    people, checks = figures[False], figures[True]
    assert (people.raised, people.pages, people.per_100_pages) == (5, 2, 250)
    assert (people.changed, people.share_changed, checks.share_changed) == (1, 0.5, 1)


def test_where_nothing_was_asked_there_is_no_figure_of_it() -> None:
    site = desk.a_site()
    (people, checks) = query_figures([site], NOW)
    assert (people.raised, people.per_100_pages, people.to_close, people.share_changed) == (
        0,
        None,
        None,
        None,
    )
    assert checks.by_check
