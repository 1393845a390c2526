"""Why the API refused, as problem details (RFC 9457) with the number of the request and what to mend."""

from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response

from trial.problems import problem_details


class Refusal(APIException):
    """A refusal with members of its own beside those of every problem."""

    def __init__(self, status: HTTPStatus, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.status_code, self.members = status, members


def numbered_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """A refusal as a problem; every answer of this door says the number of its request."""
    response = problem_details(error, context)
    if response is not None:
        members = error.members if isinstance(error, Refusal) else {}
        response.data |= {"request_id": context["request"].request_id, **members}
    return response
