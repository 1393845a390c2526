"""The screen on which two people hide what should never have been entered."""

from dataclasses import dataclass
from functools import cached_property

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control

from patients.casebook.page import Subject
from patients.entry.idempotency import Answer, KeyReused
from patients.oversight.out_of_reach import kept_elsewhere
from patients.oversight.redaction import (
    NeedsAnother,
    Redaction,
    RedactionState,
    approve_redaction,
    redactions_of,
    refuse_redaction,
    request_redaction,
)
from patients.web.once import SENT_BEFORE, once_for
from patients.web.queries import subjects_for
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import number
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission
from trial.trail.hiding import NotHideable
from trial.trail.signing_keys import NoSigningKey

private = cache_control(private=True, no_store=True)


@dataclass(frozen=True, slots=True)
class RedactionRow:
    """A request. `stays_in` are the places that hold the text out of reach: looked for when somebody is
    about to decide, since all files that may hold it are read; None where nobody has looked."""

    one: Redaction
    stays_in: list[str] | None


@dataclass(frozen=True)
class RedactionScreen:
    """Everything that the template says. `reader`: who cannot decide on their own requests. `looked_at`: the
    number of the request of which all is to be shown."""

    subject: Subject
    reader: str
    looked_at: int = 0
    problem: str = ""
    text: str = ""
    reason: str = ""

    @cached_property
    def asked(self) -> list[RedactionRow]:
        """What was asked, the newest first."""
        return [RedactionRow(one, self._stays_in(one)) for one in redactions_of(self.subject)]

    def _stays_in(self, one: Redaction) -> list[str] | None:
        is_asked = one.state == RedactionState.ASKED and one.pk == self.looked_at
        return kept_elsewhere(self.subject, one.text) if is_asked else None


@needs(Permission.REDACT, to_post=Permission.REDACT, at=At.ITS_SITE)
@private
def redactions(request: HttpRequest, code: str) -> HttpResponse:
    """What was asked to be hidden of a subject; asked for, approved and refused here."""
    person = person_of(request)
    subject = get_object_or_404(subjects_for(person), code=code)
    authorise(request, subject.site)
    if request.method != "POST":
        looked_at = number(request.GET.get("look", "")) or 0
        return _show(request, person, RedactionScreen(subject, person.user_name, looked_at))
    try:
        return _done(request, person, subject)
    except (ValidationError, NeedsAnother, NotHideable, NoSigningKey, KeyReused) as refused:
        status = 503 if isinstance(refused, NoSigningKey) else 422
        screen = RedactionScreen(
            subject,
            person.user_name,
            problem=_why(refused),
            text=request.POST.get("text", ""),
            reason=request.POST.get("reason", ""),
        )
        return _show(request, person, screen, status=status)


def _done(request: HttpRequest, person: Account, subject: Subject) -> HttpResponse:
    """Do what was asked, and say it. A decision that is sent twice is refused the second time, and not put
    into one transaction with its answer: it reads all files that may hold the text, while others wait."""
    what = request.POST.get("do", "")
    if what not in _DECISIONS:
        return once_for(request, person, lambda: _asked(request, person, subject))
    found = get_object_or_404(redactions_of(subject), pk=number(request.POST.get("redaction", "")) or 0)
    decide, words = _DECISIONS[what]
    decide(found, by=person, request_id=request.request_id)  # type: ignore[attr-defined]
    messages.success(request, str(words))
    return redirect("redactions", code=subject.code)


_DECISIONS = {
    "approve": (approve_redaction, gettext_lazy("The text is hidden.")),
    "refuse": (refuse_redaction, gettext_lazy("The text stays where it stands.")),
}


def _asked(request: HttpRequest, person: Account, subject: Subject) -> Answer:
    text, reason = (request.POST.get(name, "") for name in ("text", "reason"))
    request_id = request.request_id  # type: ignore[attr-defined]
    request_redaction(subject, text, reason=reason, by=person, request_id=request_id)
    said = _("Asked for. Another person decides.")
    return Answer(location=reverse("redactions", args=[subject.code]), said=said)


def _why(refused: Exception) -> str:
    if isinstance(refused, ValidationError):
        return " ".join(refused.messages)
    if isinstance(refused, KeyReused):
        return str(SENT_BEFORE)
    if isinstance(refused, NotHideable):
        return _("The text is also part of a name or a code. Ask for a longer one.")
    if isinstance(refused, NoSigningKey):
        return _("Nothing was hidden: the key that signs it is not there. Tell whoever runs this registry.")
    return _("It is decided already, or you asked for it yourself: another person decides.")


def _show(request: HttpRequest, person: Account, screen: RedactionScreen, status: int = 200) -> HttpResponse:
    frame = shell(person, [screen.subject.site], here="trail", subject=screen.subject)
    return show(request, "redactions.html", screen, frame, status)
