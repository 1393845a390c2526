"""JSON as this door takes it: small, shallow, finite, and of text that can be kept.

A body is at most 1 MB and 20 levels deep. What two readers could read differently, or what a database cannot
keep, is refused: a name that stands twice, NaN and infinity, half of a surrogate pair, NUL.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from patients.web.api.problems import Refusal

MOST_BYTES = 1_000_000
MOST_LEVELS = 20


class StrictJSONParser(BaseParser):
    """Raises ParseError (400), and Refusal (413) for what is too large."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            detail = _("A request has at most %s bytes.") % MOST_BYTES
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)
        return read_json(body)


def read_json(body: bytes) -> object:
    """What the body says. Raises ParseError."""
    try:
        found = json.loads(body.decode(), parse_constant=_not_a_number, object_pairs_hook=_once_each)
    except UnicodeDecodeError as problem:
        raise ParseError(_("The request is not UTF-8.")) from problem
    except (ValueError, RecursionError) as problem:
        raise ParseError(_("The request is not JSON that can be read.")) from problem
    _refuse_what_cannot_be_kept(found)
    return found


def _not_a_number(name: str) -> object:
    raise ParseError(_("%s is not a number.") % name)


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError(_("A name stands twice in one object."))
    return found


def _refuse_what_cannot_be_kept(document: object) -> None:
    """Level by level, so that the depth of a document costs no depth of calls."""
    level: list[object] = [document]
    for _depth in range(MOST_LEVELS + 1):
        for each in level:
            _refuse_text(each)
        deepest, level = level, [inner for each in level for inner in _inside(each)]
    if any(isinstance(each, dict | list) for each in deepest):
        raise ParseError(_("The request is nested more than %s levels deep.") % MOST_LEVELS)


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    return value if isinstance(value, list) else []


def _refuse_text(value: object) -> None:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ParseError(_("A number is too large."))
    if isinstance(value, str):
        if "\0" in value:
            raise ParseError(_("Text holds a NUL character."))
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ParseError(_("Text holds half of a surrogate pair."))
