"""What is shown when something went wrong: an id to quote, and nothing of the request or the data."""

import json
import sys
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from patients.web.expired import keep_for_its_owner
from trial.people.middleware import is_for_programs, number_of
from trial.problems import MEDIA_TYPE
from trial.unavailable import is_unavailable

TRY_AGAIN_AFTER_S = 30


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's own leaves the request, and so the id, out of the template. That the database or the disk does
    not serve is no defect, and is told as what it is (503)."""
    if is_unavailable(sys.exception()):
        return _unavailable(request)
    return render(request, "500.html", status=500)


def _unavailable(request: HttpRequest) -> HttpResponse:
    """Written without asking the database anything, not even who it is that asks."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    if is_for_programs(request):
        detail = _("The database or the storage does not answer, or has no room left: take this as not done.")
        told = {"type": "about:blank", "title": status.phrase, "status": status, "detail": detail}
        content = json.dumps(told | {"request_id": number_of(request)})
        answer = HttpResponse(content, status=status, content_type=MEDIA_TYPE)
    else:
        answer = HttpResponse(render_to_string("503.html", {"request": request}), status=status)
    answer["Cache-Control"] = "private, no-store"
    answer["Retry-After"] = str(TRY_AGAIN_AFTER_S)
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from elsewhere is refused. One of a page that was opened before the last sign-in (which changes
    the token) is not saved either, and what was typed is there when the page is opened again."""
    if keep_for_its_owner(request) is None:
        return render(request, "403_csrf.html", status=403)
    messages.warning(request, said_of_old_form())
    return redirect(request.path)


def said_of_old_form() -> str:
    return _("The page was opened before the last sign-in: nothing was saved, what was typed on it is kept.")
