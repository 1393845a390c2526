"""What somebody typed in a session that has ended, or before somebody else signed in, is not lost.

A form says whose it is (`form_token`). Sent without a session it saves nothing, as nobody is there to save;
what it holds is kept as a draft of the person to whom it was given, who finds it after signing in again.
Nobody else is shown it.
"""

from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse

from patients.casebook.page import Page
from patients.web.form_token import HandedOut, handed_out
from patients.web.keeping import keep_judged, keep_pasted, keep_posted
from patients.web.queries import page_if_any
from trial.people.models import Account
from trial.people.sign_in import KEPT

FORMS = {
    "page": keep_posted,
    "draft": keep_posted,
    "judge": keep_judged,
    "judge-draft": keep_judged,
    "paste": keep_pasted,
}
"""The routes to which a form of a page is sent, and how what it holds is kept."""


Keep = Callable[..., datetime | None]


class KeepWhatWasTyped:
    """Looks at every form that is answered by the way to the sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if request.method == "POST" and not isinstance(request.user, Account) and _leads_to_sign_in(answer):
            page = keep_for_its_owner(request)
            if page is not None:
                request.session[KEPT] = str(page)
        return answer


def _leads_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(f"{reverse('sign-in')}?")


def keep_for_its_owner(request: HttpRequest) -> Page | None:
    """Keep what the form of a page holds for whom it was given to; the page, or None if there is nothing
    that can be kept. The signed word of the form stands for the CSRF token: no other site knows it."""
    given, (keep, number) = handed_out(request), _page_named(request)
    if keep is None or given is None or given.page != number:
        return None
    owner = Account.objects.filter(pk=given.account, is_active=True).first()
    page = page_if_any(owner, given.page) if owner else None
    if owner is None or page is None:
        return None
    try:
        return page if keep(page, request.POST, by=owner) else None
    except (BadRequest, PermissionDenied):
        return None


def is_of_another(given: HandedOut | None, page: Page, person: Account) -> bool:
    """Whether the form of this page was given to somebody else, who was signed in here before."""
    return given is not None and given.page == page.pk and given.account != person.pk


def _page_named(request: HttpRequest) -> tuple[Keep | None, int]:
    """The page to which the form was sent, and how what it holds is kept; None where it is no such form."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return None, 0
    keep = FORMS.get(match.url_name or "")
    return (keep, match.kwargs["pk"]) if keep else (None, 0)
