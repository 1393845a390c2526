"""Signing many pages in one act, with one proof of who signs: all of them, or none (ES-09)."""

from collections.abc import Sequence
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from patients.casebook.page import Page
from patients.entry.idempotency import Answer, KeyReused, answered, digest_of, once
from patients.entry.refusals import CannotSign, NotSaved, PageClosed, UnknownPage
from patients.entry.signing import SomeNotSigned, sign_pages
from patients.oversight.signatures import Meaning
from patients.oversight.work import Work
from patients.web.batch_signing_presenter import MOST_PAGES, Asked, batch_screen
from patients.web.binding import pages_seen
from patients.web.clocks import local_now
from patients.web.form_token import token_in
from patients.web.shell import person_of, shell
from patients.web.signing_views import clocks_in_words, prove
from patients.web.views import private
from trial.people.access import sites_where
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.reauthentication import Proof, ProofRefused, needed_proof
from trial.people.roles import Permission
from trial.people.second_factor_pages import passkey_question
from trial.trail.actor import Source
from trial.trail.clocks import ClocksDisagree


@needs(Permission.SIGN, to_post=Permission.SIGN)
@sensitive_post_parameters("password", "code", "credential")
@sensitive_variables()
@private
def sign_several(request: HttpRequest) -> HttpResponse:
    """The pages that wait for this person's signature, of all subjects or of one; sign those chosen."""
    person = person_of(request)
    return _sign(request, person) if request.method == "POST" else _show(request, person)


@sensitive_variables()
def _sign(request: HttpRequest, person: Account) -> HttpResponse:
    seen, meaning = _chosen(request, person), request.POST.get("meaning", "")
    if not seen:
        return _show(request, person, [_("Choose the pages that you sign.")])
    if meaning not in Meaning.values:
        return _show(request, person, [_("Choose what your signature means.")])
    try:
        answer = _signed_once(request, person, seen, Meaning(meaning))
    except UnknownPage as unknown:
        raise Http404 from unknown
    except ProofRefused:
        return _show(request, person, [_("User name, password or code is wrong. Nothing was signed.")])
    except SomeNotSigned as refused:
        said = [_("Nothing was signed.")]
        said += [f"{page}: {_in_words(why)}" for page, why in refused.why.items()]
        return _show(request, person, said)
    except ClocksDisagree as gap:
        return _show(request, person, [clocks_in_words(gap)], HTTPStatus.SERVICE_UNAVAILABLE)
    except KeyReused:
        said = [_("This form was sent before with other choices. Choose again.")]
        return _show(request, person, said)
    messages.success(request, answer.said)
    return redirect(answer.location)


def _chosen(request: HttpRequest, person: Account) -> dict[Page, str]:
    """The pages that were chosen, each with the content that was shown. Raises BadRequest and Http404."""
    told = pages_seen(request.POST, "page")
    if len(told) > MOST_PAGES:
        raise BadRequest("more pages than are offered")
    pages = Page.objects.for_person(person).select_related("subject__site", "visit")
    found = {page.pk: page for page in pages.filter(pk__in=told)}
    if told.keys() - found.keys():
        raise Http404("a page of another site, or none")
    return {found[number]: content for number, content in told.items()}


def _in_words(why: NotSaved) -> str:
    if isinstance(why, CannotSign):
        return " ".join(str(found.message) for found in why.findings)
    if isinstance(why, PageClosed):
        return _("The page is closed.")
    return _("The page has changed since it was shown to you. Read it again before you sign.")


@sensitive_variables()
def _signed_once(request: HttpRequest, person: Account, seen: dict[Page, str], meaning: Meaning) -> Answer:
    """Prove who it is, and sign; a form that comes again is answered as before, its code being used up."""
    key = token_in(request)
    content = sorted((str(page.pk), told) for page, told in seen.items())
    digest = digest_of(request.path, [("meaning", meaning), ("page", content)])

    def act() -> Answer:
        request_id = request.request_id  # type: ignore[attr-defined]
        made = sign_pages(seen, by=person, meaning=meaning, source=Source.WEB, request_id=request_id)
        said = ngettext("%(count)s page is signed.", "%(count)s pages are signed.", len(made))
        return Answer(location=request.get_full_path(), said=said % {"count": len(made)})

    before = answered(person, key, digest)
    if before is not None:
        return before
    prove(request)
    return once(act, by=person, key=key, digest=digest, on_record=(ClocksDisagree,))


def _show(
    request: HttpRequest,
    person: Account,
    refused: Sequence[str] = (),
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    subject = request.GET.get("subject", "").replace("\0", "").strip()
    waiting = Work(person, local_now().date()).to_sign().select_related("subject__site", "visit")
    if subject:
        waiting = waiting.filter(subject__code=subject)
    pages, needed, asked = list(waiting[:MOST_PAGES]), needed_proof(request), _asked(request)
    more = waiting.order_by().count() - len(pages) if len(pages) == MOST_PAGES else 0
    screen = batch_screen(pages, more, person, needed, subject=subject, asked=asked, refused=refused)
    passkey = passkey_question(person) if Proof.SECOND_FACTOR in needed else {}
    frame = shell(person, sites_where(person, Permission.READ), here="home")
    answer = status if request.method == "POST" else HTTPStatus.OK
    return render(request, "sign_several.html", {"screen": screen, "shell": frame, **passkey}, status=answer)


def _asked(request: HttpRequest) -> Asked:
    """What was chosen in the form that came back."""
    return Asked(frozenset(pages_seen(request.POST, "page")), request.POST.get("meaning", ""))
