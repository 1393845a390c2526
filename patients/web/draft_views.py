"""What is typed on a page comes here every few seconds, and is given up here."""

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from patients.casebook.page import Page
from patients.entry.drafts import discard_draft
from patients.entry.idempotency import was_answered
from patients.web.expired import is_of_another, keep_for_its_owner
from patients.web.form_token import handed_out, token_in
from patients.web.keeping import hour, keep_posted
from patients.web.queries import pages_for
from patients.web.shell import person_of
from patients.web.views import private
from trial.people.access import require_entry
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission
from trial.people.sessions import seconds_left

CONFLICT = 409


@needs(Permission.ENTER, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what was typed on a page, or give it up. Who comes by GET after signing in is led to the page."""
    person = person_of(request)
    found = get_object_or_404(pages_for(person), pk=pk)
    authorise(request, found.subject.site)
    require_entry(person, found.form_code, site=found.subject.site.code)
    if request.method != "POST":
        return redirect(found)
    if request.POST.get("do") == "discard":
        discard_draft(found, by=person)
        messages.success(request, _("What you had typed was given up; the page is as it was saved."))
        return redirect(found)
    if is_of_another(handed_out(request), found, person):
        keep_for_its_owner(request)
        return JsonResponse({"kept": ""}, status=CONFLICT)
    at = _kept(request, found, person)
    return JsonResponse({"kept": hour(at) if at else "", "seconds": seconds_left(request.session)})


def _kept(request: HttpRequest, found: Page, person: Account) -> datetime | None:
    """Keep it, unless it comes after the save of its own form: then it is saved, and no draft any more."""
    with transaction.atomic():
        if was_answered(person, token_in(request)):
            return None
        return keep_posted(found, request.POST, by=person)
