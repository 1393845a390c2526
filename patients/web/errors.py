"""What is shown when something went wrong: an id to quote, and nothing of the request or the data."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from patients.web.expired import keep_for_its_owner


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's own leaves the request, and so the id, out of the template."""
    return render(request, "500.html", status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from elsewhere is refused. One of a page that was opened before the last sign-in (which changes
    the token) is not saved either, and what was typed is there when the page is opened again."""
    if keep_for_its_owner(request) is None:
        return render(request, "403_csrf.html", status=403)
    messages.warning(request, said_of_old_form())
    return redirect(request.path)


def said_of_old_form() -> str:
    return _("The page was opened before the last sign-in: nothing was saved, what was typed on it is kept.")
