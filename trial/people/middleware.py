"""Names the actor of each request, and gives the request its id."""

from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from trial.people.access import actor_at
from trial.people.models import Account
from trial.trail.actor import Source, acting


class ActorMiddleware:
    """Signed-in people act in their own name; without sign-in nothing of the trial can be written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid4().hex  # type: ignore[attr-defined]
        if not isinstance(request.user, Account):
            return self.get_response(request)
        with acting(actor_at(request.user, site="", source=Source.WEB, request_id=request.request_id)):  # type: ignore[attr-defined]
            return self.get_response(request)
