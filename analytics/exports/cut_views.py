"""REST v1 of data cuts: which there are, what their tables hold, and the files themselves."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.datasets.time_to_event import ImpossibleDates
from analytics.exports.bundle import AT_ONCE
from analytics.exports.disclosure import Disclosure
from analytics.exports.estimates import visible_lock
from analytics.exports.files import NoSuchFile, tables_for
from analytics.exports.formats.registry import FORMATS
from analytics.exports.jobs.tables.answers import refusal_of
from analytics.exports.made_file import MadeFile
from analytics.exports.problems import MEDIA_TYPE, NotYet, words_of
from analytics.exports.sending import is_known, not_modified, sent
from analytics.exports.serializers import CutTable, CutTables, Locks, Problem
from analytics.exports.table_sets import NotReady, TableSet
from analytics.exports.tables import Standard
from analytics.exports.taking import bundle_for, record_taking, table_for, workbook_for
from analytics.exports.views import ExportView
from analytics.exports.visible import is_seen_by
from analytics.exports.workbook_file import MEDIA_TYPE as WORKBOOK_TYPE
from analytics.exports.workbook_file import TooManyRows
from analytics.locks.models import Lock
from analytics.locks.snapshot import SnapshotDamaged
from analytics.runs.results import NoSuchLock
from trial.people.needs import At, token_needs
from trial.people.roles import Permission
from trial.people.token_rates import AskedRate, TakenRate
from trial.people.tokens import ExportToken, token_of

REFUSALS = {
    400: "a parameter that there is not",
    401: "no token, or one that is unknown, expired or revoked",
    403: "the token does not carry the permission",
    404: "there is no such lock, table or format, or not for this token",
    409: "the cut can give no tables",
    429: "too many requests: wait as long as Retry-After says",
    503: "the tables of a large cut are being made by a worker: ask again as Retry-After says",
}
PROBLEMS = {
    (status, MEDIA_TYPE): OpenApiResponse(Problem, description=why) for status, why in REFUSALS.items()
}
LOCK = OpenApiParameter("lock", str, "path", description="the id of a lock, or latest")
NAME = OpenApiParameter("name", str, "path", description="the name of a table: ADSL, LAB")
SUFFIX = OpenApiParameter("suffix", str, "path", description="the format", enum=sorted(FORMATS))
STANDARD = OpenApiParameter(
    "standard", str, "path", description="whose tables", enum=[str(one) for one in Standard]
)
IN_FORMATS = OpenApiParameter(
    "formats", str, description=f"formats, joined by commas: {', '.join(AT_ONCE)}", default="csv"
)


def file_answers(*media_types: str) -> dict[Any, Any]:
    """The answers that are a file of one of these types, or a part of it."""
    whole = {(200, each): OpenApiTypes.BINARY for each in media_types}
    return {**whole, **{(206, each): OpenApiTypes.BINARY for each in media_types}, 304: None, 416: None}


TABLE_FILE = file_answers(*sorted({one.media_type for one in FORMATS.values()}))
ARCHIVE = file_answers("application/zip")
WORKBOOK_FILE = file_answers(WORKBOOK_TYPE)


class CutView(ExportView):
    """Base: the lock of the address, as the token sees it."""

    def lock(self, name: str) -> Lock:
        """Raises NotFound: one answer for absent and foreign."""
        try:
            return visible_lock(name, self.token)
        except NoSuchLock as problem:
            raise NotFound from problem

    @property
    def token(self) -> ExportToken:
        found: ExportToken = token_of(self.request)
        return found

    def handle_exception(self, exc: Exception) -> Response:
        """A cut that is damaged, in which the dates are impossible, or that is too large for a workbook, says
        why it gives nothing."""
        if isinstance(exc, SnapshotDamaged | ImpossibleDates | TooManyRows):
            exc = NotYet(words_of(exc))
        if isinstance(exc, NotReady):
            self.was_not_taken()
            exc = refusal_of(exc, *self.beside(exc))
        return super().handle_exception(NotFound() if isinstance(exc, NoSuchFile) else exc)

    def was_not_taken(self) -> None:
        """Who is told to ask again has taken nothing."""
        if TakenRate in self.throttle_classes:
            TakenRate.give_back(self.token)

    def beside(self, problem: NotReady) -> Iterable[TableSet]:
        """What the answer needs as well, so that its client waits once for all of it."""
        return ()


class FileView(CutView):
    """Base: a file is sent as it lies there, whatever the client accepts."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)

    def answer(self, lock: Lock, made: MadeFile) -> HttpResponseBase:
        """The file with its act in the trail; to who has it already, that it has not changed."""
        request = self.request._request
        if is_known(request, made):
            return not_modified(made)
        if request.method == "GET":
            record_taking(lock, made, by=self.token, request_id=request.request_id)  # type: ignore[attr-defined]
        return sent(request, made)


@token_needs(Permission.EXPORT)
class LockList(CutView):
    """The data cuts and locks that the token sees, the newest first."""

    @extend_schema(operation_id="locks", responses={200: Locks, **PROBLEMS})
    def get(self, request: Request) -> Response:
        sites, to = list(self.token.sites.values_list("code", flat=True)), Disclosure.to(self.token)
        seen = [lock for lock in Lock.objects.select_related("snapshot") if is_seen_by(lock, sites, to)]
        return Response({"locks": [_lock(lock) for lock in seen]})


def _lock(lock: Lock) -> dict[str, Any]:
    return {
        "id": lock.pk,
        "kind": "lock" if lock.decision_id else "data cut",
        "scope": lock.scope,
        "of": lock.of,
        "cutoff": lock.cutoff,
        "known_at": lock.known_at,
        "made_at": lock.made_at,
        "snapshot": lock.snapshot.hash,
        "subjects": lock.snapshot.subjects,
        "values": lock.snapshot.values,
    }


@token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class TableList(CutView):
    """The tables of a cut with their columns, as the token may have them."""

    @extend_schema(operation_id="tables_of_lock", parameters=[LOCK], responses={200: CutTables, **PROBLEMS})
    def get(self, request: Request, lock: str) -> Response:
        tables = tables_for(self.lock(lock), Disclosure.to(self.token))
        return Response({"tables": [CutTable(table).data for table in tables.values()]})


@token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class TableFile(FileView):
    """A table of a cut in a format."""

    @extend_schema(
        operation_id="table_file", parameters=[LOCK, NAME, SUFFIX], responses={**TABLE_FILE, **PROBLEMS}
    )
    def get(self, request: Request, lock: str, name: str, suffix: str) -> HttpResponseBase:
        found = self.lock(lock)
        return self.answer(found, table_for(found, name, suffix, by=self.token))


@token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Workbook(FileView):
    """The tables of a standard of a cut as one workbook with their codebook. So many an hour."""

    throttle_classes = (AskedRate, TakenRate)

    @extend_schema(
        operation_id="workbook", parameters=[LOCK, STANDARD], responses={**WORKBOOK_FILE, **PROBLEMS}
    )
    def get(self, request: Request, lock: str, standard: str) -> HttpResponseBase:
        found = self.lock(lock)
        return self.answer(found, workbook_for(found, standard, by=self.token))


@token_needs(Permission.EXPORT, at=At.ALL_ITS_SITES)
class Bundle(FileView):
    """All tables of a cut in one archive, with codebook, manifest and scripts. So many an hour."""

    known = (IN_FORMATS.name,)
    throttle_classes = (AskedRate, TakenRate)

    @extend_schema(operation_id="bundle", parameters=[LOCK, IN_FORMATS], responses={**ARCHIVE, **PROBLEMS})
    def get(self, request: Request, lock: str) -> HttpResponseBase:
        found = self.lock(lock)
        suffixes = request.query_params.get("formats", "csv").split(",")
        return self.answer(found, bundle_for(found, suffixes, by=self.token))

    def beside(self, problem: NotReady) -> Iterable[TableSet]:
        return problem.wanted.of_all_standards()
