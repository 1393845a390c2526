"""An answer of a list: its entries with the way to the next page, known again by its ETag, and told on the
trail where something leaves."""

import hashlib
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from rest_framework.renderers import JSONRenderer

from analytics.exports.live.asking import Asked
from analytics.exports.live.lists import Found
from analytics.exports.sending import NOT_MODIFIED
from trial.people.tokens import ExportToken
from trial.trail.actor import Actor, Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out


def page_of(found: Found, asked: Asked, request: HttpRequest, cursor: str) -> dict[str, Any]:
    """What is said of a page of a list."""
    entries = [_chosen(entry, asked.fields) for entry in found.entries]
    following = _address(request, cursor, found.cursor) if found.cursor else None
    return {"entries": entries, "next": following, **(found.more or {})}


def _chosen(entry: Mapping[str, Any], fields: tuple[str, ...]) -> Mapping[str, Any]:
    return {name: entry[name] for name in fields} if fields else entry


def _address(request: HttpRequest, cursor: str, place: str) -> str:
    asked: QueryDict = request.GET.copy()
    asked[cursor] = place
    return request.build_absolute_uri(f"{request.path}?{asked.urlencode(safe=',:')}")


def answered(request: HttpRequest, content: Mapping[str, Any], following: str | None = None) -> HttpResponse:
    """The answer as JSON; to who has it already, that it has not changed. Its ETag is weak: compressed it is
    the same answer in other bytes."""
    body = JSONRenderer().render(content)
    headers = {"ETag": f'W/"{digest_of(body)}"'}
    if following:
        headers["Link"] = f'<{following}>; rel="next"'
    if _knows(request, headers["ETag"]):
        return HttpResponse(status=NOT_MODIFIED, headers=headers)
    return HttpResponse(body, content_type="application/json", headers=headers)


def _knows(request: HttpRequest, etag: str) -> bool:
    known = [one.strip() for one in request.headers.get("If-None-Match", "").split(",")]
    return "*" in known or etag.removeprefix("W/") in (one.removeprefix("W/") for one in known)


def digest_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def record_read(
    name: str, entries: int, body: bytes, sites: list[str], *, request: HttpRequest, by: ExportToken
) -> None:
    """Put on the trail what left: of which list, by which question, how much, and the hash of the answer."""
    about = f"{name}?{request.GET.urlencode(safe=',:')}".rstrip("?")[:200]
    told = taken_out(entries=entries, digest=digest_of(body), sites=sites)
    number: str = request.request_id  # type: ignore[attr-defined]
    with transaction.atomic(), acting(Actor(by.name, by.name, "token", "", Source.API, number)):
        record_event("data.exported", Place(site=one_site(sites), about=about), told)
