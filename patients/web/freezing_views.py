"""Freezing pages of a subject and thawing them: one, those of a visit, or all that may be."""

from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.casebook.page import Subject
from patients.entry.freezing import Keeper, NotMoved, freeze_pages, thaw_pages
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.refusals import ContentChanged, UnknownPage
from patients.web.binding import number_in, pages_seen
from patients.web.freezing_presenter import freezing_screen
from patients.web.once import once_for
from patients.web.shell import person_of, shell, show
from patients.web.views import private
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission


@needs(Permission.FREEZE, to_post=Permission.FREEZE, at=At.ITS_SITE)
@private
def freeze(request: HttpRequest, code: str) -> HttpResponse:
    """The pages of a subject that can be frozen or thawed; do it to those chosen, with a reason."""
    person = person_of(request)
    subject = get_object_or_404(Subject.objects.for_person(person).select_related("site"), code=code)
    authorise(request, subject.site)
    if request.method != "POST":
        return _show(request, person, subject)
    try:
        return once_for(request, person, lambda: _move(request, person, subject))
    except UnknownPage as unknown:
        raise Http404 from unknown
    except NotMoved as refused:
        return _show(request, person, subject, refused.why)
    except ContentChanged as changed:
        said = _("%(page)s changed after you opened this. Nothing was done: look at it again.")
        return _show(request, person, subject, (said % {"page": changed},), HTTPStatus.CONFLICT)
    except KeyReused:
        said = _("This was sent before. Look at it and send it again.")
        return _show(request, person, subject, (said,))


def _move(request: HttpRequest, person: Account, subject: Subject) -> Answer:
    keeper = Keeper(
        person,
        request.POST.get("reason", ""),
        request.request_id,  # type: ignore[attr-defined]
    )
    seen, wish = _seen(request), request.POST.get("do", "")
    if wish == "freeze":
        count = freeze_pages(subject, seen, keeper)
        said = ngettext("%(count)s page is frozen.", "%(count)s pages are frozen.", count)
    elif wish == "thaw":
        count = thaw_pages(subject, seen, keeper)
        said = ngettext("%(count)s page is thawed.", "%(count)s pages are thawed.", count)
    else:
        raise BadRequest("neither frozen nor thawed")
    return Answer(location=reverse("freeze", args=[subject.code]), said=said % {"count": count})


def _seen(request: HttpRequest) -> dict[int, int]:
    """The pages that were chosen, each with the version that was shown. Raises BadRequest."""
    return {number: number_in(version) for number, version in pages_seen(request.POST, "page").items()}


def _show(
    request: HttpRequest,
    person: Account,
    subject: Subject,
    refused: tuple[str, ...] = (),
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    chosen = {each.partition(":")[0] for each in request.POST.getlist("page")}
    screen = freezing_screen(
        subject,
        chosen=chosen | set(request.GET.getlist("page")),
        visit=request.GET.get("visit"),
        reason=request.POST.get("reason", ""),
        refused=refused,
    )
    frame = shell(person, [subject.site], here="freeze", subject=subject)
    return show(request, "freeze.html", screen, frame, status if request.method == "POST" else HTTPStatus.OK)
