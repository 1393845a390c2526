"""The table of the moves of a page: what it has, what it refuses, and that the picture of it is this one."""

from itertools import product
from pathlib import Path

import pytest
from django.db import transaction

from patients.casebook.page import Page
from patients.casebook.page_states import TABLE, Act, IllegalMove, PageState, befores, check_move
from tests.patients.entry import desk
from tests.trial.trail.claiming import claim
from trial.people.access import actor_at
from trial.trail.actor import Source, acting

pytestmark = pytest.mark.requirement("LK-01")
PICTURE = Path(__file__).parents[3] / "docs" / "page-states.md"
ALLOWED = {(move.before, move.after) for move in TABLE}


@pytest.mark.parametrize(("before", "after"), list(product(PageState, PageState)))
def test_a_move_is_allowed_by_a_line_of_the_table_alone(before: PageState, after: PageState) -> None:
    if before == after or (before, after) in ALLOWED:
        check_move(before, after)
    else:
        with pytest.raises(IllegalMove):
            check_move(before, after)


def test_nothing_else_comes_back_to_empty_and_a_lock_is_left_by_unlocking_alone() -> None:
    assert {move.act for move in TABLE if move.after == PageState.EMPTY} == {Act.UNLOCK}
    open_states = set(PageState) - {PageState.LOCKED}
    assert {move.before for move in TABLE if move.act is Act.LOCK} == open_states
    assert {move.after for move in TABLE if move.act is Act.UNLOCK} == open_states
    assert {move.act for move in TABLE if move.before == PageState.LOCKED} == {Act.UNLOCK}
    assert {move.act for move in TABLE if move.before == PageState.FROZEN} == {Act.THAW, Act.LOCK}
    assert befores(Act.FREEZE) == {PageState.COMPLETE, PageState.SIGNED}


def test_the_picture_draws_each_line_of_the_table_and_no_other() -> None:
    drawn = [line.strip() for line in PICTURE.read_text().splitlines() if "-->" in line and "[*]" not in line]
    assert sorted(drawn) == sorted(f"{move.before} --> {move.after}: {move.act}" for move in TABLE)


@pytest.mark.django_db
@pytest.mark.parametrize("state", [PageState.FROZEN, PageState.SIGNED])
def test_a_page_that_is_saved_past_the_acts_does_not_move(state: PageState) -> None:
    """As from a shell: an empty page is neither signed nor closed."""
    page = desk.page_of(desk.a_subject(), "DM")
    page.state = state
    by = actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)
    with transaction.atomic(), acting(by), pytest.raises(IllegalMove):
        page.save()
    assert Page.objects.get(pk=page.pk).state == PageState.EMPTY


@pytest.mark.django_db
def test_a_page_that_is_read_again_moves_from_where_it_is() -> None:
    page = desk.page_of(desk.a_subject(), "DM")
    other = desk.now(page)
    with transaction.atomic(), acting(actor_at(desk.SYSTEM, site="HZ01", source=Source.COMMAND)):
        other.state = PageState.COMPLETE
        other.save()
        claim()
        page.refresh_from_db()
        page.state = PageState.FROZEN
        page.save()
        claim()
    assert desk.now(page).state == PageState.FROZEN
