"""A monitor's visit on screen: what has come since the last one, its rows, and the closed visits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.entry.closing_visit import Shown
from patients.oversight.monitoring_visits import MonitoringVisit, VisitKind, Whose
from patients.oversight.since_visit import REGISTERED, WAITING, Figure
from patients.web.clocks import full_day, moment
from patients.web.monitoring_rows import TITLES, cells_of, heads_of, urls_of
from patients.web.trail_filters import BETWEEN
from patients.web.trail_presenter import Option
from trial.people.models import Site
from trial.trail.reading import EXPLAINED

MOST_ROWS = 200
_WHOSE: dict[Whose, Promise] = {
    Whose.MINE: gettext_lazy("my last visit"),
    Whose.ANY: gettext_lazy("the last visit of any monitor"),
}


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure with the address of its rows."""

    name: str
    title: str
    count: int
    url: str
    here: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class RowLine:
    """A row behind a figure; the first of its cells leads to it."""

    url: str
    first: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of the figure that was chosen. `list_url`: where the same rows are filtered further."""

    title: str
    heads: list[str]
    rows: list[RowLine]
    more: int
    list_url: str


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """A visit that was closed, and where its report is made."""

    days: str
    kind: str
    by: str
    closed: str
    figures: list[tuple[str, int]]
    actions: list[str]
    report_url: str


@dataclass(frozen=True, slots=True)
class MonitoringScreen:
    """Everything that the template of a visit says."""

    site: Site
    sites: list[tuple[str, str]]
    """Where there are several: the code and the address of each."""
    since: str
    shown: Shown
    whose: list[Option]
    lines: list[FigureLine]
    table: Table
    closed: list[ClosedLine]
    may_close: bool
    kinds: list[Option]
    typed: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()


def figure_lines(shown: Shown, counts: Mapping[Figure, int], chosen: Figure) -> list[FigureLine]:
    here = reverse("monitoring-visit", args=[shown.period.site])
    return [
        FigureLine(
            figure.value,
            str(TITLES[figure]),
            counts[figure],
            f"{here}?{urlencode({'whose': shown.whose.value, 'show': figure.value})}#h-rows",
            figure is chosen,
            figure in WAITING,
        )
        for figure in Figure
    ]


def table_of(figure: Figure, rows: list[Any], count: int, shown: Shown, names: Mapping[str, str]) -> Table:
    """The rows of a figure, of which `count` there are."""
    lines = []
    for row, url in zip(rows, urls_of(figure, rows), strict=True):
        first, *cells = cells_of(figure, row, names)
        lines.append(RowLine(url, first, cells))
    title = str(TITLES[figure])
    return Table(title, heads_of(figure), lines, count - len(lines), list_url(figure, shown))


def list_url(figure: Figure, shown: Shown) -> str:
    """Where the rows stand among others and can be filtered; empty where no list has them."""
    period = shown.period
    if figure in (Figure.CORRECTED, Figure.SUBJECTS):
        kind = EXPLAINED if figure is Figure.CORRECTED else REGISTERED
        since = f"{period.after}{BETWEEN}{period.up_to}"
        asked = {"site": period.site, "kind": kind, "since": since, "count": "1"}
        return f"{reverse('trail-of-sites')}?{urlencode(asked)}"
    if figure is Figure.ANSWERED:
        return f"{reverse('queries')}?{urlencode({'site': period.site, 'state': 'answered'})}"
    if figure is Figure.DEVIATIONS:
        return f"{reverse('deviations')}?{urlencode({'site': period.site})}"
    return ""


def site_tabs(sites: list[Site]) -> list[tuple[str, str]]:
    several = sites if len(sites) > 1 else []
    return [(site.code, reverse("monitoring-visit", args=[site.code])) for site in several]


def since_in_words(last: MonitoringVisit | None) -> str:
    """Since when it is looked."""
    if last is None:
        return _("No visit was closed before: everything since the beginning.")
    named = {"ended": full_day(last.ended), "who": last.by_name or last.by, "at": moment(last.at)}
    return _("Since the visit that ended on %(ended)s, closed by %(who)s, %(at)s.") % named


def whose_options(chosen: Whose) -> list[Option]:
    return [Option(each.value, str(words), each is chosen) for each, words in _WHOSE.items()]


def kind_options(chosen: str) -> list[Option]:
    return [Option(value, str(label), value == chosen) for value, label in VisitKind.choices]


def closed_lines(visits: Iterable[MonitoringVisit]) -> list[ClosedLine]:
    return [
        ClosedLine(
            days=days_in_words(visit),
            kind=str(VisitKind(visit.kind).label),
            by=visit.by_name or visit.by,
            closed=moment(visit.at),
            figures=[(str(TITLES[each]), visit.figures[each]) for each in Figure],
            actions=visit.actions.splitlines(),
            report_url=reverse("visit-report", args=[visit.site, visit.pk]),
        )
        for visit in visits
    ]


def days_in_words(visit: MonitoringVisit) -> str:
    if visit.began == visit.ended:
        return full_day(visit.began)
    return _("%(began)s to %(ended)s") % {"began": full_day(visit.began), "ended": full_day(visit.ended)}
