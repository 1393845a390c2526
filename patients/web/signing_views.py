"""The screen on which a page is signed. Who signs proves again who that is (21 CFR 11.200); the act is
`patients.entry.signing.sign_page`."""

from collections.abc import Sequence
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from patients.casebook.page import Page
from patients.entry.idempotency import Answer, KeyReused, answered, digest_of, once
from patients.entry.refusals import CannotSign, ContentChanged, PageClosed, UnknownPage
from patients.entry.signing import sign_page
from patients.items.problems import Finding
from patients.oversight.signatures import Meaning, permission_to_sign
from patients.web.form_token import token_in
from patients.web.page_presenter import PagePresenter
from patients.web.queries import page_for
from patients.web.shell import person_of, shell
from patients.web.signing_presenter import signing_screen
from patients.web.views import LOCKED, private
from trial.people.access import require
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.reauthentication import Proof, ProofRefused, needed_proof, reauthenticated
from trial.people.roles import Permission
from trial.people.second_factor_pages import passkey_of, passkey_question
from trial.trail.actor import Source
from trial.trail.clocks import ClocksDisagree


@needs(Permission.SIGN, to_post=Permission.SIGN, at=At.ITS_SITE)
@sensitive_post_parameters("password", "code", "credential")
@sensitive_variables()
@private
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """What would be signed, and the signature."""
    person = person_of(request)
    found = page_for(person, pk)
    authorise(request, found.subject.site)
    require(person, permission_to_sign(found), site=found.subject.site.code)
    if request.method == "POST":
        return _sign(request, person, found)
    return _show(request, person, found)


@sensitive_variables()
def _sign(request: HttpRequest, person: Account, found: Page) -> HttpResponse:
    meaning = request.POST.get("meaning", "")
    if meaning not in Meaning.values:
        return _again(request, person, found, [_("Choose what your signature means.")])
    try:
        answer = _signed_once(request, person, found, Meaning(meaning))
    except UnknownPage as unknown:
        raise Http404 from unknown
    except ProofRefused:
        return _again(
            request, person, found, [_("User name, password or code is wrong. Nothing was signed.")]
        )
    except CannotSign as refused:
        return _again(request, person, found, (), standing=refused.findings)
    except ContentChanged:
        said = _("The page has changed since it was shown to you. Read it again before you sign.")
        return _again(request, person, found, [said], status=HTTPStatus.CONFLICT)
    except PageClosed:
        return render(request, "423.html", status=LOCKED)
    except ClocksDisagree as gap:
        said = clocks_in_words(gap)
        return _again(request, person, found, [said], status=HTTPStatus.SERVICE_UNAVAILABLE)
    except KeyReused:
        said = _("This form was sent before with other choices. Read the page again before you sign.")
        return _again(request, person, found, [said])
    messages.success(request, answer.said)
    return redirect(answer.location)


def clocks_in_words(gap: ClocksDisagree) -> str:
    return _(
        "Nothing was signed: the clocks of the application and the database are %(seconds)s s apart."
        " Tell whoever runs this registry."
    ) % {"seconds": round(gap.gap_s)}


@sensitive_variables()
def _signed_once(request: HttpRequest, person: Account, found: Page, meaning: Meaning) -> Answer:
    """Prove who it is, and sign; a form that comes again is answered as before, its code being used up."""
    seen, key = request.POST.get("seen", ""), token_in(request)
    digest = digest_of(request.path, [("meaning", meaning), ("seen", seen)])

    def act() -> Answer:
        request_id = request.request_id  # type: ignore[attr-defined]
        sign_page(found, by=person, meaning=meaning, seen=seen, source=Source.WEB, request_id=request_id)
        return Answer(location=found.get_absolute_url(), said=_("The page is signed."))

    before = answered(person, key, digest)
    if before is not None:
        return before
    prove(request)
    return once(act, by=person, key=key, digest=digest, on_record=(ClocksDisagree,))


def prove(request: HttpRequest) -> None:
    """Who signs proves again who that is. Raises ProofRefused."""
    given = {name: request.POST.get(name, "") for name in ("password", "code", "user_name")}
    reauthenticated(request, passkey=passkey_of(request), **given)


def _again(
    request: HttpRequest,
    person: Account,
    found: Page,
    refused: Sequence[str],
    *,
    standing: Sequence[Finding] | None = None,
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY,
) -> HttpResponse:
    page = page_for(person, found.pk)  # as it is now
    return _show(request, person, page, refused=refused, standing=standing, status=status)


def _show(
    request: HttpRequest,
    person: Account,
    found: Page,
    *,
    refused: Sequence[str] = (),
    standing: Sequence[Finding] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    needed = needed_proof(request)
    presenter = PagePresenter(found, person, read_only=True)
    chosen = request.POST.get("meaning", "")
    screen = signing_screen(presenter, person, needed, refused=refused, standing=standing, chosen=chosen)
    asked = passkey_question(person) if Proof.SECOND_FACTOR in needed else {}
    frame = shell(person, [found.subject.site], here="page", subject=found.subject)
    return render(request, "sign.html", {"screen": screen, "shell": frame, **asked}, status=status)
