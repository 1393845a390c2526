"""What a program asks of a list, read strictly: what is not declared is refused, and named."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import NotFound, ParseError

from trial.parameters import NAMED, refuse_unknown

USUAL_LIMIT, MOST_LIMIT = 100, 1000
NAME = r"[A-Za-z0-9_.@:+-]{1,150}"
NUMBER = r"[0-9]{1,18}"
SEALED = "~"
"""What a place begins with that is sealed (`by_names.py`)."""
_SEALED_PLACE = rf"{SEALED}[A-Za-z0-9_-]{{100,300}}"


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter that narrows a list: any of its values, joined by commas. `lookup` is what it is compared
    with, `among` all the values that there are, where these are few."""

    name: str
    about: str
    lookup: str = ""
    among: tuple[str, ...] = ()

    @property
    def schema(self) -> dict[str, Any]:
        each = {"enum": list(self.among)} if self.among else {"pattern": f"^{NAME}$"}
        return {"type": "array", "items": {"type": "string", **each}, "minItems": 1, "maxItems": 100}

    def read(self, text: str) -> tuple[str, ...]:
        """Its values. Raises ParseError."""
        values = tuple(text.split(","))
        for value in values:
            if self.among and value not in self.among:
                raise _refused(
                    _("%(name)s: there is no %(value)s. There are: %(all)s."),
                    name=self.name,
                    value=value,
                    all=", ".join(self.among),
                )
            if not re.fullmatch(NAME, value):
                raise _refused(_("%(name)s: %(value)s names nothing."), name=self.name, value=value)
        if len(values) > self.schema["maxItems"]:
            raise _refused(_("%(name)s: more than 100 values."), name=self.name)
        return values


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a list: the values of its filters, the members that are wanted of each entry (all, where
    none is named), how many entries, and what comes after which place."""

    filters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    limit: int = USUAL_LIMIT
    cursor: str = ""
    up_to: int = 0
    """Of what goes along the ledger, where the question ends; at the last seal, where this is 0."""

    def lookups(self, among: Iterable[Filter]) -> dict[str, tuple[str, ...]]:
        """The filters as conditions of the database."""
        return {
            f"{one.lookup}__in": self.filters[one.name]
            for one in among
            if one.lookup and one.name in self.filters
        }


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a list. `cursor` is the name of the one that says where to go on, `place` what it
    looks like, `begin` the place before the first entry, `after` what it means. Without `fields` it is no
    list, and there are its filters alone."""

    filters: tuple[Filter, ...]
    fields: tuple[str, ...] = ()
    cursor: str = "cursor"
    place: str = NUMBER
    begin: str = "0"
    after: str = "where the last page ended: as `next` has it, not to be made up"

    def read(self, sent: QueryDict) -> Asked:
        """The question that was sent. Raises ParseError, which names what is wrong."""
        refuse_unknown(sent, self.names)
        given = sent.dict()
        return Asked(
            filters={one.name: one.read(str(given[one.name])) for one in self.filters if one.name in given},
            fields=self._fields.read(str(given["fields"])) if "fields" in given else (),
            limit=self._limit(str(given.get("limit", USUAL_LIMIT))),
            cursor=self._cursor(str(given[self.cursor])) if self.cursor in given else self.begin,
        )

    def told(self) -> list[OpenApiParameter]:
        """All of them, for the document."""
        lists = [
            OpenApiParameter(one.name, one.schema, description=one.about, explode=False, style="form")
            for one in (*self.filters, *([self._fields] if self.fields else ()))
        ]
        if not self.fields:
            return lists
        limit = {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": USUAL_LIMIT}
        place = {"type": "string", "pattern": f"^({self.place}|{_SEALED_PLACE})$"}
        return [
            *lists,
            OpenApiParameter("limit", limit, description="how many at most"),
            OpenApiParameter(self.cursor, place, description=self.after),
        ]

    @property
    def names(self) -> tuple[str, ...]:
        own = ("fields", "limit", self.cursor) if self.fields else ()
        return (*(one.name for one in self.filters), *own)

    @property
    def _fields(self) -> Filter:
        return Filter("fields", "the members that are wanted of each entry", among=self.fields)

    @staticmethod
    def _limit(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MOST_LIMIT:
            raise _refused(_("limit: a whole number from 1 to %(most)s."), most=str(MOST_LIMIT))
        return int(text)

    def _cursor(self, text: str) -> str:
        if not re.fullmatch(f"{self.place}|{_SEALED_PLACE}", text):
            raise ParseError(_no_place(self.cursor, text))
        return text


def not_a_place(name: str, text: str) -> NotFound:
    """What is said to a place that looks like one, and that nobody here has given out for the list."""
    return NotFound(_no_place(name, text))


def _no_place(name: str, text: str) -> str:
    sentence = _("%(name)s: %(value)s is no place in this list; take it from `next`.")
    return sentence % {"name": name, "value": text[:NAMED]}


def _refused(sentence: str, **named: str) -> ParseError:
    return ParseError(sentence % {name: _short(text, name) for name, text in named.items()})


def _short(text: str, name: str) -> str:
    """What was sent, as far as an answer repeats it; what we say ourselves stays whole."""
    shown = text if name == "all" else text[:NAMED]
    return shown or "“”"
