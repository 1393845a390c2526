"""The table of the moves of a query: no other move is ever made, whatever the order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.oversight.queries import MOVES, OUTSTANDING, Query, QuerySeverity, QueryState, Said, Side
from trial.people.roles import APART, TABLE, Permission, Role

OPEN, ANSWERED, CLOSED = QueryState.OPEN, QueryState.ANSWERED, QueryState.CLOSED
BY_HAND = [said for said in Said if said is not Said.RAISED]


@pytest.mark.parametrize(
    ("before", "allowed"),
    [
        (OPEN, {Said.ANSWERED, Said.CHANGED, Said.COMMENTED, Said.CLOSED}),
        (ANSWERED, {Said.CHANGED, Said.COMMENTED, Said.CLOSED, Said.REOPENED}),
        (CLOSED, {Said.REOPENED}),
    ],
)
def test_from_each_state_these_moves_are_made_and_no_other(before: QueryState, allowed: set[Said]) -> None:
    assert {said for said in Said if Query(state=before).allows(said)} == allowed


@given(st.lists(st.sampled_from(BY_HAND), max_size=30))
def test_a_query_is_always_in_the_state_that_its_last_move_led_to(tried: list[Said]) -> None:
    query, times = Query(), 1
    for said in tried:
        before = query.state
        if not query.allows(said):
            continue
        query.move(said)
        assert before in MOVES[said].before
        assert query.state == (MOVES[said].to or before)
        times += said is Said.REOPENED
        assert query.times_opened == times
        assert (query.closed_at is not None) == (query.state == CLOSED)
        assert (query.answered_at is None) or query.state != OPEN
        assert query.is_outstanding == (query.state in OUTSTANDING)


def test_what_a_check_closed_by_itself_it_opens_by_itself() -> None:
    gone = Query(check_id="X-DX-06", state=CLOSED)
    assert not gone.allows(Said.REOPENED)
    assert Query(check_id="X-DX-06", state=CLOSED, closed_by="mei.zhang").allows(Said.REOPENED)


def test_what_a_hard_check_asks_is_closed_by_the_data_alone() -> None:
    hard = Query(check_id="X-SYS-05", severity=QuerySeverity.HARD)
    assert not hard.allows(Said.CLOSED)
    assert hard.allows(Said.ANSWERED)


def test_nobody_stands_on_both_sides() -> None:
    """Who is asked closes nothing: no role enters and queries, and no grant joins the two."""
    assert Permission.QUERY in APART[Permission.ENTER]
    assert not any({Permission.ENTER, Permission.QUERY} <= TABLE[role] for role in Role)
    assert MOVES[Said.CLOSED].side == MOVES[Said.REOPENED].side == Side.ASKING
    assert MOVES[Said.ANSWERED].side == Side.SITE
