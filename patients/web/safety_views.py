"""The safety of the subjects as a team and an ethics committee look at it."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from patients.casebook.page import Page
from patients.oversight.reconciliation import reconcile
from patients.web.reconciliation_presenter import reconciliation_screen
from patients.web.shell import person_of, shell, show
from trial.people.access import sites_where
from trial.people.needs import needs
from trial.people.roles import Permission

private = cache_control(private=True, no_store=True)


@needs(Permission.READ)
@private
def reconciliation(request: HttpRequest) -> HttpResponse:
    """Where events, reports of serious ones and deaths do not agree."""
    person = person_of(request)
    screen = reconciliation_screen(reconcile(Page.objects.for_person(person)))
    frame = shell(person, sites_where(person, Permission.READ), here="reconciliation")
    return show(request, "reconciliation.html", screen, frame)
