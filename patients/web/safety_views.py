"""The safety of the subjects as a team and an ethics committee look at it."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control

from patients.casebook.page import Page
from patients.oversight.adjudication import to_adjudicate
from patients.oversight.pregnancies import pregnancies
from patients.oversight.reconciliation import reconcile
from patients.oversight.safety_clocks import running_clocks
from patients.oversight.safety_mail import told_of
from patients.web.adjudication_presenter import adjudication_screen
from patients.web.lists_as_csv import list_as_csv
from patients.web.reconciliation_presenter import reconciliation_screen
from patients.web.safety_presenter import ClockLine, clock_lines, headings, safety_screen
from patients.web.shell import person_of, shell, show
from patients.web.signature_presenter import signed_in_words
from trial.people.access import holds, sites_where
from trial.people.models import Account
from trial.people.needs import needs
from trial.people.roles import Permission
from trial.people.safety_contacts import SafetyContact
from trial.protocol.study import site_today

private = cache_control(private=True, no_store=True)


@needs(Permission.READ)
@private
def safety(request: HttpRequest) -> HttpResponse:
    """The clocks of serious events that run at the sites of the person, or those of pregnancies if they are
    asked for, and every pregnancy with what is waited for."""
    person = person_of(request)
    sites = sites_where(person, Permission.READ)
    told = set(SafetyContact.objects.in_force().filter(site__in=sites).values_list("site_id", flat=True))
    found = pregnancies(Page.objects.for_person(person))
    screen = safety_screen(
        _lines(person),
        [site for site in sites if site.pk not in told],
        found,
        is_narrowed=bool(found) and request.GET.get("only") == "pregnancy",
        may_read_results=holds(person, Permission.READ_RESULTS),
    )
    return show(request, "safety.html", screen, shell(person, sites, here="safety"))


@needs(to_post=Permission.READ)
@private
def safety_file(request: HttpRequest) -> HttpResponse:
    """The same as CSV. It is asked for by POST, since it leaves a record."""
    person = person_of(request)
    codes = [site.code for site in sites_where(person, Permission.READ)]
    lines = _lines(person)
    signed = signed_in_words(line.page for line in lines)
    cells = ([*line.cells, signed.get(line.page, "")] for line in lines)
    return list_as_csv("safety.exported", request, "safety-clocks", headings(), cells, sites=codes)


def _lines(person: Account) -> list[ClockLine]:
    clocks = running_clocks(Page.objects.for_person(person))
    return clock_lines(clocks, told_of(clocks), timezone.now())


@needs(Permission.READ)
@private
def reconciliation(request: HttpRequest) -> HttpResponse:
    """Where events, reports of serious ones and deaths do not agree."""
    person = person_of(request)
    screen = reconciliation_screen(reconcile(Page.objects.for_person(person)))
    frame = shell(person, sites_where(person, Permission.READ), here="safety")
    return show(request, "reconciliation.html", screen, frame)


@needs(Permission.READ)
@private
def adjudication(request: HttpRequest) -> HttpResponse:
    """The infused subjects, with what is adjudicated of them as dose-limiting toxicity."""
    person = person_of(request)
    today = site_today()
    screen = adjudication_screen(to_adjudicate(Page.objects.for_person(person), today), today)
    frame = shell(person, sites_where(person, Permission.READ), here="safety")
    return show(request, "adjudication.html", screen, frame)
