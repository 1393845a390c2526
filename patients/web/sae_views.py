"""The reports of a serious event on paper."""

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from patients.casebook.page import Page
from patients.web.casebook_print import LANGUAGES
from patients.web.queries import page_for, subjects_for
from patients.web.sae_document import NothingReported
from patients.web.sae_print import print_report
from patients.web.shell import person_of
from patients.web.taken_file import PDF, as_file
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(to_post=Permission.READ, at=At.ITS_SITE)
@private
def report_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The reports of one event on a page of reports as PDF. It is asked for by POST: it leaves a record."""
    person = person_of(request)
    page: Page = page_for(person, pk)
    authorise(request, page.subject.site)
    language = request.POST.get("language", LANGUAGES[0])
    if language not in LANGUAGES or page.form_code != "SAE":
        raise BadRequest("no such language, or no page of reports")
    subject = subjects_for(person).select_related("site").get(pk=page.subject_id)
    try:
        printed = print_report(
            page,
            request.POST.get("event", ""),
            subject,
            language,
            by=person,
            request_id=request.request_id,  # type: ignore[attr-defined]
        )
    except NothingReported as nothing:
        raise Http404 from nothing
    return as_file(printed.pdf, PDF, printed.name)
