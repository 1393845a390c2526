"""Calls within calls cost the same however deep they begin."""

import resource
from collections.abc import Callable

import pytest
from django.conf import settings

from trial.call_stack import with_room

CALLS, DEPTHS = 500, 300  # more than lie in one piece of a small stack


def faults_at(depth: int) -> int:
    """How often new memory was touched by calls that begin this deep."""
    if depth:
        return faults_at(depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(CALLS):
        leaf()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def leaf() -> None:
    """A call that does nothing."""


def most(measured: Callable[[int], int]) -> int:
    return max(measured(depth) for depth in range(DEPTHS))


def test_no_depth_is_slow_where_there_is_room() -> None:
    assert most(lambda depth: with_room(faults_at, depth)) < CALLS / 2


def test_without_room_calls_across_the_end_of_a_piece_get_their_memory_anew() -> None:
    """As long as this holds of the Python that is used, the room is needed."""
    assert most(faults_at) >= CALLS


def test_it_stands_outside_of_all_that_answers_a_request() -> None:
    assert settings.MIDDLEWARE[0] == "trial.call_stack.RoomForCalls"


def test_what_is_called_answers_and_raises_as_ever() -> None:
    assert with_room(str, 7) == "7"
    with pytest.raises(ValueError, match="invalid literal"):
        with_room(int, "x")
