"""What programs ask of the installation: whether it lives, whether it is ready, and its numbers."""

import hmac
import logging

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.cache import cache_control
from prometheus_client import CONTENT_TYPE_LATEST

from trial.commands import is_behind
from trial.installation.measuring import in_words
from trial.people.needs import anyone, monitoring

log = logging.getLogger("chimera")


@anyone("GET")
@cache_control(no_store=True)
def live(_request: HttpRequest) -> HttpResponse:
    """This process answers; of nothing else is anything said."""
    return JsonResponse({"status": "live"})


@anyone("GET")
@cache_control(no_store=True)
def ready(_request: HttpRequest) -> HttpResponse:
    """Whether it can serve pages: its database answers, and has the tables of this version. Workers and their
    broker are not asked: pages are saved without them."""
    try:
        connection.ensure_connection()
        behind = is_behind()
    except DatabaseError as problem:
        log.error("not ready: %s", type(problem).__name__)
        behind = True
    return JsonResponse({"status": "not ready" if behind else "ready"}, status=503 if behind else 200)


@monitoring()
@cache_control(no_store=True)
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers, to whoever shows the key of the monitoring; absent for all others."""
    shown, key = request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_KEY}"
    if not settings.METRICS_KEY or not hmac.compare_digest(shown.encode(), key.encode()):
        return HttpResponseNotFound()
    return HttpResponse(in_words(), content_type=CONTENT_TYPE_LATEST)
