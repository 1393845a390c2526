"""REST v1, reading. Whoever asks shows a token; sign-in of people plays no part here."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from analytics.exports.estimates import export_estimates
from analytics.exports.problems import MEDIA_TYPE, NotYet, problem_details
from analytics.exports.serializers import Estimates, Problem
from analytics.runs.results import NoSuchLock, NotFinished
from trial.parameters import refuse_unknown
from trial.people.needs import At, token_needs
from trial.people.roles import Permission
from trial.people.token_rates import AskedRate
from trial.people.tokens import TokenMay, token_of

REFUSALS = {
    400: "a parameter that there is not",
    401: "no token, or one that is unknown, expired or revoked",
    403: "the token does not carry the permission",
    404: "there is no such lock, or not for this token",
    409: "the estimates are not finished",
    429: "too many requests: wait as long as Retry-After says",
}
_PROBLEMS = {
    (status, MEDIA_TYPE): OpenApiResponse(Problem, description=why) for status, why in REFUSALS.items()
}


class ExportView(APIView):
    """Base of the views: errors are problem details, and nothing is kept in a cache."""

    throttle_classes: Sequence[type[BaseThrottle]] = (AskedRate,)
    known: tuple[str, ...] = ()
    """The parameters that there are."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_unknown(request.query_params, self.known)

    def get_exception_handler(self) -> Any:
        return problem_details

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response["Cache-Control"] = "no-store"
        return super().finalize_response(request, response, *args, **kwargs)


@token_needs(Permission.READ_RESULTS, at=At.ALL_ITS_SITES)
class EstimatesOfLock(ExportView):
    """Every estimate of a lock, as `endpoints LOCK --json` prints them."""

    @extend_schema(
        operation_id="estimates_of_lock",
        parameters=[OpenApiParameter("lock", str, "path", description="the id of a lock, or latest")],
        responses={200: Estimates, **_PROBLEMS},
    )
    def get(self, request: Request, lock: str) -> Response:
        try:
            content = export_estimates(
                lock,
                by=token_of(request),
                request_id=request.request_id,  # type: ignore[attr-defined]
            )
        except NoSuchLock as problem:
            raise NotFound from problem  # one answer for absent and foreign
        except NotFinished as problem:
            raise NotYet(str(problem)) from problem
        return Response(content)


@token_needs(None)
class Schema(ExportView, SpectacularJSONAPIView):
    """The OpenAPI document of this door, for any token."""

    known = ("lang",)
    permission_classes = (TokenMay,)  # drf-spectacular has a default of its own
