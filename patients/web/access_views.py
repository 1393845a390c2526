"""The screens about access: who had it on a day, its review each quarter, and who may do what."""

from datetime import date

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control

from patients.entry.idempotency import Answer, KeyReused
from patients.web.access_presenter import access_screen, policy_screen, review_screen
from patients.web.once import SENT_BEFORE, once_for
from patients.web.shell import person_of, shell, show
from patients.web.trail_filters import day_of
from trial.people.access import sites_of
from trial.people.access_list import access_on, export_access, sites_listed_for
from trial.people.access_review import record_review
from trial.people.models import Account, Site
from trial.people.needs import needs, signed_in
from trial.people.roles import Permission
from trial.protocol.study import site_today

private = cache_control(private=True, no_store=True)


@needs(Permission.READ_ACCESS)
@private
def access(request: HttpRequest) -> HttpResponse:
    """Who had access on a day, today unless another is asked for."""
    person = person_of(request)
    sites = sites_listed_for(person)
    on, site, among = _asked(request, sites)
    screen = access_screen(access_on(on, among), on, sites, site, person)
    return show(request, "people/access.html", screen, shell(person, sites_of(person), here="access"))


@needs(to_post=Permission.READ_ACCESS)
@private
def access_csv(request: HttpRequest) -> HttpResponse:
    """The same as CSV; that it was taken out is on record before it leaves."""
    person = person_of(request)
    on, _site, among = _asked(request, sites_listed_for(person))
    named = {"Content-Disposition": f'attachment; filename="access-{on}.csv"'}
    content = export_access(on, among, by=person, request=request)
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=named)


@needs(Permission.READ_ACCESS, to_post=Permission.MANAGE_ACCOUNTS)
@private
def review(request: HttpRequest) -> HttpResponse:
    """All access in force, to be looked at each quarter; a POST says that it was."""
    person = person_of(request)
    refused, remark = [], request.POST.get("remark", "").strip()
    if request.method == "POST":
        try:
            return once_for(request, person, lambda: _reviewed(request, person, remark))
        except ValidationError as error:
            refused = error.messages
        except KeyReused:
            refused = [str(SENT_BEFORE)]
    screen = review_screen(sites_listed_for(person), person, refused, remark)
    frame = shell(person, sites_of(person), here="access")
    return show(request, "people/access_review.html", screen, frame, 422 if refused else 200)


def _reviewed(request: HttpRequest, person: Account, remark: str) -> Answer:
    record_review(by=person, remark=remark, request=request)
    return Answer(location=reverse("access-review"))


@signed_in("GET")
@private
def who_may(request: HttpRequest) -> HttpResponse:
    """The policy in force: roles and rights, and what each address asks for."""
    person: Account = person_of(request)
    frame = shell(person, sites_of(person), here="who-may")
    return show(request, "people/who_may.html", policy_screen(), frame)


def _asked(request: HttpRequest, sites: list[Site]) -> tuple[date, str, list[Site]]:
    """The day and the site that were asked for; a site that the person does not see is absent."""
    code = request.GET.get("site", "")
    among = [site for site in sites if code in ("", site.code)]
    if code and not among:
        raise Http404(code)
    return _day(request.GET.get("on", "")), code, among


def _day(text: str) -> date:
    """A day that was typed, today without one. Raises BadRequest (400)."""
    return day_of(text) or site_today()
