"""Results of a laboratory are pasted on a LAB page: read, looked at line by line, and saved as any save."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from patients.casebook.page import Page
from patients.entry.drafts import On, discard_draft
from patients.entry.idempotency import Answer, KeyReused, digest_of, once
from patients.entry.lab_rows import LAB
from patients.entry.refusals import Conflict, PageClosed, Refused, UnknownPage
from patients.entry.save import save_page
from patients.web.errors import said_of_old_form
from patients.web.expired import is_of_another, keep_for_its_owner
from patients.web.form_token import handed_out, token_in
from patients.web.keeping import hour, keep_pasted, pasted_before
from patients.web.once import content_of
from patients.web.paste_presenter import (
    PasteScreen,
    date_for,
    lay_findings,
    paste_screen,
    proposed,
    reasons_of,
    stored_rows,
    summarise,
)
from patients.web.pasting import Pasted, read_pasted
from patients.web.queries import page_for
from patients.web.saving import (
    CONFLICT,
    LOCKED,
    UNPROCESSABLE,
    refuse_if_signed_since,
    said_of_save,
    sent_before,
)
from patients.web.shell import person_of, shell, show
from patients.web.views import private
from trial.people.access import require_entry
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission
from trial.trail.actor import Source


@needs(Permission.ENTER, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def paste(request: HttpRequest, pk: int) -> HttpResponse:
    """Paste results, look at what they would do, and save them."""
    person = person_of(request)
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    require_entry(person, found.form_code, site=found.subject.site.code)
    if found.form_code != LAB:
        raise Http404(found.form_code)
    if request.method != "POST":
        return redirect(found) if found.is_closed else _show(request, person, _opened(found, person))
    if is_of_another(handed_out(request), found, person):
        keep_for_its_owner(request)
        messages.warning(request, said_of_old_form())
        return redirect(found)
    return _posted(request, person, found)


def _opened(found: Page, person: Account) -> PasteScreen:
    """What the person pasted before and did not save, as far as it was read; else nothing yet."""
    stored, before = stored_rows(found), pasted_before(found, by=person)
    if before is None:
        return paste_screen(found, person, proposed(found, stored), stored)
    pasted, at = before
    pasted.read()
    pasted.base_version = found.version  # what is shown is what stands now
    screen = paste_screen(found, person, pasted, stored)
    screen.kept_at = hour(at)
    summarise(screen)
    return screen


def _posted(request: HttpRequest, person: Account, found: Page) -> HttpResponse:
    """Read what was pasted; save it where that was asked for and nothing stands against it. It is kept until
    it is saved, or given up."""
    if request.POST.get("do") == "give-up":
        discard_draft(found, by=person, screen=On.PASTE)
        return redirect("paste", pk=found.pk)
    pasted = read_pasted(request.POST)
    if pasted.base_version > found.version:
        raise BadRequest("a version that does not exist yet")
    asks_save = request.POST.get("do") == "save"
    typed = _screen(found, person, pasted)
    if found.is_closed:
        return _show(request, person, _closed(typed), LOCKED)
    pasted.read()
    screen = _screen(found, person, pasted)
    stops = bool(pasted.unread) or any(line.messages for line in screen.lines)
    if asks_save and not stops and len(pasted.lines) == len(typed.lines):
        return _save(request, person, screen)
    if not asks_save:
        pasted.base_version = found.version  # what is shown is what stands now
    summarise(screen)
    return _show(request, person, screen, UNPROCESSABLE if asks_save and stops else 200)


def _screen(found: Page, person: Account, pasted: Pasted) -> PasteScreen:
    return paste_screen(found, person, pasted, stored_rows(found))


def _save(request: HttpRequest, person: Account, screen: PasteScreen) -> HttpResponse:
    """Save the lines once for each copy of the form; what is refused is shown again as it was typed."""
    try:
        answer = once(
            lambda: _act(request, person, screen),
            by=person,
            key=token_in(request),
            digest=digest_of(request.path, content_of(request)),
        )
    except UnknownPage as unknown:
        raise Http404 from unknown
    except PageClosed:
        return _show(request, person, _closed(screen), LOCKED)
    except KeyReused:
        lay_findings(screen, [sent_before()])
        return _show(request, person, screen, UNPROCESSABLE)
    except Conflict:
        return _moved(request, person, screen)
    except Refused as refused:
        lay_findings(screen, refused.findings)
        summarise(screen)
        return _show(request, person, screen, refused.status)
    messages.success(request, answer.said)
    return HttpResponseRedirect(answer.location)


def _act(request: HttpRequest, person: Account, screen: PasteScreen) -> Answer:
    page, plans = screen.page, [line.plan for line in screen.lines if line.plan]
    day = date_for(page, plans)
    saved = save_page(
        page,
        {plan.key: plan.typed for plan in plans if plan.differs},
        by=person,
        base_version=screen.pasted.base_version,
        source=Source.WEB,
        header={"form_date": str(day)} if day else None,
        reasons=reasons_of(screen),
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    discard_draft(page, by=person, screen=On.PASTE)
    given = handed_out(request)
    if saved.signature_fell and given is not None:
        refuse_if_signed_since(saved.page, given)
    return Answer(location=page.get_absolute_url(), said=said_of_save(saved))


def _moved(request: HttpRequest, person: Account, screen: PasteScreen) -> HttpResponse:
    """Somebody saved the same rows meanwhile: the lines again, against what stands there now."""
    found = page_for(person, screen.page.pk)
    pasted = screen.pasted
    pasted.base_version = found.version
    again = _screen(found, person, pasted)
    again.moved = True
    return _show(request, person, again, CONFLICT)


def _closed(screen: PasteScreen) -> PasteScreen:
    screen.is_closed = True
    return screen


def _show(request: HttpRequest, person: Account, screen: PasteScreen, status: int = 200) -> HttpResponse:
    if request.method == "POST":
        keep_pasted(screen.page, request.POST, by=person)
    subject = screen.page.subject
    frame = shell(person, [subject.site], here="page", subject=subject)
    return show(request, "paste.html", screen, frame, status)
