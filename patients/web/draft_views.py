"""What is typed on a page comes here every few seconds, and is given up here."""

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from patients.casebook.page import Page
from patients.entry.drafts import On, discard_draft
from patients.entry.idempotency import was_answered
from patients.web.expired import is_of_another, keep_for_its_owner
from patients.web.form_token import handed_out, token_in
from patients.web.keeping import hour, keep_posted
from patients.web.queries import page_for
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
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    require_entry(person, found.form_code, site=found.subject.site.code)
    if request.method != "POST":
        return redirect(found)
    return _kept_or_given_up(request, person, found, On.PAGE)


@needs(Permission.JUDGE, to_post=Permission.JUDGE, at=At.ITS_SITE)
@private
def judged_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The same of a page that is open for what the sponsor judges, kept apart from what the site types."""
    person = person_of(request)
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    if request.method != "POST":
        return redirect("judge", found.pk)
    return _kept_or_given_up(request, person, found, On.JUDGE)


def _kept_or_given_up(request: HttpRequest, person: Account, found: Page, screen: On) -> HttpResponse:
    if request.POST.get("do") == "discard":
        discard_draft(found, by=person, screen=screen)
        messages.success(request, _("What you had typed was given up; the page is as it was saved."))
        return redirect("judge" if screen == On.JUDGE else "page", found.pk)
    if is_of_another(handed_out(request), found, person):
        keep_for_its_owner(request)
        return JsonResponse({"kept": ""}, status=CONFLICT)
    at = _kept(request, found, person, screen)
    return JsonResponse({"kept": hour(at) if at else "", "seconds": seconds_left(request.session)})


def _kept(request: HttpRequest, found: Page, person: Account, screen: On) -> datetime | None:
    """Keep it, unless it comes after the save of its own form: then it is saved, and no draft any more."""
    with transaction.atomic():
        if was_answered(person, token_in(request)):
            return None
        return keep_posted(found, request.POST, by=person, judging=screen == On.JUDGE)
