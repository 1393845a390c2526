"""Errors of the REST door as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to a refusal; None for a defect, which Django reports."""
    response = exception_handler(error, context)
    if response is None:
        return None
    status = HTTPStatus(response.status_code)
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    response.data = {"type": "about:blank", "title": status.phrase, "status": status, "detail": str(detail)}
    response.content_type = MEDIA_TYPE
    return response
