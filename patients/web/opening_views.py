"""The screens on which something is opened by hand: a subject, a visit that an event brings, a log entry."""

from datetime import date

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from patients.casebook.page import Page, Subject
from patients.entry.idempotency import Answer, KeyReused
from patients.entry.opening import (
    enter_subject,
    events_open_to,
    log_forms,
    open_event,
    open_log,
    sites_to_enter_at,
    visit_forms,
)
from patients.entry.refusals import Refused
from patients.items.partial_date import read_partial_date
from patients.items.problems import Finding, NotAnAnswer, Severity
from patients.web.once import SENT_BEFORE, once_for
from patients.web.opening_presenter import NewSubjectScreen, OpeningScreen
from patients.web.queries import subjects_for
from patients.web.shell import person_of, shell, show
from trial.people.models import Account, Site
from trial.people.needs import At, authorise, needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)
UNREADABLE = 422


@needs(Permission.ENTER, to_post=Permission.ENTER)
@private
def new_subject(request: HttpRequest) -> HttpResponse:
    """Enter a subject: only a number is given; who it is comes with its pages."""
    person = person_of(request)
    sites = sites_to_enter_at(person)
    if not sites:
        raise PermissionDenied(f"{person.user_name}: enters no consent")
    if request.method != "POST":
        return _show_new(request, person, NewSubjectScreen(sites))
    fields = ("site", "planned_infusion", "patient_id")
    chosen, typed, source = (request.POST.get(name, "").strip() for name in fields)

    def again(problem: str, status: int = UNREADABLE) -> HttpResponse:
        return _show_new(request, person, NewSubjectScreen(sites, chosen, typed, source, problem), status)

    try:
        planned = _day(typed) if typed else None
    except NotAnAnswer as problem:
        return again(str(problem))
    site = _site(sites, chosen)
    if site is None:
        return again(_("Choose the site at which the subject is entered."))

    def act() -> Answer:
        subject = enter_subject(site, by=person, planned_infusion=planned, patient_id=source)
        said = _("%(subject)s is entered. Record the consent first.") % {"subject": subject}
        return Answer(location=reverse("subject", args=[subject.code]), said=said)

    try:
        return once_for(request, person, act)
    except KeyReused:
        return again(str(SENT_BEFORE))
    except Refused as refused:
        return again(str(refused.findings[0].message), refused.status)


def _show_new(
    request: HttpRequest, person: Account, screen: NewSubjectScreen, status: int = 200
) -> HttpResponse:
    frame = shell(person, screen.sites, here="subjects")
    return show(request, "new_subject.html", screen, frame, status)


def _site(sites: list[Site], code: str) -> Site | None:
    """The site that was chosen; none where there was a choice and nothing was chosen. Raises
    PermissionDenied."""
    if not code:
        return sites[0] if len(sites) == 1 else None
    found = [site for site in sites if site.code == code]
    if not found:
        raise PermissionDenied(f"no data are entered at {code!r}")
    return found[0]


@needs(Permission.READ, to_post=Permission.ENTER, at=At.ITS_SITE)
@private
def add(request: HttpRequest, code: str) -> HttpResponse:
    """Add a visit that an event brings, or an entry of a log."""
    person = person_of(request)
    subject = get_object_or_404(subjects_for(person), code=code)
    authorise(request, subject.site)
    if request.method != "POST":
        return _show_choices(request, person, subject, request.GET.get("kind", ""))
    try:
        return once_for(request, person, lambda: Answer(_opened(request, person, subject).get_absolute_url()))
    except KeyReused:
        return _show_choices(request, person, subject, request.POST.get("kind", ""), str(SENT_BEFORE))
    except (Refused, NotAnAnswer) as problem:
        words = str(problem.findings[0].message) if isinstance(problem, Refused) else str(problem)
        return _show_choices(request, person, subject, request.POST.get("kind", ""), words)


def _opened(request: HttpRequest, person: Account, subject: Subject) -> Page:
    asked, request_id = request.POST, request.request_id  # type: ignore[attr-defined]
    log, kind = asked.get("log", ""), asked.get("kind", "")
    if log in log_forms(person, subject.site.code):
        return open_log(subject, log, by=person, request_id=request_id)
    if kind not in {visit.code for visit in events_open_to(subject, person)}:
        said = _("This visit is there already, or is none that you can add.")
        raise Refused([Finding("kind", said, Severity.REFUSED, value=kind)])
    form = asked.get("form", "")
    return open_event(subject, kind, _day(asked.get("day", "")), by=person, form=form, request_id=request_id)


def _day(typed: str) -> date:
    """A full day, as it may be typed on a form. Raises NotAnAnswer."""
    found = read_partial_date(typed.strip())
    if not found.is_full:
        raise NotAnAnswer(_("A full date is needed here, like 2025-08-05."))
    return found.earliest


def _show_choices(
    request: HttpRequest, person: Account, subject: Subject, kind: str, problem: str = ""
) -> HttpResponse:
    site = subject.site.code
    screen = OpeningScreen(
        subject=subject,
        events=events_open_to(subject, person),
        forms=visit_forms(person, site),
        logs=log_forms(person, site),
        kind=kind,
        typed=request.POST.get("day", ""),
        form=request.POST.get("form", ""),
        problem=problem,
    )
    frame = shell(person, [subject.site], here="add", subject=subject)
    return show(request, "add.html", screen, frame, UNREADABLE if problem else 200)
