"""The log of the application: one line of JSON each, without a value that anybody entered (SE-08).

An address may hold the secret of a set-up link and what was searched for, and the words of an exception may
hold a row of the database: a line names the route, and of an exception its class and where it was raised.
"""

import logging
import time
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from django.http import HttpRequest, HttpResponse
from pythonjsonlogger.json import JsonFormatter

log = logging.getLogger("chimera.requests")
FIELDS = {
    "asctime": "time",
    "levelname": "level",
    "name": "logger",
    "message": "message",
    "number": "number",
    "route": "route",
    "status": "status",
    "ms": "ms",
    "exc_info": "raised",
}
"""What a line holds: the names of a record, and those in the log."""
Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LogLine(JsonFormatter):
    """Time (UTC), level, logger, message; of a request its number and route; of an exception its class."""

    converter = time.gmtime  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__(list(FIELDS), rename_fields=FIELDS, datefmt="%Y-%m-%dT%H:%M:%SZ")

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Nothing but these fields, whatever came with the record."""
        return {name: log_data[name] for name in FIELDS.values() if log_data.get(name) not in (None, "")}

    def format(self, record: logging.LogRecord) -> str:
        said = logging.makeLogRecord(record.__dict__)
        said.exc_text = None  # what another formatter made of the exception
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            said.msg, said.args = "refused" if record.levelno < logging.ERROR else "failed", None
            said.__dict__ |= about(request)
        elif record.exc_info and isinstance(record.args, Mapping):  # Celery says the exception in words
            said.msg, said.args = f"task {record.args.get('name', '')} failed", None
        return super().format(said)

    def formatException(self, ei: Raised) -> str:
        kind, _raised, trace = ei
        name = f"{kind.__module__}.{kind.__qualname__}" if kind else ""
        return "\n".join([name, *(line.strip() for line in traceback.format_tb(trace))])


def about(request: HttpRequest) -> dict[str, str]:
    """What a line may say of a request: its number, its method and the pattern of its address."""
    match = request.resolver_match
    route = match.route if match else "no such address"
    return {"number": getattr(request, "request_id", ""), "route": f"{request.method} /{route}"}


class RequestLine:
    """One line for each request, when its answer is ready."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        answer = self.get_response(request)
        took = round((time.perf_counter() - began) * 1000)
        log.info("answered", extra={**about(request), "status": answer.status_code, "ms": took})
        return answer


def logging_config(*, as_json: bool) -> dict[str, Any]:
    """Everything from INFO on to stderr; in production as JSON."""
    plain = {"format": "{levelname} {name}: {message}", "style": "{"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "trial.logs.LogLine"} if as_json else plain},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO" if as_json else "WARNING"},
        "loggers": {name: {"propagate": True, "handlers": []} for name in ("django", "celery")},
    }
