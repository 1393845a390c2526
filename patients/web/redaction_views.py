"""The screen on which two people hide what should never have been entered."""

from dataclasses import dataclass
from functools import cached_property

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.casebook.page import Subject
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
        messages.success(request, _done(request, person, subject))
    except (ValidationError, NeedsAnother, NotHideable, NoSigningKey) as refused:
        status = 503 if isinstance(refused, NoSigningKey) else 422
        screen = RedactionScreen(
            subject,
            person.user_name,
            problem=_why(refused),
            text=request.POST.get("text", ""),
            reason=request.POST.get("reason", ""),
        )
        return _show(request, person, screen, status=status)
    return HttpResponseRedirect(reverse("redactions", args=[code]))


def _done(request: HttpRequest, person: Account, subject: Subject) -> str:
    """Do what was asked, and say it."""
    by, request_id = person, request.request_id  # type: ignore[attr-defined]
    what = request.POST.get("do", "")
    if what in ("approve", "refuse"):
        pk = request.POST.get("redaction", "")
        found = get_object_or_404(redactions_of(subject), pk=number(pk) or 0)
        decide, words = {
            "approve": (approve_redaction, _("The text is hidden.")),
            "refuse": (refuse_redaction, _("The text stays where it stands.")),
        }[what]
        decide(found, by=by, request_id=request_id)
        return words
    text, reason = (request.POST.get(name, "") for name in ("text", "reason"))
    request_redaction(subject, text, reason=reason, by=by, request_id=request_id)
    return _("Asked for. Another person decides.")


def _why(refused: Exception) -> str:
    if isinstance(refused, ValidationError):
        return " ".join(refused.messages)
    if isinstance(refused, NotHideable):
        return _("The text is also part of a name or a code. Ask for a longer one.")
    if isinstance(refused, NoSigningKey):
        return _("Nothing was hidden: the key that signs it is not there. Tell whoever runs this registry.")
    return _("It is decided already, or you asked for it yourself: another person decides.")


def _show(request: HttpRequest, person: Account, screen: RedactionScreen, status: int = 200) -> HttpResponse:
    frame = shell(person, [screen.subject.site], here="trail", subject=screen.subject)
    return show(request, "redactions.html", screen, frame, status)
