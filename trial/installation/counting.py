"""What each process counts of its requests: which route, which answer, how long."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

REQUESTS = Counter("chimera_requests", "Requests answered.", ["route", "status"])
_TO = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SECONDS = Histogram("chimera_request_seconds", "Seconds to an answer.", ["method"], buckets=_TO)
METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
"""Whoever makes up others is counted under one name: each name costs memory for good."""


class CountRequests:
    """One more of its route and answer, when it is ready."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        answer = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        SECONDS.labels(method).observe(time.perf_counter() - began)
        match = request.resolver_match
        REQUESTS.labels(match.route if match else "no such address", answer.status_code).inc()
        return answer
