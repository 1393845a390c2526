"""The screen of metrics: how the sites of a person go, and how far the study is."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control

from patients.oversight.site_metrics import metrics_of
from patients.web.metrics_presenter import MetricsPresenter, MetricsScreen, site_options
from patients.web.shell import person_of, shell, show
from trial.people.access import holds, sites_where
from trial.people.needs import needs
from trial.people.roles import Permission
from trial.protocol.configuration import setting
from trial.protocol.study import SITE_ZONE

private = cache_control(private=True, no_store=True)


@needs(Permission.READ)
@private
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of the sites at which the person reads, or of one of them."""
    person = person_of(request)
    sites, wanted = sites_where(person, Permission.READ), request.GET.get("site", "")
    among = [site for site in sites if site.code == wanted] or sites
    planned = setting("planned_enrolment")
    presenter = MetricsPresenter(
        metrics_of(among, timezone.now().astimezone(SITE_ZONE)),
        planned if isinstance(planned, int) else None,
        reads_trail=holds(person, Permission.REVIEW_TRAIL),
    )
    chosen = among[0].code if len(among) == 1 else ""
    screen = MetricsScreen(site_options([site.code for site in sites], chosen), presenter.sections())
    return show(request, "metrics.html", screen, shell(person, sites, here="metrics"))
