"""How long after an assessment its page was first entered: clinical time and time of entry (TS-04)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from django.db.models import Min

from patients.casebook.page import Page
from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailEvent


@dataclass(frozen=True, slots=True)
class Lag:
    """Days from the date of assessment to the first entry of the pages of a form at a site. A page that was
    entered before its date of assessment has a negative lag and is counted in `early`."""

    site: str
    form: str
    pages: int
    median: float
    longest: int
    early: int


def entry_lags(sites: Iterable[str]) -> list[Lag]:
    """The lag by site and form, of all pages with a date of assessment."""
    within = sorted(sites)
    entered = _first_entries(within)
    pages = Page.objects.filter(subject__site__code__in=within, form_date__isnull=False).order_by()
    days: dict[tuple[str, str], list[int]] = defaultdict(list)
    named = pages.values_list("subject__site__code", "subject__code", "visit__code", "form_code", "form_date")
    for site, subject, visit, form, assessed in named:
        first = entered.get((subject, visit or "", form))
        if first is not None and assessed is not None:
            days[site, form].append(days_between(assessed, first))
    return [_lag(site, form, found) for (site, form), found in sorted(days.items())]


def days_between(assessed: date, entered: datetime) -> int:
    """Whole days at the site from an assessment to its entry."""
    return (entered.astimezone(SITE_ZONE).date() - assessed).days


def _first_entries(sites: list[str]) -> dict[tuple[str, str, str], datetime]:
    saves = TrailEvent.objects.filter(site__in=sites, action="page.saved").order_by()
    first = saves.values_list("subject", "visit", "form").annotate(Min("at"))
    return {(subject, visit, form): at for subject, visit, form, at in first}


def _lag(site: str, form: str, days: list[int]) -> Lag:
    return Lag(site, form, len(days), median(days), max(days), sum(day < 0 for day in days))
