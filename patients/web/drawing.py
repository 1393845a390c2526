"""What an item says by its declaration alone is drawn once in each language, and shown from then on as it is.

Most of a page is its declaration: labels, units, ranges, the choices of an item, the menu of reasons for
having no answer. An item in which nothing stands, or one of its own choices, says nothing else; but for its
marks, which lead to its query and its trail, it looks the same on the page of every subject. One in which
something was typed is drawn each time: nothing that tells of a patient is kept here.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from patients.web.fields import Field, ReasonBox

MOST_KEPT = 16384
"""Pieces. The items of all forms in both languages, open, hidden and locked, are some 4,000; one with choices
has a piece for each of them that is chosen somewhere."""
_MARKS, _TRAIL, _THREAD = "\0", "\1", "\2"
"""Where in a piece its marks go, and the addresses of its trail and its queries: characters that no template
holds."""
_NO_MARKS = format_html("{}", "")
_BRACES = str.maketrans({"{": "{{", "}": "}}"})


@dataclass(frozen=True, slots=True)
class _Piece:
    """A component that says no more in a language than `says`, drawn with its arguments."""

    component: str
    says: Hashable
    arguments: Mapping[str, Any] = field(compare=False)
    language: str | None = field(default_factory=get_language)


def item_drawn(item: Field) -> SafeString:
    """One item of a form."""
    component, marks = "components/item.html", _marks_drawn(item)
    if not item.is_declared:
        return render_to_string(component, {"item": item, "marks": marks})
    left_open = _left_open(_Piece(component, item.declared_parts, {"item": item, "marks": _MARKS}))
    return _filled(left_open, marks)


def missing_menu_drawn(item: Field) -> SafeString:
    """Why there is no answer: the same of an item whatever stands in it."""
    named = (item.name, item.label, item.missing_choices)
    return _drawn_once(_Piece("components/missing_menu.html", named, {"item": item}))


def keys_drawn() -> SafeString:
    """The keys that spare a way on a page."""
    return _drawn_once(_Piece("components/keys.html", None, {}))


def reason_pattern_drawn() -> SafeString:
    """The question why a value changes, as a pattern that the script fills for an item."""
    names = {"name": "%field", "label": "%label", "was": "%was"}
    return _drawn_once(_Piece("components/reason.html", "pattern", {**names, "box": ReasonBox()}))


def _marks_drawn(item: Field) -> SafeString:
    if not (item.trail_url or item.flag or item.verified):
        return _NO_MARKS
    component = "components/marks.html"
    if item.verified:
        return render_to_string(component, {"item": item})
    flag = replace(item.flag, url=_THREAD) if item.flag else None
    said = {"label": item.label, "flag": flag, "trail_url": _TRAIL if item.trail_url else ""}
    left_open = _left_open(_Piece(component, tuple(said.values()), {"item": said}))
    addresses = (item.flag.url if item.flag else "", item.trail_url)
    return _filled(left_open, *filter(None, addresses))


@lru_cache(maxsize=MOST_KEPT)
def _left_open(piece: _Piece) -> tuple[SafeString, ...]:
    """What stands before, between and behind the places of a piece that are different each time."""
    drawn = render_to_string(piece.component, dict(piece.arguments))
    parts = re.split(f"[{_MARKS}{_TRAIL}{_THREAD}]", drawn)
    return tuple(format_html(f"{part.translate(_BRACES)}{{}}", "") for part in parts)


def _filled(parts: tuple[SafeString, ...], *texts: str) -> SafeString:
    """The parts with texts between them, in the order of their places; each is escaped as it goes in."""
    found = parts[0]
    for text, part in zip(texts, parts[1:], strict=True):
        found += conditional_escape(text) + part
    return found


@lru_cache(maxsize=MOST_KEPT)
def _drawn_once(piece: _Piece) -> SafeString:
    return render_to_string(piece.component, dict(piece.arguments))
