"""The addresses of the API. A key stands in the header `api-key`."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import parse_http_date_safe
from django.views.decorators.gzip import gzip_page
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
)
from rest_framework.request import Request
from rest_framework.views import APIView

from analytics.datasets.time_to_event import ImpossibleDates
from analytics.exports.dataset_api import contents
from analytics.exports.dataset_api.contents import Part, Source
from analytics.exports.disclosure import Disclosure
from analytics.exports.estimates import visible_lock
from analytics.exports.jobs.tables.answers import refusal_of, retry_after
from analytics.exports.problems import words_of
from analytics.exports.table_sets import NotReady
from analytics.exports.taking import record_rows
from analytics.exports.visible import is_seen_by
from analytics.locks.models import Lock
from analytics.locks.snapshot import SnapshotDamaged
from analytics.runs.results import NoSuchLock
from trial.people.needs import At, anyone, header_token_needs
from trial.people.roles import Permission
from trial.people.token_rates import AskedRate
from trial.people.tokens import ExportToken, HeaderTokenAuthentication, token_of
from trial.protocol.study import STUDY

CHANGED = "2026-11-28T00:00:00+08:00"
"""When what this API tells last changed in form."""
HIDDEN = "no such study, snapshot or dataset, or not with this key"
"""The one answer to a key that is not known, and to what is not there or not for its bearer."""
_ABSENT = (NotAuthenticated, AuthenticationFailed, PermissionDenied, NotFound, NoSuchLock, KeyError)
_WORDS = {"true": True, "1": True, "false": False, "0": False, "": False}
_MOST = 10**12


class Unreadable(ValueError):
    """A parameter that cannot be read."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot be read")
        self.name = name


@method_decorator(gzip_page, name="dispatch")
class DatasetApi(APIView):
    """Base: the study of the address, and the lock that the key sees. Answers go out compressed."""

    authentication_classes: Sequence[type[BaseAuthentication]] = (HeaderTokenAuthentication,)
    throttle_classes = (AskedRate,)

    def answer(self, content: Any) -> HttpResponse:
        """JSON, whatever the client accepts."""
        return HttpResponse(json.dumps(content, ensure_ascii=False).encode(), content_type="application/json")

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)

    def source(self, study: str, snapshot: str = "latest") -> Source:
        """Raises NotFound and NoSuchLock."""
        if study != STUDY.registry_id:
            raise NotFound
        return Source(visible_lock(snapshot, self.token), Disclosure.to(self.token))

    def locks(self) -> list[Lock]:
        """Those that the key sees, the newest first."""
        sites, to = list(self.token.sites.values_list("code", flat=True)), Disclosure.to(self.token)
        return [lock for lock in Lock.objects.select_related("snapshot") if is_seen_by(lock, sites, to)]

    @property
    def token(self) -> ExportToken:
        found: ExportToken = token_of(self.request)
        return found

    def link(self, *parts: str) -> str:
        return self.request.build_absolute_uri("/".join(("/dataset-json", *parts)))

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Every refusal in the form of the draft; a defect stays one."""
        if isinstance(exc, _ABSENT):
            return _refused("header", "api-key", HIDDEN)
        if isinstance(exc, Unreadable):
            return _refused("query", exc.name, str(exc))
        if isinstance(exc, SnapshotDamaged | ImpossibleDates):
            return _refused("path", "studyOID", words_of(exc))
        if isinstance(exc, NotReady):
            return _waits(refusal_of(exc))
        if isinstance(exc, APIException):
            return _refused("header", "api-key", str(exc.detail), HTTPStatus(exc.status_code))
        raise exc

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


def _refused(
    where: str, name: str, words: str, status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY
) -> HttpResponse:
    detail = {"detail": [{"loc": [where, name], "msg": words, "type": "value_error"}]}
    return HttpResponse(json.dumps(detail).encode(), status=status, content_type="application/json")


def _waits(refused: APIException) -> HttpResponse:
    answer = _refused("path", "studyOID", str(refused.detail), HTTPStatus(refused.status_code))
    if wait := retry_after(refused):
        answer["Retry-After"] = wait
    return answer


@anyone("GET")
class About(DatasetApi):
    """What this API is, for anybody."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        home = request.build_absolute_uri("/")
        links = [{"name": "studies", "href": self.link("studies")}]
        return self.answer({"lastUpdated": CHANGED, "author": home, "repo": home, "links": links})


@header_token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Studies(DatasetApi):
    """The study, where the key sees a lock of it."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        try:
            source = self.source(STUDY.registry_id)
        except NoSuchLock:
            return self.answer([])
        return self.answer([contents.study_entry(source, self.link)])


@header_token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Study(DatasetApi):
    """The study with its snapshots and the datasets of the newest one."""

    @extend_schema(exclude=True)
    def get(self, request: Request, study: str, snapshot: str = "latest") -> HttpResponse:
        return self.answer(contents.study(self.source(study, snapshot), self.locks(), self.link))


@header_token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Snapshots(DatasetApi):
    """The locks that the key sees."""

    @extend_schema(exclude=True)
    def get(self, request: Request, study: str) -> HttpResponse:
        self.source(study)
        return self.answer(contents.snapshots(self.locks(), self.link))


@header_token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Datasets(DatasetApi):
    """The datasets of the newest lock, or those of a standard; none that is older than is asked for."""

    @extend_schema(exclude=True)
    def get(self, request: Request, study: str) -> HttpResponse:
        source = self.source(study)
        if _is_known(request, source.lock):
            return self.answer([])
        return self.answer(contents.datasets(source, self.link, request.query_params.get("standard", "")))


@header_token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Dataset(DatasetApi):
    """A dataset of the newest lock or of a snapshot, all of it or a part."""

    @extend_schema(exclude=True)
    def get(self, request: Request, study: str, dataset: str, snapshot: str = "latest") -> HttpResponse:
        source, part = self.source(study, snapshot), _part(request)
        table = source.tables()[dataset]
        if _is_known(request, source.lock):
            return HttpResponse(status=HTTPStatus.NOT_MODIFIED)
        content, rows = contents.dataset(source, table, part)
        answer = self.answer(content)
        digest = hashlib.sha256(answer.content).hexdigest()
        record_rows(
            source.lock,
            f"Dataset-JSON {table.key}",
            rows,
            digest,
            by=self.token,
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
        return answer


@header_token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Defines(DatasetApi):
    """The descriptions of the datasets."""

    @extend_schema(exclude=True)
    def get(self, request: Request, study: str) -> HttpResponse:
        self.source(study)
        return self.answer(contents.defines(self.link))


@header_token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Define(DatasetApi):
    """A description as Define-XML."""

    @extend_schema(exclude=True)
    def get(self, request: Request, study: str, label: str) -> HttpResponse:
        return self.answer(contents.define(self.source(study), label))


# --- what is asked ----------------------------------------------------------------------------------------
def _part(request: Request) -> Part:
    """Raises Unreadable."""
    metadata_only, data_only = _flag(request, "metadataonly"), _flag(request, "dataonly")
    if metadata_only and data_only:
        raise Unreadable("dataonly")
    return Part(not data_only, not metadata_only, _number(request, "offset"), _number(request, "limit"))


def _flag(request: Request, name: str) -> bool:
    typed = request.query_params.get(name, "").lower()
    if typed not in _WORDS:
        raise Unreadable(name)
    return _WORDS[typed]


def _number(request: Request, name: str) -> int:
    typed = request.query_params.get(name, "0")
    if not (typed.isascii() and typed.isdigit() and int(typed) <= _MOST):
        raise Unreadable(name)
    return int(typed)


def _is_known(request: Request, lock: Lock) -> bool:
    """Whether the client has what was made at the lock; a moment is read as HTTP writes it or as ISO 8601."""
    typed = request.headers.get("If-Modified-Since", "")
    seconds = parse_http_date_safe(typed)
    if seconds is not None:
        return lock.made_at.timestamp() < seconds + 1
    try:
        since = datetime.fromisoformat(typed)
    except ValueError:
        return False
    since = since if since.tzinfo else since.replace(tzinfo=timezone.get_default_timezone())
    return lock.made_at < since + timedelta(seconds=1)
