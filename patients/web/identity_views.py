"""The screen on which the name and the hospital number of a subject are entered and corrected."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from patients.casebook.page import Subject
from patients.entry.doubles import open_doubles
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.identifying import (
    MOST_OF_A_NAME,
    MOST_OF_A_NUMBER,
    IdentityMoved,
    Named,
    identify,
    named,
)
from patients.entry.opening import CONSENT_FORM
from patients.oversight.identity_reads import Purpose, record_identity_of
from patients.web.binding import tidy
from patients.web.once import SENT_BEFORE, once_for
from patients.web.queries import subjects_for
from patients.web.shell import person_of, shell, show
from trial.people.access import enters
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
CONFLICT, UNPROCESSABLE = 409, 422


@dataclass(frozen=True, slots=True)
class IdentityScreen:
    """Everything that the template says: what is typed, and what was read before it (`seen`)."""

    subject: Any
    typed: Named
    seen: str
    is_new: bool
    may_enter: bool
    reason: str
    problems: list[str]
    most: tuple[int, int] = (MOST_OF_A_NAME, MOST_OF_A_NUMBER)


@needs(Permission.READ_IDENTITY, to_post=Permission.ENTER, at=At.ITS_SITE)
@sensitive_post_parameters("full_name", "hospital_number")
@sensitive_variables()
@private
def identity(request: HttpRequest, code: str) -> HttpResponse:
    """Who a subject is, for those of the site; kept and corrected by whoever enters subjects."""
    person = person_of(request)
    subject = get_object_or_404(subjects_for(person), code=code)
    authorise(request, subject.site)
    if request.method != "POST":
        return _show(request, person, subject)
    try:
        return once_for(request, person, lambda: _identified(request, person, subject))
    except ValidationError as refused:
        return _show(request, person, subject, " ".join(refused.messages), UNPROCESSABLE)
    except KeyReused:
        return _show(request, person, subject, str(SENT_BEFORE), UNPROCESSABLE)
    except IdentityMoved:
        said = _("Somebody changed it after you had opened this. What is kept now stands here.")
        return _show(request, person, subject, said, CONFLICT)


def _typed(request: HttpRequest) -> Named:
    return Named(*(tidy(request.POST.get(name, "")).strip() for name in ("full_name", "hospital_number")))


def _identified(request: HttpRequest, person: Account, subject: Subject) -> Answer:
    """Keep it, and lead to whoever may be the same person, if there is somebody."""
    identify(
        subject,
        _typed(request),
        seen=request.POST.get("seen", ""),
        reason=tidy(request.POST.get("reason", "")),
        by=person,
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    name = "doubles" if open_doubles([subject]) else "subject"
    return Answer(location=reverse(name, args=[subject.code]), said=_("It is on record."))


def _show(
    request: HttpRequest, person: Account, subject: Subject, problem: str = "", status: int = 200
) -> HttpResponse:
    """What is typed comes back, but for a conflict: then what is kept now is shown. That somebody saw it is
    on record."""
    kept, enters_it = named(subject), enters(person, CONSENT_FORM, site=subject.site.code)
    if not kept.is_empty and request.method != "HEAD":
        purpose = Purpose.ENTRY if enters_it else Purpose.READING
        request_id = request.request_id  # type: ignore[attr-defined]
        record_identity_of(subject, purpose, by=person, request_id=request_id)
    comes_back = request.method == "POST" and status != CONFLICT
    screen = IdentityScreen(
        subject=subject,
        typed=_typed(request) if comes_back else kept,
        seen=kept.seen,
        is_new=kept.is_empty,
        may_enter=enters_it,
        reason=request.POST.get("reason", ""),
        problems=[problem] if problem else [],
    )
    frame = shell(person, [subject.site], here="identity", subject=subject)
    return show(request, "identity.html", screen, frame, status)
