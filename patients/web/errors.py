"""What is shown when something went wrong: an id to quote, and nothing of the request or the data."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's own leaves the request, and so the id, out of the template."""
    return render(request, "500.html", status=500)
