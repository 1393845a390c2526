"""The casebook of a subject on paper."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.web.casebook_print import LANGUAGES, Printing, print_casebook
from patients.web.queries import subjects_for
from patients.web.shell import person_of
from patients.web.taken_file import PDF, as_file
from patients.web.trail_export import TooMuchForPdf
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(to_post=Permission.READ, at=At.ITS_SITE)
@private
def casebook(request: HttpRequest, code: str) -> HttpResponse:
    """The casebook of a subject as PDF, in the language, and with what, the person asks for."""
    person = person_of(request)
    subject = get_object_or_404(subjects_for(person).select_related("site", "identity"), code=code)
    authorise(request, subject.site)
    try:
        printed = print_casebook(
            subject,
            _asked(request),
            by=person,
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
    except TooMuchForPdf:
        messages.error(request, _("The trail is too long to be printed with the casebook: take it as CSV."))
        return HttpResponseRedirect(reverse("subject", args=[code]))
    return as_file(printed.pdf, PDF, printed.name)


def _asked(request: HttpRequest) -> Printing:
    """What the form asks for. Raises BadRequest (400) for a language that Chimera does not have."""
    language = request.POST.get("language", LANGUAGES[0])
    if language not in LANGUAGES:
        raise BadRequest("no such language")
    return Printing(language, "trail" in request.POST, "identity" in request.POST)
