"""How long after an assessment it was first entered: clinical time and time of entry (TS-04).

A page has the lag of its date of assessment to its first save. The rows of a log (adverse events, medication,
infections) are entered one by one over months: each has the lag of its own dating item to its own first save.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from django.db.models import Min

from patients.casebook.answers import local_day
from patients.casebook.form import FormRow, Repeat, declared_forms
from patients.casebook.page import Page
from trial.protocol.study import SITE_ZONE
from trial.trail.models import TrailChange, TrailEvent

SAVED = "page.saved"


@dataclass(frozen=True, slots=True)
class Lag:
    """Days from the assessment to the first entry, of the pages of a form at a site or, with `by_row`, of its
    rows. What was entered before its date has a negative lag and is counted in `early`; what was transcribed
    from paper, where a long lag has its reason, in `from_paper`."""

    site: str
    form: str
    count: int
    median: float
    longest: int
    early: int
    from_paper: int = 0
    by_row: bool = False


Timed = Iterator[tuple[str, str, date, datetime, bool]]
"""Site and form, when it was assessed, when it was first entered, and whether its page is from paper."""


@dataclass(frozen=True, slots=True)
class SiteLag:
    """The same of all pages and rows of a site: how many, and the median of their days; None without any."""

    site: str
    count: int
    median: float | None


def entry_lags(sites: Iterable[str]) -> list[Lag]:
    """The lag by site and form, of all pages with a date of assessment and all rows with one of their own."""
    dated_by_row = _dated_by_row()
    days: dict[tuple[str, str], list[int]] = defaultdict(list)
    on_paper: Counter[tuple[str, str]] = Counter()
    for site, form, assessed, entered, from_paper in _timed(sites, dated_by_row):
        days[site, form].append(days_between(assessed, entered))
        on_paper[site, form] += from_paper
    return [
        _lag(site, form, found, on_paper[site, form], form in dated_by_row)
        for (site, form), found in sorted(days.items())
    ]


def site_lags(sites: Iterable[str]) -> list[SiteLag]:
    """The lag of each of these sites, whatever the form, in their order."""
    days: dict[str, list[int]] = {site: [] for site in sites}
    for site, _form, assessed, entered, _from_paper in _timed(days, _dated_by_row()):
        days[site].append(days_between(assessed, entered))
    return [SiteLag(site, len(found), median(found) if found else None) for site, found in days.items()]


def _dated_by_row() -> dict[str, type[FormRow]]:
    return {model.form.code: model for model in declared_forms() if is_dated_by_row(model)}


def _timed(sites: Iterable[str], dated_by_row: dict[str, type[FormRow]]) -> Timed:
    within = sorted(sites)
    yield from _pages(within, dated_by_row)
    yield from _rows(within, dated_by_row)


def is_dated_by_row(model: type[FormRow]) -> bool:
    """Whether each row of a form says itself when it happened."""
    return model.form.repeat is Repeat.ROWS and bool(model.form.dated_by)


def days_between(assessed: date, entered: datetime) -> int:
    """Whole days at the site from an assessment to its entry."""
    return (entered.astimezone(SITE_ZONE).date() - assessed).days


def _pages(sites: list[str], dated_by_row: Iterable[str]) -> Timed:
    saves = TrailEvent.objects.filter(site__in=sites, action=SAVED).order_by()
    first = saves.values_list("subject", "visit", "form").annotate(Min("at"))
    entered = {(subject, visit, form): at for subject, visit, form, at in first}
    pages = Page.objects.filter(subject__site__code__in=sites, form_date__isnull=False).order_by()
    pages = pages.exclude(form_code__in=dated_by_row)
    named = pages.values_list(
        "subject__site__code", "subject__code", "visit__code", "form_code", "form_date", "recorded"
    )
    for site, subject, visit, form, assessed, recorded in named:
        at = entered.get((subject, visit or "", form))
        if at is not None and assessed is not None:
            yield site, form, assessed, at, bool(recorded)


def _rows(sites: list[str], dated_by_row: dict[str, type[FormRow]]) -> Timed:
    entered = _first_entries_of_rows(sites, dated_by_row)
    for form, model in dated_by_row.items():
        rows: Any = model.objects.filter(page__subject__site__code__in=sites).order_by()
        place = ("page__subject__site__code", "page__subject__code", "page__visit__code", "row_key")
        told = rows.values_list(*place, model.form.dated_by, "page__recorded")
        for site, subject, visit, key, value, recorded in told:
            assessed, at = local_day(value), entered.get((subject, visit or "", form, key))
            if assessed is not None and at is not None:
                yield site, form, assessed, at, bool(recorded)


def _first_entries_of_rows(
    sites: list[str], forms: Iterable[str]
) -> dict[tuple[str, str, str, str], datetime]:
    """When each row was first saved. An item that was derived on another page (`FORM@VISIT.item`) is none of
    the rows of the event's own page."""
    saved = TrailChange.objects.filter(
        event__site__in=sites, event__action=SAVED, event__form__in=list(forms)
    )
    rows = saved.exclude(row_key="").exclude(item__contains="@").order_by()
    place = ("event__subject", "event__visit", "event__form", "row_key")
    first = rows.values_list(*place).annotate(Min("event__at"))
    return {(subject, visit, form, key): at for subject, visit, form, key, at in first}


def _lag(site: str, form: str, days: list[int], from_paper: int, by_row: bool) -> Lag:
    early = sum(day < 0 for day in days)
    return Lag(site, form, len(days), median(days), max(days), early, from_paper, by_row)
