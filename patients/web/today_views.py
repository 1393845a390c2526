"""The first screen of a day, and each of its work lists in full."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import cache_control

from patients.casebook.page import Page, Subject
from patients.entry.doubles import Pair, open_doubles
from patients.entry.drafts import drafts_of
from patients.entry.opening import sites_to_enter_at
from patients.oversight.recruitment import recruitment
from patients.oversight.review import waiting_at
from patients.oversight.safety_clocks import running_clocks
from patients.oversight.safety_glance import grave_events
from patients.oversight.work import Work
from patients.web.clocks import local_now
from patients.web.coding_work import terms_to_code
from patients.web.doubles_presenter import double_lines
from patients.web.shell import person_of, shell, show
from patients.web.today_presenter import (
    TodayScreen,
    clock_lines,
    draft_lines,
    grave_lines,
    greeting,
    progress_of,
    review_lines,
)
from patients.web.work_presenter import FIRST_ROWS, MOST_ROWS, WorkList, kinds_of, opening_lines, work_list
from trial.people.access import holds, sites_where
from trial.people.models import Account
from trial.people.needs import needs, signed_in
from trial.people.roles import Permission
from trial.protocol.configuration import setting

private = cache_control(private=True, no_store=True)

_STARTS = ((Permission.READ_RESULTS, "locks"), (Permission.MANAGE_ACCOUNTS, "people"))


@signed_in("GET")
@private
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the person; whoever sees no subjects is taken to where he or she has work."""
    person = person_of(request)
    if not holds(person, Permission.READ):
        held = (name for right, name in _STARTS if holds(person, right))
        return redirect(next(held, "who-may"))
    sites = sites_where(person, Permission.READ)
    return show(request, "today.html", _today(person), shell(person, sites, here="home"))


def _today(person: Account) -> TodayScreen:
    now, planned = local_now(), setting("planned_enrolment")
    work = Work(person, now.date())
    lists = [*(work_list(kind, work) for kind in kinds_of(work)), *_to_code(person)]
    pages, doubles = Page.objects.for_person(person), _doubles(person)
    return TodayScreen(
        day=work.on,
        greeting=greeting(lists, _closing(work, lists), len(doubles)),
        lists=lists,
        soon=opening_lines(work) if holds(person, Permission.ENTER) else [],
        progress=progress_of(recruitment(sites_where(person, Permission.READ), work.on)),
        planned=planned if isinstance(planned, int) else None,
        grave=grave_lines(grave_events(pages, work.on)),
        clocks=clock_lines(running_clocks(pages), now),
        drafts=draft_lines(drafts_of(person)[:FIRST_ROWS]),
        reviews=review_lines(_waiting(person)),
        doubles=double_lines(doubles[:FIRST_ROWS]),
        doubles_count=len(doubles),
    )


def _to_code(person: Account) -> list[WorkList]:
    """The terms that wait, for whoever codes."""
    sites = [site.code for site in sites_where(person, Permission.CODE)]
    return [terms_to_code(sites, local_now())] if sites else []


def _doubles(person: Account) -> list[Pair]:
    """The subjects that may be one person, for whoever enters subjects or brings them in."""
    sites = {*sites_to_enter_at(person), *sites_where(person, Permission.IMPORT)}
    return open_doubles(Subject.objects.filter(site__in=sites)) if sites else []


def _closing(work: Work, lists: list[WorkList]) -> int:
    """The visits whose window closes today, for whoever fills them in."""
    return work.visits_closing().count() if any(each.name == "window" for each in lists) else 0


def _waiting(person: Account) -> dict[str, int]:
    """The acts that wait for the review of somebody who reviews, by site."""
    sites = sites_where(person, Permission.MARK_REVIEWED)
    return {site.code: waiting_at(site.code, by=person) for site in sites}


@needs(Permission.READ)
@private
def work(request: HttpRequest, kind: str) -> HttpResponse:
    """One work list, of all subjects or of one."""
    person = person_of(request)
    asked = Work(person, local_now().date())
    found = {each.name: each for each in kinds_of(asked)}
    if kind not in found:
        raise Http404(kind)
    subject = request.GET.get("subject", "").replace("\0", "").strip()
    screen = work_list(found[kind], asked, MOST_ROWS, subject)
    frame = shell(person, sites_where(person, Permission.READ), here="home")
    return show(request, "work.html", {"list": screen, "subject": subject}, frame)
