"""REST v1: `/api/v1/exports`, where a file is asked for that a worker makes, followed and taken."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.db.models import BigIntegerField
from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound, ParseError, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from analytics.exports.bundle import MEDIA_TYPE as ARCHIVE_TYPE
from analytics.exports.cut_views import CutView, FileView, file_answers
from analytics.exports.formats.registry import FORMATS
from analytics.exports.jobs.asking import Asked, BeingMade, TooManyGoing, ask_for, end_export
from analytics.exports.jobs.models import Export
from analytics.exports.jobs.wish import NotWished, read_wish
from analytics.exports.odm.files import MEDIA_TYPE as ODM_TYPE
from analytics.exports.problems import MEDIA_TYPE, NotYet
from analytics.exports.serializers import ExportList, ExportStatus, ExportToMake, Problem
from analytics.exports.workbook_file import MEDIA_TYPE as WORKBOOK_TYPE
from analytics.locks.models import Lock
from analytics.locks.visible import is_seen_at
from patients.entry.idempotency import MOST_KEY, KeyReused
from patients.web.api.problems import Refusal
from patients.web.api.strict_json import StrictJSONParser
from trial.people.needs import At, token_needs
from trial.people.roles import Permission
from trial.people.token_rates import AskedRate, TakenRate
from trial.storage.kept import is_kept

ASK_AGAIN_SECONDS = 5
"""How long who waits for a file should wait until it asks how far it is."""
SHOWN = 100
FILES = {ARCHIVE_TYPE, WORKBOOK_TYPE, ODM_TYPE, *(one.media_type for one in FORMATS.values())}
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="names this request: sent again, it has one effect and the same file",
)
EXPORT = OpenApiParameter("export", int, "path", description="the number of what was asked for")


def _problems(**more: str) -> dict[Any, Any]:
    told = {
        400: "a parameter that there is not",
        401: "no token, or one that is unknown, expired or revoked",
        403: "the token does not carry the permission",
        404: "there is no such export or lock, or not for this token",
        429: "too many requests, or too many files that are being made: wait as long as Retry-After says",
    } | {int(status.removeprefix("of_")): why for status, why in more.items()}
    return {(status, MEDIA_TYPE): OpenApiResponse(Problem, description=why) for status, why in told.items()}


class ExportDoor(CutView):
    """Base: what this token asked for."""

    parser_classes = (StrictJSONParser,)

    def export(self, number: str) -> Export:
        """Raises NotFound: one answer for what is no number, absent, foreign, and of a site that the token
        has no more."""
        if not (number.isdecimal() and len(number) < 20 and int(number) <= BigIntegerField.MAX_BIGINT):
            raise NotFound
        found = Export.objects.by(self.token).select_related("lock__snapshot").filter(pk=int(number)).first()
        if found is None or not is_seen_at(found.lock, self.token.sites.values_list("code", flat=True)):
            raise NotFound
        return found

    def told(self, export: Export, status: int = HTTPStatus.OK) -> Response:
        """How far it is, and when to ask again."""
        headers = {"Retry-After": str(ASK_AGAIN_SECONDS)} if export.is_going else {}
        return Response(status_of(export), status=status, headers=headers)


@token_needs(Permission.EXPORT, to_post=Permission.EXPORT)
class Exports(ExportDoor):
    """Files that a worker makes: ask for one, and see which were asked for."""

    def get_throttles(self) -> list[BaseThrottle]:
        return [AskedRate(), TakenRate()] if self.request.method == "POST" else [AskedRate()]

    @extend_schema(operation_id="exports", responses={200: ExportList, **_problems()})
    def get(self, request: Request) -> Response:
        newest = Export.objects.by(self.token).select_related("lock__snapshot")[:SHOWN]
        return Response({"exports": [status_of(export) for export in newest]})

    @extend_schema(
        operation_id="ask_for_export",
        request=ExportToMake,
        parameters=[KEY],
        responses={
            202: ExportStatus,
            **_problems(
                of_400="what is asked for, or a parameter, is nothing that there is",
                of_409="the cut itself is still being made",
                of_413="the request is too large",
                of_415="the request is no JSON",
                of_422="the key came before with another content",
            ),
        },
    )
    def post(self, request: Request) -> Response:
        told = request.data
        if not isinstance(told, Mapping):
            raise ParseError(_("The request must be an object."))
        lock = self.lock(str(told.get("lock", "")))
        asked = self._asked(lock, told)
        answer = self.told(asked.export, HTTPStatus.ACCEPTED)
        answer["Location"] = request.build_absolute_uri(reverse("export", args=[asked.export.pk]))
        return answer

    def _asked(self, lock: Lock, told: Mapping[str, Any]) -> Asked:
        try:
            wish = read_wish(told, lock, self.token.dates)
            return ask_for(lock, wish, by=self.token, key=self._key)
        except NotWished as problem:
            raise ParseError(str(problem)) from problem
        except KeyReused as reused:
            detail = _("This Idempotency-Key came before with another content; nothing was asked for.")
            raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from reused
        except TooManyGoing as problem:
            raise Throttled(ASK_AGAIN_SECONDS) from problem
        except BeingMade as problem:
            raise NotYet(_("The cut is still being made or computed: ask again later.")) from problem

    @property
    def _key(self) -> str:
        key = self.request.headers.get("Idempotency-Key", "").strip()
        if len(key) > MOST_KEY or not key.isprintable():
            raise ParseError(_("An Idempotency-Key has at most %s characters.") % MOST_KEY)
        return key


@token_needs(Permission.EXPORT, to_delete=Permission.EXPORT, at=At.ALL_ITS_SITES)
class OneExport(ExportDoor):
    """How far a file is; deleted, it is cancelled or removed."""

    @extend_schema(operation_id="export", parameters=[EXPORT], responses={200: ExportStatus, **_problems()})
    def get(self, request: Request, export: str) -> Response:
        return self.told(self.export(export))

    @extend_schema(operation_id="end_export", parameters=[EXPORT], responses={204: None, **_problems()})
    def delete(self, request: Request, export: str) -> Response:
        end_export(self.export(export))
        return Response(status=HTTPStatus.NO_CONTENT)


@token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class ExportedFile(ExportDoor, FileView):
    """The file, once it is made and until it expires."""

    @extend_schema(
        operation_id="export_file",
        parameters=[EXPORT],
        responses={
            **file_answers(*sorted(FILES)),
            **_problems(of_409="it is not made yet, or failed", of_410="the file was removed"),
        },
    )
    def get(self, request: Request, export: str) -> HttpResponseBase:
        found = self.export(export)
        if found.is_going or found.error:
            raise NotYet(found.error or _("The file is still being made: ask again later."))
        if not found.is_there or not is_kept(found.place, found.digest):
            raise Refusal(HTTPStatus.GONE, _("The file was removed; ask for it anew."))
        return self.answer(found.lock, found.made)


def status_of(export: Export) -> dict[str, Any]:
    """What is told of an export."""
    return {
        "id": export.pk,
        "lock": export.lock_id,
        "what": export.what,
        "options": export.options,
        "state": export.state,
        "progress": {"done": export.done, "of": export.of},
        "trouble": export.trouble if export.is_going else "",
        "error": export.error,
        "asked_at": export.asked_at,
        "finished_at": export.finished_at,
        "expires_at": export.expires_at,
        "file": _file_of(export) if export.is_there else None,
    }


def _file_of(export: Export) -> dict[str, Any]:
    return {
        "address": reverse("export-file", args=[export.pk]),
        "name": export.name,
        "media_type": export.media_type,
        "size": export.size,
        "rows": export.rows,
        "sha256": export.digest,
    }
