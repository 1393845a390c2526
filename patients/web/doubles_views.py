"""The screen on which somebody says whether two subjects are one person, entered twice."""

from django.core.exceptions import BadRequest, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.casebook.page import Subject
from patients.entry.doubles import AnsweredMeanwhile, answer_double, doubles_among
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.opening import CONSENT_FORM
from patients.web.binding import tidy
from patients.web.doubles_presenter import doubles_screen
from patients.web.once import SENT_BEFORE, once_for
from patients.web.queries import subjects_for
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import number
from trial.people.access import can, enters, require_entry
from trial.people.models import Account
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
CONFLICT, UNPROCESSABLE = 409, 422
ANSWERS = {"one": True, "two": False}


@needs(Permission.READ, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def doubles(request: HttpRequest, code: str) -> HttpResponse:
    """The subjects of the site that a subject may be the same person as; who enters subjects says it."""
    person = person_of(request)
    subject = get_object_or_404(subjects_for(person), code=code)
    authorise(request, subject.site)
    if request.method != "POST":
        return _show(request, person, subject)
    require_entry(person, CONSENT_FORM, site=subject.site.code)
    try:
        return once_for(request, person, lambda: _answered(request, person, subject))
    except ValidationError as refused:
        return _show(request, person, subject, " ".join(refused.messages), UNPROCESSABLE)
    except KeyReused:
        return _show(request, person, subject, str(SENT_BEFORE), UNPROCESSABLE)
    except AnsweredMeanwhile:
        said = _("Somebody said something of these two after you had opened this. Look at it again.")
        return _show(request, person, subject, said, CONFLICT)


def _answered(request: HttpRequest, person: Account, subject: Subject) -> Answer:
    wish, asked = request.POST.get("do", ""), request.POST.get("other", "")
    if wish not in ANSWERS:
        raise BadRequest("neither one person nor two")
    found = [pair for pair in doubles_among([subject]) if pair.other_than(subject).code == asked]
    if not found:
        raise Http404("no such pair")
    answer_double(
        found[0],
        ANSWERS[wish],
        reason=tidy(request.POST.get("reason", "")),
        seen=number(request.POST.get("seen", "")) or 0,
        by=person,
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    return Answer(location=reverse("doubles", args=[subject.code]), said=_("It is on record."))


def _show(
    request: HttpRequest, person: Account, subject: Subject, problem: str = "", status: int = 200
) -> HttpResponse:
    site = subject.site.code
    screen = doubles_screen(
        subject,
        doubles_among([subject]),
        may_answer=enters(person, CONSENT_FORM, site=site),
        sees_identity=can(person, Permission.READ_IDENTITY, site=site),
        about=request.POST.get("other", ""),
        reason=request.POST.get("reason", ""),
        problem=problem,
    )
    frame = shell(person, [subject.site], here="subject", subject=subject)
    return show(request, "doubles.html", screen, frame, status)
