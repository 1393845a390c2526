"""The hidden word of a form: which copy of which page it is, to whom it was given, and when.

It makes each form that is sent recognisable (`patients.entry.idempotency`), and says, when nobody is signed
in any more, whose the typed values are (`patients.web.expired`). It is signed: nobody can make one for
somebody else. It opens nothing: what comes with it is at most kept as a draft of that person.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.utils import timezone

from patients.casebook.page import Page
from patients.entry.drafts import KEPT_FOR
from patients.entry.idempotency import MOST_KEY
from trial.people.models import Account

FIELD = "form_token"
NOT_TYPED = frozenset({FIELD, "csrfmiddlewaretoken", "at"})
"""What a form carries beside what was typed."""
_signer = Signer(salt="patients.web.form")


@dataclass(frozen=True, slots=True)
class HandedOut:
    """The copy of a form: of which page, to which account, when."""

    page: int
    account: int
    at: datetime


def new_token(page: Page, person: Account) -> str:
    """For one copy of the form of a page."""
    at = int(timezone.now().timestamp() * 1000)
    return _signer.sign(f"{secrets.token_urlsafe(12)}.{page.pk}.{person.pk}.{at}")


def token_in(request: HttpRequest) -> str:
    """The word that came with a form; empty without one, and for what is none of ours."""
    text = request.POST.get(FIELD, "")
    return text if len(text) <= MOST_KEY and "\0" not in text else ""


def handed_out(request: HttpRequest) -> HandedOut | None:
    """What the word of a form says; None without one, for one that is not ours, and when it is too old."""
    try:
        _nonce, page, account, at = _signer.unsign(token_in(request)).split(".")
    except BadSignature:
        return None
    found = HandedOut(int(page), int(account), datetime.fromtimestamp(int(at) / 1000, UTC))
    return found if timezone.now() - found.at < KEPT_FOR else None
