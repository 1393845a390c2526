"""The states of a page, and by which act it comes from one into another: the one table (specification 5.4).

A query and a verification are no states: a page is queried, or verified, beside its state (decision 40). What
no line of the table allows is refused wherever the page is saved (LK-01). `docs/page-states.md` draws it.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class PageState(models.TextChoices):
    EMPTY = "empty", _("empty")
    IN_PROGRESS = "in_progress", _("in progress")
    COMPLETE = "complete", _("complete")
    SIGNED = "signed", _("signed")
    FROZEN = "frozen", _("frozen")
    LOCKED = "locked", _("locked")


DONE = (PageState.COMPLETE, PageState.SIGNED, PageState.FROZEN, PageState.LOCKED)
"""The states of a page that somebody has said to be as it should be."""

CLOSED = (PageState.FROZEN, PageState.LOCKED)
"""The states in which nothing of a page may be saved."""


class IllegalMove(TypeError):
    """A page was to come from one state into another in a way that the table does not have."""


class Act(StrEnum):
    """What moves a page."""

    SAVE = "save"
    COMPLETE = "complete"
    SIGN = "sign"
    FREEZE = "freeze"
    THAW = "thaw"
    LOCK = "lock"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: the act, the state before it, the state after it, and when that is so."""

    act: Act
    before: PageState
    after: PageState
    when: str


_EMPTY, _BEGUN, _COMPLETE, _SIGNED = (
    PageState.EMPTY,
    PageState.IN_PROGRESS,
    PageState.COMPLETE,
    PageState.SIGNED,
)
_FROZEN, _LOCKED = PageState.FROZEN, PageState.LOCKED
_OPEN = (_EMPTY, _BEGUN, _COMPLETE, _SIGNED, _FROZEN)

TABLE = (
    Move(Act.SAVE, _EMPTY, _BEGUN, "something is saved"),
    Move(Act.COMPLETE, _EMPTY, _COMPLETE, "it is saved and nothing stands against it"),
    Move(Act.COMPLETE, _BEGUN, _COMPLETE, "somebody says so and nothing stands against it"),
    Move(Act.SAVE, _COMPLETE, _BEGUN, "something stands against it now"),
    Move(Act.SIGN, _COMPLETE, _SIGNED, "no query is open"),
    Move(Act.SIGN, _BEGUN, _SIGNED, "only the signature was missing, as on eligibility"),
    Move(Act.SAVE, _SIGNED, _COMPLETE, "a value changed: the signature falls"),
    Move(Act.SAVE, _SIGNED, _BEGUN, "the signature falls and something stands against the page"),
    Move(Act.FREEZE, _COMPLETE, _FROZEN, "a data manager, with a reason"),
    Move(Act.FREEZE, _SIGNED, _FROZEN, "a data manager, with a reason; the signature stands"),
    Move(Act.THAW, _FROZEN, _COMPLETE, "with a reason; no signature stands"),
    Move(Act.THAW, _FROZEN, _SIGNED, "with a reason; its signature stands"),
    *(Move(Act.LOCK, state, _LOCKED, "with its casebook, by two people") for state in _OPEN),
    *(Move(Act.UNLOCK, _LOCKED, state, "by two people, until a time: as it was") for state in _OPEN),
)

_ALLOWED = {(move.before, move.after) for move in TABLE}


def befores(act: Act) -> frozenset[PageState]:
    """The states out of which an act can move a page."""
    return frozenset(move.before for move in TABLE if move.act is act)


def check_move(before: str, after: str) -> None:
    """Raises IllegalMove where no line of the table leads from one state into the other."""
    if before != after and (before, after) not in _ALLOWED:
        raise IllegalMove(f"a page does not come from {before} to {after}")
