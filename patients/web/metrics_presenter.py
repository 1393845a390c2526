"""The metrics of sites and study on screen: figures drawn by the server above tables of the same numbers, in
which each number is a link to its rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from patients.oversight.query_figures import AGES
from patients.oversight.site_metrics import Metrics
from patients.oversight.verification_progress import Dimension, Progress
from patients.web.plots import BarPlot, Given, MonthPlot, bar_plot, month_plot
from patients.web.queries_presenter import AGES_IN_WORDS
from patients.web.query_figures_presenter import Figure, figures_screen
from patients.web.subjects_filters import ENROLLED, UNTIL
from patients.web.trail_presenter import Option

NONE = "–"


@dataclass(frozen=True, slots=True)
class MetricRow:
    label: str
    cells: list[Figure]


@dataclass(frozen=True, slots=True)
class Section:
    """One subject of the screen: its picture, if there is anything to draw, and its table."""

    name: str
    title: str
    note: str
    heads: list[str]
    rows: list[MetricRow]
    months: MonthPlot | None = None
    bars: BarPlot | None = None


@dataclass(frozen=True, slots=True)
class MetricsScreen:
    """Everything that the template says."""

    sites: list[Option]
    sections: list[Section]


class MetricsPresenter:
    """Makes the sections. `planned` is the number of subjects that the whole study plans to enrol;
    `reads_trail`: the person may follow the delay of entry to the forms."""

    def __init__(self, found: Metrics, planned: int | None, *, reads_trail: bool) -> None:
        self.found, self.planned, self.reads_trail = found, planned, reads_trail

    def sections(self) -> list[Section]:
        return [
            self._recruitment(),
            self._delay(),
            self._queries(),
            self._verification(),
            self._overdue(),
        ]

    # --- recruitment -------------------------------------------------------------------------------------
    def _recruitment(self) -> Section:
        found = self.found.months
        sums = list(zip(found, accumulate(month.total() for month in found.values()), strict=True))
        total = sums[-1][1] if sums else 0
        title, named = _("Recruitment against plan"), {"enrolled": total, "planned": self.planned}
        if self.planned:
            note = _("%(enrolled)s enrolled here, of %(planned)s planned in the whole study.") % named
        else:
            note = _("%(enrolled)s enrolled here; no planned number is recorded.") % named
        plot = month_plot("recruitment", title, note, sums, self.planned) if sums else None
        note += " " + _("The table names the months in which somebody was enrolled.") if sums else ""
        rows = [self._month(month, so_far) for month, so_far in sums if found[month].total()]
        rows += [self._enrolled_in_all(total)] if sums else []
        heads = [_("Month"), *self.found.sites, _("All"), _("So far")]
        return Section("recruitment", title, note, heads, rows, months=plot)

    def _month(self, month: date, so_far: int) -> MetricRow:
        found, text = self.found.months[month], f"{month:%Y-%m}"
        cells = [_enrolled(found[site], text, site) for site in self.found.sites]
        everywhere = self._of_all(found.total(), text)
        return MetricRow(text, [*cells, everywhere, self._of_all(so_far, UNTIL + text)])

    def _enrolled_in_all(self, total: int) -> MetricRow:
        by_site = [
            (site, sum(month[site] for month in self.found.months.values())) for site in self.found.sites
        ]
        cells = [_enrolled(count, ENROLLED, site) for site, count in by_site]
        return MetricRow(_("All"), [*cells, self._of_all(total, ENROLLED), self._of_all(total, ENROLLED)])

    def _of_all(self, count: int, when: str) -> Figure:
        """Of one site its own; of several those of the person's list of subjects."""
        return _enrolled(count, when, self.found.sites[0] if len(self.found.sites) == 1 else "")

    # --- the other figures -------------------------------------------------------------------------------
    def _delay(self) -> Section:
        title = _("Delay of entry")
        note = _("Median days from the assessment to its first entry, of all pages and rows.")
        given = [Given(each.site, [max(each.median or 0, 0)], _days(each.median)) for each in self.found.lags]
        rows = [
            MetricRow(
                each.site,
                [self._lag(each.site, each.count, text) for text in (_days(each.median), str(each.count))],
            )
            for each in self.found.lags
        ]
        heads = [_("Site"), _("Median, days"), _("Entered")]
        return Section("delay", title, note, heads, rows, bars=bar_plot("delay", title, note, given))

    def _lag(self, site: str, count: int, text: str) -> Figure:
        leads = bool(count) and self.reads_trail
        return Figure(text, _to("entry-lag", site=site) if leads else "")

    def _queries(self) -> Section:
        title = _("Queries")
        note = _("Not closed, by days since they were opened, of people and of checks; times are medians.")
        given = []
        for site in self.found.sites:
            mine = [each for each in self.found.queries if each.site == site]
            parts = [sum(each.open_by_age[age] for each in mine) for age in AGES]
            given.append(Given(site, parts, str(sum(parts))))
        keys = [_("%(days)s days") % {"days": AGES_IN_WORDS[age]} for age in AGES]
        heads = [
            _("Site"), _("Raised"), _("per 100 pages"), *keys, _("Median time to answer (of)"),
            _("Median time to close (of)"),
        ]  # fmt: skip
        rows = [
            MetricRow(
                f"{row.site}, {row.asked_by}",
                [
                    row.raised,
                    Figure(row.per_100_pages, row.raised.url),
                    *row.by_age,
                    row.to_answer,
                    row.to_close,
                ],
            )
            for row in figures_screen(self.found.queries).rows
        ]
        return Section(
            "queries", title, note, heads, rows, bars=bar_plot("queries", title, note, given, keys=keys)
        )

    def _verification(self) -> Section:
        title = _("Source verification")
        note = _("Share of the values of the plan that are verified, in per cent.")
        shares = [(site, self.found.verified.get(site)) for site in self.found.sites]
        given = [Given(site, [share_done(each) or 0], _percent(each)) for site, each in shares]
        rows = [MetricRow(site, _verified(site, each)) for site, each in shares]
        heads = [_("Site"), "%", _("Verified"), _("Planned"), _("Pages that wait")]
        plot = bar_plot("verification", title, note, given, longest=100)
        return Section("verification", title, note, heads, rows, bars=plot)

    def _overdue(self) -> Section:
        title, note = _("Overdue pages"), _("Pages that are waited for and whose window has closed.")
        counts = [(site, self.found.overdue.get(site, 0)) for site in self.found.sites]
        given = [Given(site, [count], str(count)) for site, count in counts]
        rows = [
            MetricRow(site, [Figure(str(count), _to("due", site=site, late="Y") if count else "")])
            for site, count in counts
        ]
        heads = [_("Site"), _("Overdue")]
        return Section("overdue", title, note, heads, rows, bars=bar_plot("overdue", title, note, given))


def site_options(sites: Iterable[str], chosen: str) -> list[Option]:
    return [Option(site, site, site == chosen) for site in sites]


def share_done(found: Progress | None) -> float | None:
    """Per cent of the values of the plan that are verified; None where nothing is planned."""
    planned = found.critical + found.others if found else 0
    return 100 * (found.critical_done + found.others_done) / planned if found and planned else None


def _percent(found: Progress | None) -> str:
    share = share_done(found)
    return NONE if share is None else f"{share:.1f}"


def _verified(site: str, found: Progress | None) -> list[Figure]:
    if found is None:
        return [Figure(NONE), Figure("0"), Figure("0"), Figure("0")]
    url = _to("verification", site=site, by=Dimension.SUBJECT.value)
    done, planned = found.critical_done + found.others_done, found.critical + found.others
    return [Figure(text, url) for text in (_percent(found), str(done), str(planned), str(found.waiting))]


def _enrolled(count: int, when: str, site: str) -> Figure:
    asked = {"enrolled": when} | ({"site": site} if site else {})
    return Figure(str(count), _to("subjects", **asked) if count else "")


def _days(median: float | None) -> str:
    return NONE if median is None else f"{median:g}"


def _to(name: str, **asked: str) -> str:
    return f"{reverse(name)}?{urlencode(asked)}"
