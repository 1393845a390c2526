"""`POST /redcap/api/`: a form with a token and what is asked for (requirements CP-03, PV-04, PV-05)."""

import hashlib
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpResponse, QueryDict
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.views import APIView

from analytics.datasets.time_to_event import ImpossibleDates
from analytics.exports.estimates import visible_lock
from analytics.exports.jobs.tables.answers import refusal_of, retry_after
from analytics.exports.problems import words_of
from analytics.exports.redcap.answers import Answer, of_error
from analytics.exports.redcap.asked import Refused, asked, format_of_errors
from analytics.exports.redcap.contents import Source, answer_to
from analytics.exports.table_sets import NotReady
from analytics.exports.taking import record_rows
from analytics.locks.models import Lock
from analytics.locks.snapshot import SnapshotDamaged
from analytics.runs.results import NoSuchLock
from trial.people.needs import form_token_needs
from trial.people.roles import Permission
from trial.people.tokens import ExportToken, FormTokenAuthentication, token_of

NO_PERMISSION = "You do not have permissions to use the API"
"""The words of REDCap, the same for no token, a foreign one, and one that may not export."""
_CLOSED = (NotAuthenticated, AuthenticationFailed, PermissionDenied)
_REFUSED = (Refused, NoSuchLock, SnapshotDamaged, ImpossibleDates)


@method_decorator(sensitive_post_parameters("token"), name="dispatch")
@form_token_needs(Permission.EXPORT)
class RedcapApi(APIView):
    """The newest finished cut, if the token sees it. A body is in no log, since the token is in it."""

    authentication_classes = (FormTokenAuthentication,)
    parser_classes = (FormParser,)

    @extend_schema(exclude=True)
    def post(self, request: Request) -> HttpResponse:
        wanted, token = asked(cast(QueryDict, request.data)), token_of(request)
        lock = _newest(token)
        answer = answer_to(wanted, Source(lock, token))
        record_rows(
            lock,
            f"REDCap {wanted.content}",
            answer.rows,
            hashlib.sha256(answer.body).hexdigest(),
            by=token,
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
        return _sent(answer, HTTPStatus.OK)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """Refusals in the format that the client reads; a defect stays one."""
        if isinstance(exc, _CLOSED):
            return self._error(NO_PERMISSION, HTTPStatus.FORBIDDEN)
        if isinstance(exc, _REFUSED):
            return self._error(words_of(exc), HTTPStatus.BAD_REQUEST)
        if isinstance(exc, NotReady):
            return self._waits(refusal_of(exc))
        if isinstance(exc, APIException):
            return self._error(str(exc.detail), HTTPStatus(exc.status_code))
        raise exc

    def _waits(self, refused: APIException) -> HttpResponse:
        answer = self._error(str(refused.detail), HTTPStatus(refused.status_code))
        if wait := retry_after(refused):
            answer["Retry-After"] = wait
        return answer

    def _error(self, words: str, status: HTTPStatus) -> HttpResponse:
        try:
            form: Any = self.request.data
        except APIException:
            form = {}
        return _sent(of_error(words, format_of_errors(form)), status)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


def _newest(token: ExportToken) -> Lock:
    """Raises NoSuchLock, in words that say no more of a foreign lock than of none."""
    try:
        return visible_lock("latest", token)
    except NoSuchLock as problem:
        raise NoSuchLock("There is no finished data cut that this token may read") from problem


def _sent(answer: Answer, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(answer.body, status=status, content_type=answer.media_type)
