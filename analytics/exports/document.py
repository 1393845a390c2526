"""The document of the REST door as a page: what `docs/openapi.json` says, for who writes a program.

It is drawn here and in nothing that is fetched from elsewhere: networks of hospitals are closed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

from patients.web.shell import person_of, shell, show
from patients.web.views import private
from trial.people.access import sites_of
from trial.people.needs import signed_in

Told = dict[str, Any]
_SHORT = 8
"""Values of a list that are named; the document has all of them."""


@dataclass(frozen=True, slots=True)
class Member:
    """A parameter, or a member of an answer."""

    name: str
    kind: str
    about: str


@dataclass(frozen=True, slots=True)
class Call:
    """What can be asked at an address."""

    id: str
    method: str
    path: str
    about: str
    door: str
    parameters: list[Member]
    members: list[Member]
    answers: list[Member]


@dataclass(frozen=True, slots=True)
class DocumentScreen:
    """All calls, and a command to begin with."""

    calls: list[Call]
    example: str


@signed_in("GET")
@private
def document_page(request: HttpRequest) -> HttpResponse:
    """What programs can ask, for people."""
    person = person_of(request)
    frame = shell(person, sites_of(person), here="api-document")
    study = request.build_absolute_uri(reverse("study-resource"))
    example = f'curl -H "Authorization: Token $TOKEN" {study}'
    return show(request, "api_document.html", DocumentScreen(list(_calls(openapi())), example), frame)


@cache
def openapi() -> Told:
    """The document (OpenAPI 3.1), in English."""
    with translation.override("en"):
        generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
        document: Told = generator.get_schema(request=None, public=True)
    return document


def _calls(document: Told) -> Iterator[Call]:
    shapes = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            doors = [name for one in call.get("security", []) for name in one]
            yield Call(
                id=call["operationId"],
                method=method.upper(),
                path=path,
                about=call.get("description", ""),
                door=", ".join(doors),
                parameters=[_member(one["name"], one["schema"], one) for one in call.get("parameters", [])],
                members=_members(call["responses"], shapes),
                answers=[Member(code, "", one["description"]) for code, one in call["responses"].items()],
            )


def _members(responses: Told, shapes: Told) -> list[Member]:
    """The members of the answer; of a list, those of an entry."""
    content = responses.get("200", {}).get("content", {}).get("application/json", {})
    shape = _resolved(content.get("schema", {}), shapes)
    entries = shape.get("properties", {}).get("entries")
    entry = _resolved(entries["items"], shapes) if entries else shape
    return [_member(name, one, one) for name, one in entry.get("properties", {}).items()]


def _resolved(shape: Told, shapes: Told) -> Told:
    found: Told = shapes[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
    return found


def _member(name: str, shape: Told, said: Told) -> Member:
    each = shape.get("items", shape)
    values = ", ".join(map(str, each.get("enum", ())[:_SHORT]))
    more = ", …" if len(each.get("enum", ())) > _SHORT else ""
    return Member(name, values + more or _kind(shape), said.get("description", ""))


def _kind(shape: Told) -> str:
    kinds = shape.get("type", "")
    kind = " | ".join(kinds) if isinstance(kinds, list) else str(kinds)
    return f"{kind} ({shape['format']})" if "format" in shape else kind
