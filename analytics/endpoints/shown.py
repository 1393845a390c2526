"""How much of a large cohort is drawn and named: what is stored with a run stays small.

It says beside it how many there are, so that what was left out is told."""

from collections.abc import Iterable
from typing import Any

LANES_SHOWN = 60
"""So many subjects have a lane or a line of their own: more would not be told apart on a page."""
SUBJECTS_NAMED = 200
"""So many subjects are named behind a number that is only counted."""


def counted_of(subjects: Iterable[str]) -> dict[str, Any]:
    """How many there are, and the first of them by code."""
    found = sorted(subjects)
    return {"n": len(found), "subjects": found[:SUBJECTS_NAMED]}
