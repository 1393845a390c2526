"""Items that hold nothing of a patient are drawn once in each language, and shown from then on as they are.

Most of a page is its declaration: labels, units, ranges, the choices of an item, the menu of reasons for
having no answer. An item in which nothing stands, and of which nothing is to say, is nothing else; it looks
the same on the page of every subject. One that holds something is drawn each time: nothing of a patient is
kept here.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from patients.web.fields import Field

MOST_KEPT = 8192
"""Pieces. The items of all forms in both languages, open, hidden and locked, are some 4,000."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """An item whose component says no more than `says`."""

    component: str
    says: Hashable
    language: str | None
    item: Field = field(compare=False)


def item_drawn(item: Field) -> SafeString:
    """One item of a form."""
    component = "components/item.html"
    if not item.is_blank:
        return render_to_string(component, {"item": item})
    return _drawn_once(_Piece(component, item.declared_parts, get_language(), item))


def missing_menu_drawn(item: Field) -> SafeString:
    """Why there is no answer: the same of an item whatever stands in it."""
    named = (item.name, item.label, item.missing_choices)
    return _drawn_once(_Piece("components/missing_menu.html", named, get_language(), item))


def forget_drawn() -> None:
    """Draw all of them anew."""
    _drawn_once.cache_clear()


@lru_cache(maxsize=MOST_KEPT)
def _drawn_once(piece: _Piece) -> SafeString:
    return render_to_string(piece.component, {"item": piece.item})
