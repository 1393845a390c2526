"""The sources attached to a page: shown, added, withdrawn, and opened, which leaves a record of who did."""

from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.casebook.page import Page
from patients.entry.attached_files import FileDamaged
from patients.entry.attachments import (
    Attachment,
    Described,
    NotAttached,
    Withdrawn,
    add_attachment,
    open_attachment,
    withdraw_attachment,
)
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.refusals import PageClosed, UnknownPage
from patients.web.attachments_presenter import attachments_screen
from patients.web.once import once_for
from patients.web.queries import page_for
from patients.web.saving import CONFLICT, LOCKED, UNPROCESSABLE
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import number
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.READ, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def attachments(request: HttpRequest, pk: int) -> HttpResponse:
    """The sources attached to a page; a new one, and the withdrawal of one."""
    person = person_of(request)
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    if request.method != "POST":
        return _show(request, person, found)
    try:
        return once_for(request, person, lambda: _done(request, person, found))
    except UnknownPage as unknown:
        raise Http404 from unknown
    except PageClosed:
        return render(request, "423.html", status=LOCKED)
    except NotAttached as refused:
        return _show(request, person, found, *refused.why, status=UNPROCESSABLE)
    except Withdrawn:
        return _show(request, person, found, _("It was withdrawn before."), status=CONFLICT)
    except KeyReused:
        return _show(request, person, found, _("This form was sent before."), status=UNPROCESSABLE)


@needs(to_post=Permission.READ, at=At.ITS_SITE)
@private
def attachment(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The file itself. It is asked for by POST, since to open it leaves a record."""
    person = person_of(request)
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    one = _on(found, number)
    try:
        content = open_attachment(one, by=person, request_id=_request_id(request))
    except FileDamaged:
        said = _(
            "The file is not any more what was attached, and is not shown. Tell whoever runs this registry."
        )
        return _show(request, person, found, said, status=CONFLICT)
    headers = {
        "Content-Disposition": f'attachment; filename="{found.subject.code}-{one.sha256[:12]}.pdf"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(content, content_type="application/pdf", headers=headers)


def _done(request: HttpRequest, person: Account, found: Page) -> Answer:
    """Do what was asked, and say it."""
    by: dict[str, Any] = {"by": person, "request_id": _request_id(request)}
    back = reverse("attachments", args=[found.pk])
    if request.POST.get("do") == "withdraw":
        one = _on(found, number(request.POST.get("attachment", "")) or 0)
        withdraw_attachment(one, request.POST.get("reason", ""), **by)
        return Answer(location=back, said=_("The source is withdrawn."))
    said = Described(
        request.POST.get("title", ""), request.POST.get("kind", ""), request.POST.get("redacted") == "Y"
    )
    add_attachment(found, request.FILES.get("file"), said, **by)
    return Answer(location=back, said=_("The source is attached."))


def _on(page: Page, pk: int) -> Attachment:
    """An attachment of this page. Raises Http404."""
    found = get_object_or_404(Attachment.objects.select_related("withdrawal"), pk=pk, page=page)
    found.page = page
    return found


def _request_id(request: HttpRequest) -> str:
    found: str = request.request_id  # type: ignore[attr-defined]
    return found


def _show(
    request: HttpRequest, person: Account, found: Page, *problems: str, status: int = 200
) -> HttpResponse:
    typed = {name: request.POST.get(name, "") for name in ("title", "kind", "attachment", "reason")}
    screen = replace(attachments_screen(found, person), problems=problems, typed=typed)
    frame = shell(person, [found.subject.site], here="page", subject=found.subject)
    return show(request, "attachments.html", screen, frame, status)
