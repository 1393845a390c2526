"""Saving the page of the browser: once for each copy of the form, and what was typed is kept if it fails."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.casebook.page import Page, Subject
from patients.entry.drafts import discard_draft
from patients.entry.idempotency import Answer, KeyReused, digest_of, once
from patients.entry.refusals import Conflict, PageClosed, Refused, UnknownPage
from patients.entry.save import Saved, save_page
from patients.items.problems import Finding, Severity
from patients.oversight.identity_reads import Purpose, record_identity_view
from patients.oversight.signatures import Signature
from patients.oversight.work import Work
from patients.web.binding import Draft, read_draft
from patients.web.clocks import moment
from patients.web.conflict_presenter import conflict_screen, merged_labels
from patients.web.errors import said_of_old_form
from patients.web.expired import is_of_another, keep_for_its_owner
from patients.web.form_token import HandedOut, handed_out, token_in
from patients.web.keeping import keep_posted
from patients.web.once import content_of
from patients.web.page_presenter import PagePresenter
from patients.web.page_screen import PageScreen
from patients.web.queries import savers_before
from patients.web.shell import shell, show
from trial.people.models import Account
from trial.protocol.study import site_today
from trial.trail.actor import Source

CONFLICT, UNPROCESSABLE, LOCKED = 409, 422, 423


def save(request: HttpRequest, person: Account, found: Page, *, judging: bool = False) -> HttpResponse:
    """Save what was typed and lead back to the page; what is not saved is shown again, and kept."""
    given = handed_out(request)
    if is_of_another(given, found, person):
        keep_for_its_owner(request)
        messages.warning(request, said_of_old_form())
        return redirect(request.path)
    presenter = PagePresenter(found, person, judging=judging)
    draft = read_draft(request.POST, presenter.model, presenter.kept_keys, identify=presenter.rights.identify)
    if draft.base_version > found.version:
        raise BadRequest("a version that does not exist yet")
    if draft.action == "add" and presenter.rights.enter and not judging:
        return _again(request, person, presenter, draft)
    try:
        answer = once(
            lambda: _act(request, person, presenter, draft, given),
            by=person,
            key=token_in(request),
            digest=digest_of(request.path, content_of(request)),
        )
    except UnknownPage as unknown:
        raise Http404 from unknown
    except PageClosed:
        if draft.is_empty:
            return render(request, "423.html", status=LOCKED)
        return _again(request, person, presenter, draft, status=LOCKED)
    except KeyReused:
        return _again(request, person, presenter, draft, [sent_before()], UNPROCESSABLE)
    except Refused as refused:
        return _again(request, person, presenter, draft, refused.findings, refused.status)
    except Conflict as conflict:
        note_identity(request, person, presenter)
        _keep(request, person, presenter)
        screen = conflict_screen(presenter, draft, conflict.clashes)
        frame = shell(person, [found.subject.site], here="page", subject=found.subject)
        return show(request, "conflict.html", screen, frame, status=CONFLICT)
    messages.success(request, answer.said)
    return HttpResponseRedirect(answer.location)


def show_page(request: HttpRequest, person: Account, screen: PageScreen, status: int = 200) -> HttpResponse:
    frame = shell(person, [screen.page.subject.site], here="page", subject=screen.page.subject)
    return show(request, "page.html", screen, frame, status)


def note_identity(request: HttpRequest, person: Account, presenter: PagePresenter) -> None:
    """A page that shows who the subject is leaves a record of who looked; a HEAD shows nothing."""
    if presenter.shows_identity and request.method != "HEAD":
        purpose = Purpose.ENTRY if presenter.rights.enter else Purpose.READING
        request_id = request.request_id  # type: ignore[attr-defined]
        record_identity_view(presenter.page, purpose, by=person, request_id=request_id)


# --- the act ---------------------------------------------------------------------------------------------
def _act(
    request: HttpRequest, person: Account, presenter: PagePresenter, draft: Draft, given: HandedOut | None
) -> Answer:
    """The save, and the end of the draft with it."""
    found = presenter.page
    saved = save_page(
        found,
        draft.rows,
        by=person,
        base_version=draft.base_version,
        source=Source.WEB,
        header=draft.header,
        reasons=draft.reasons,
        complete=draft.action == "complete",
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    if saved.signature_fell and given is not None:
        refuse_if_signed_since(saved.page, given)
    if not draft.is_empty:  # what is typed in another tab stays
        discard_draft(found, by=person, screen=presenter.kept_on)
    said = " ".join([said_of_save(saved, draft.action), *_merged(saved, draft, person)])
    return Answer(location=_back(request, person, found, saved, draft), said=said)


def said_of_save(saved: Saved, action: str = "save") -> str:
    """What the save did, for the next screen."""
    named: dict[str, Any] = {"count": saved.changed, "version": saved.page.version}
    if saved.changed:
        text = ngettext(
            "Saved as version %(version)s: %(count)s item changed.",
            "Saved as version %(version)s: %(count)s items changed.",
            saved.changed,
        )
    else:
        text = _("Nothing had changed; version %(version)s stands.")
    said = [text % named]
    if action == "complete":
        said.append(_("The page is complete.") if saved.is_complete else _("The page is not complete yet."))
    return " ".join(said)


def _merged(saved: Saved, draft: Draft, person: Account) -> list[str]:
    """Who had changed what between the version that was read and this save, which went together with it."""
    own = 1 if saved.changed else 0
    theirs = saved.page.version - own - draft.base_version
    if theirs <= 0:
        return []
    labels = merged_labels(PagePresenter(saved.page, person), draft)
    who = savers_before(saved.page, skip=own, count=theirs)
    named = {"who": ", ".join(who), "items": ", ".join(labels)}
    return [_("Meanwhile %(who)s had changed: %(items)s.") % named] if labels else []


def _back(request: HttpRequest, person: Account, found: Page, saved: Saved, draft: Draft) -> str:
    """The page again, where the person was on it; after a refused completion, with what stands in the way;
    the next page that is due, where it was asked for."""
    url = found.get_absolute_url()
    if draft.action == "complete" and not saved.is_complete:
        return f"{url}?complete"
    if draft.action == "next":
        return _to_go_on_with(found, person).get_absolute_url()
    place = request.POST.get("at", "")
    return (
        f"{url}#i-{place}" if place.isascii() and place.replace("_", "").replace("-", "").isalnum() else url
    )


def _to_go_on_with(found: Page, person: Account) -> Page | Subject:
    """The next page of the subject that is due, or where there is none the subject."""
    return Work(person, site_today()).next_after(found) or found.subject


# --- not saved -------------------------------------------------------------------------------------------
def _again(
    request: HttpRequest,
    person: Account,
    presenter: PagePresenter,
    draft: Draft,
    refused: tuple[Finding, ...] | list[Finding] = (),
    status: int = 200,
) -> HttpResponse:
    """The page as it was typed, kept as a draft."""
    note_identity(request, person, presenter)
    _keep(request, person, presenter)
    screen = presenter.screen(draft, refused, was_closed=status == LOCKED)
    return show_page(request, person, screen, status)


def _keep(request: HttpRequest, person: Account, presenter: PagePresenter) -> None:
    keep_posted(presenter.page, request.POST, by=person, judging=presenter.judging)


def sent_before() -> Finding:
    """The key of this copy came before, with other values."""
    said = _("This copy of the form was saved before, with other values. Look at it and save it again.")
    return Finding("", said, Severity.REFUSED)


def refuse_if_signed_since(saved: Page, given: HandedOut) -> None:
    """A save drops the signature of a page; who opened it before it was signed is told first, and the save
    undone. Raises Refused, as a conflict (409); the page that is shown then may be saved."""
    newest = Signature.objects.filter(page=saved).last()
    if newest is not None and newest.at > given.at:
        raise SignedSince(newest)


class SignedSince(Refused):
    """Somebody signed the page after it was opened (409)."""

    status = CONFLICT

    def __init__(self, signature: Signature) -> None:
        named = {"who": signature.printed_name, "at": moment(signature.at)}
        said = _(
            "%(who)s signed this page at %(at)s, after you opened it. Save again to change it all the same."
        )
        super().__init__([Finding("", said % named, Severity.REFUSED)])
