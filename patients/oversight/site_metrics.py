"""How the sites go: the figures of the screen of metrics, each read for all sites at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from patients.casebook.page import Page
from patients.oversight.entry_lag import SiteLag, site_lags
from patients.oversight.query_figures import Figures, query_figures
from patients.oversight.recruitment import Months, enrolled_by_month
from patients.oversight.verification_progress import Dimension, Progress, progress
from patients.schedule.due import late_pages
from trial.people.models import Site


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures of some sites as of a moment. `overdue` counts pages by site."""

    sites: list[str]
    months: Months
    lags: list[SiteLag]
    queries: list[Figures]
    verified: dict[str, Progress]
    overdue: dict[str, int]


def metrics_of(sites: Sequence[Site], now: datetime) -> Metrics:
    """The figures of these sites; the day is that of `now`, at the site. As many statements however many
    sites, subjects and pages there are."""
    codes = [site.code for site in sites]
    return Metrics(
        sites=codes,
        months=enrolled_by_month(sites, now.date()),
        lags=site_lags(codes),
        queries=query_figures(sites, now),
        verified={each.name: each for each in progress(codes, Dimension.SITE)},
        overdue=_overdue(sites, now),
    )


def _overdue(sites: Sequence[Site], now: datetime) -> dict[str, int]:
    late = late_pages(Page.objects.filter(subject__site__in=sites), now.date())
    return dict(late.values_list("subject__site__code").annotate(Count("pk")))
