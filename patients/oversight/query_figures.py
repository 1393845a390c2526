"""How queries go at a site: open by age, per 100 pages, time to answer and to close, share that changed data.

Of each query the last time that it was open counts. What checks ask by themselves and what people ask are
told apart: the first close in seconds where a slip of the keyboard is put right.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count
from django.db.models.functions import Coalesce

from patients.casebook.page import Page
from patients.oversight.queries import OUTSTANDING, Query, QueryState


@dataclass(frozen=True, slots=True)
class Age:
    """A band of ages, in whole days since a query was opened; without `last` there is no end to it."""

    first: int
    last: int | None

    def holds(self, days: int) -> bool:
        return self.first <= days and (self.last is None or days <= self.last)


AGES = {"0-7": Age(0, 7), "8-14": Age(8, 14), "15-30": Age(15, 30), "31-": Age(31, None)}


@dataclass(frozen=True, slots=True)
class Figures:
    """The queries of a site that people, or checks, raised. Times are medians; None where there is nothing to
    take one of. `pages`: those on which something was saved."""

    site: str
    by_check: bool
    raised: int
    pages: int
    open_by_age: dict[str, int]
    answered: int
    to_answer: timedelta | None
    closed: int
    to_close: timedelta | None
    changed: int

    @property
    def per_100_pages(self) -> float | None:
        return 100 * self.raised / self.pages if self.pages else None

    @property
    def share_changed(self) -> float | None:
        """Of those that were closed, in which the data changed."""
        return self.changed / self.closed if self.closed else None


def query_figures(sites: Sequence[Any], now: datetime) -> list[Figures]:
    """The figures of these sites, two for each: of what people and of what checks asked."""
    saved = Page.objects.filter(subject__site__in=sites, version__gt=0).order_by()
    pages = dict(saved.values_list("subject__site__code").annotate(Count("pk")))
    found: dict[tuple[str, bool], list[_Told]] = {}
    for told in _told(sites):
        found.setdefault((told.site, told.by_check), []).append(told)
    return [
        _figures(site.code, by_check, found.get((site.code, by_check), []), pages.get(site.code, 0), now)
        for site in sites
        for by_check in (False, True)
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    """What the figures need of one query."""

    site: str
    by_check: bool
    state: str
    opened: datetime
    answered: datetime | None
    closed: datetime | None
    changed: bool


def _told(sites: Iterable[Any]) -> list[_Told]:
    at = Coalesce("page__subject__site__code", "visit__subject__site__code", "subject__site__code")
    rows = Query.objects.at(sites).order_by().annotate(at_site=at)
    columns = ("at_site", "raised_by", "state", "opened_at", "answered_at", "closed_at", "changed_data")
    return [
        _Told(site, raised_by is None, state, opened, answered, closed, bool(changed))
        for site, raised_by, state, opened, answered, closed, changed in rows.values_list(*columns)
    ]


def _figures(site: str, by_check: bool, told: list[_Told], pages: int, now: datetime) -> Figures:
    waiting = [(now - each.opened).days for each in told if each.state in OUTSTANDING]
    answers = [each.answered - each.opened for each in told if each.answered]
    ended = [each for each in told if each.state == QueryState.CLOSED]
    closes = [each.closed - each.opened for each in ended if each.closed]
    return Figures(
        site=site,
        by_check=by_check,
        raised=len(told),
        pages=pages,
        open_by_age={name: sum(map(age.holds, waiting)) for name, age in AGES.items()},
        answered=len(answers),
        to_answer=_middle(answers),
        closed=len(ended),
        to_close=_middle(closes),
        changed=sum(each.changed for each in ended),
    )


def _middle(times: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(each.total_seconds() for each in times)) if times else None
