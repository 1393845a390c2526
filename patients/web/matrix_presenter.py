"""The pages of a subject as a matrix: forms as rows under headings, visits as columns grouped by clock.

Visits of a series (C1..C14, the daily counts after the graft, the weekly looks for acute GVHD) stand in one
column, whose cell says what is most pressing among its pages, until the reader asks for each day.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.casebook.form import form_model
from patients.casebook.page import DONE, Page, Visit, VisitState
from patients.schedule.due import is_expected
from patients.schedule.plan import DIED, clock_label
from patients.web.clocks import short_day
from patients.web.states import StateMark, state_of
from trial.protocol.visits import FORM_ORDER, LYMPHODEPLETION_DAYS, Clock, protocol_position, visit_type

CLOCK_CLASS = {Clock.CONSENT: "", Clock.CAR_T: "car", Clock.HSCT: "hsct", Clock.EVENT: ""}
_CLOCKS = tuple(CLOCK_CLASS)
_SERIES = re.compile(r"LD\d+|C(?:[1-9]|1[0-4])|H\d+d|G\d+|S\d+|LT\d+")
"""Visits of which many follow each other with the same pages."""

_URGENCY = ("query", "overdue", "progress", "empty", "window", "na", "complete", "signed", "frozen", "locked")
"""The states of pages, the most pressing first: the one that stands for a series."""

SECTIONS: tuple[tuple[Promise, frozenset[str]], ...] = (
    (gettext_lazy("Course"), frozenset({"VS", "LAB", "KIN", "RESP", "CHIM", "ENG"})),
    (
        gettext_lazy("Toxicity and GVHD"),
        frozenset({"CRS", "ICANS", "HLH", "AGVHD", "CGVHD", "DLT", "AE", "SAE", "INFX"}),
    ),
    (
        gettext_lazy("Follow-up"),
        frozenset({"FU", "RLP", "SUBTX", "DTH", "EOS", "CM", "TRF", "PDEV"}),
    ),
    (
        gettext_lazy("Before and at treatment"),
        frozenset(
            {"ELIG", "DM", "DX", "PTHER", "PTX", "PCAR", "DONOR", "MFG", "REL", "LD", "INF", "HSCT"},
        ),
    ),
)
"""The headings of the rows, and the forms under each in the order of the protocol."""


@dataclass(frozen=True, slots=True)
class VisitColumn:
    """A visit, or a series of them, as a column: its code, its day on its clock, its window, the day for
    which it was planned and the one on which it was. `series`: it stands for several visits."""

    code: str
    label: str
    day: str
    window: str
    target: str
    actual: str
    is_outside: bool
    is_now: bool
    is_superseded: bool
    begins_group: bool
    series: bool = False


@dataclass(frozen=True, slots=True)
class ClockGroup:
    """The visits of one clock, side by side."""

    name: str
    title: str
    span: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A page in the matrix; without one the form is not part of the visit."""

    url: str = ""
    state: StateMark | None = None
    words: str = ""
    closed: str = ""
    begins_group: bool = False
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form as a row."""

    code: str
    title: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class MatrixSection:
    """Forms under one heading."""

    title: str
    lines: list[FormLine]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All that the matrix of a subject shows. `has_series`: days can be shown one by one or together."""

    groups: list[ClockGroup]
    columns: list[VisitColumn]
    sections: list[MatrixSection]
    logs: list[Cell]
    has_series: bool
    each_day: bool = False

    @property
    def width(self) -> int:
        return len(self.columns)


def in_protocol_order(visits: Iterable[Visit]) -> list[Visit]:
    """By clock, then as the protocol has them; those that an event opened by their day."""
    last_planned = protocol_position(f"LD{len(LYMPHODEPLETION_DAYS)}")

    def place(visit: Visit) -> tuple[int, int, date, str]:
        clock = visit_type(visit.code).clock
        position = 0 if clock is Clock.EVENT else protocol_position(visit.code) or last_planned
        return _CLOCKS.index(clock), position or 0, visit.target or date.max, visit.code

    return sorted(visits, key=place)


def is_of_series(visit: Visit) -> bool:
    """Whether many visits like this one follow each other."""
    return _SERIES.fullmatch(visit.code) is not None


def has_ended(page: Page) -> bool:
    """Whether death closed the visit of a page before anything was entered."""
    return page.visit is not None and page.visit.reason == DIED and not is_expected(page)


def matrix_of(pages: list[Page], today: date, *, each_day: bool = False) -> Matrix:
    """The matrix of these pages of one subject; `each_day` shows every visit of a series."""
    visits = in_protocol_order({page.visit for page in pages if page.visit is not None})
    series = _in_series(visits)
    together = [[visit] for visit in visits] if each_day else series
    drawn = _Matrix(pages, together, today)
    return Matrix(
        groups=_groups(together),
        columns=drawn.columns,
        sections=drawn.sections(),
        logs=drawn.logs(),
        has_series=any(len(each) > 1 for each in series),
        each_day=each_day,
    )


def _in_series(visits: Iterable[Visit]) -> list[list[Visit]]:
    """Each visit by itself, those of a series together."""
    found: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        found[re.sub(r"\d+", "#", visit.code) if is_of_series(visit) else visit.code].append(visit)
    return list(found.values())


def _groups(columns: list[list[Visit]]) -> list[ClockGroup]:
    titles = {
        Clock.CONSENT: _("Consent"),
        Clock.CAR_T: _("CAR-T clock"),
        Clock.HSCT: _("HSCT clock"),
        Clock.EVENT: _("Events"),
    }
    counted: dict[Clock, int] = defaultdict(int)
    for visits in columns:
        counted[visit_type(visits[0].code).clock] += 1
    return [ClockGroup(CLOCK_CLASS[clock], titles[clock], span) for clock, span in counted.items()]


# --- columns ---------------------------------------------------------------------------------------------
def _columns(together: list[list[Visit]], pages: list[Page], today: date) -> Iterator[VisitColumn]:
    actual: dict[int, date] = {}
    for page in pages:
        if page.visit_id is not None and page.form_date is not None:
            actual[page.visit_id] = min(page.form_date, actual.get(page.visit_id, page.form_date))
    clock = visit_type(together[0][0].code).clock if together else None
    for visits in together:
        column = _column_of(visits[0], actual.get(visits[0].pk), today)
        if len(visits) > 1:
            column = _column_of_series(column, visits, actual, today)
        yield replace(column, begins_group=visit_type(visits[0].code).clock is not clock)
        clock = visit_type(visits[0].code).clock


def _column_of(visit: Visit, actual: date | None, today: date) -> VisitColumn:
    return VisitColumn(
        code=visit.code,
        label=str(visit_type(visit.code).label),
        day=_day_of(visit),
        window=_window_of(visit),
        target=short_day(visit.target),
        actual=short_day(actual),
        is_outside=_is_outside(visit, actual),
        is_now=_is_now(visit, today),
        is_superseded=visit.state == VisitState.SUPERSEDED,
        begins_group=False,
    )


def _column_of_series(
    first: VisitColumn, visits: list[Visit], actual: dict[int, date], today: date
) -> VisitColumn:
    """What is said of the first holds for the series; it was on the days from the first to the last."""
    days = sorted(actual[visit.pk] for visit in visits if visit.pk in actual)
    last = visits[-1]
    return replace(
        first,
        code=f"{first.code}–{re.sub(r'^[A-Za-z]+', '', last.code)}",
        label=f"{first.label} – {visit_type(last.code).label}",
        day=f"{first.day}…",
        actual=short_day(days[0]) if days else "",
        is_outside=any(_is_outside(visit, actual.get(visit.pk)) for visit in visits),
        is_now=any(_is_now(visit, today) for visit in visits),
        is_superseded=False,
        series=True,
    )


def _day_of(visit: Visit) -> str:
    kind = visit_type(visit.code)
    on_a_clock = kind.clock in (Clock.CAR_T, Clock.HSCT) and kind.target_day is not None
    return clock_label(kind.target_day or 0) if on_a_clock else "–"


def _window_of(visit: Visit) -> str:
    """`±3`, `−7/+17`: the days around the target, as they are for this subject."""
    if visit.target is None or visit.opens is None or visit.closes is None:
        return "–"
    before, after = (visit.target - visit.opens).days, (visit.closes - visit.target).days
    if before == after:
        return f"±{before}"
    return f"{f'−{before}' if before else 0}/{f'+{after}' if after else 0}"


def _is_outside(visit: Visit, actual: date | None) -> bool:
    return actual is not None and not visit.holds(actual)


def _is_now(visit: Visit, today: date) -> bool:
    dated = visit.opens is not None and visit.closes is not None
    return dated and visit.state == VisitState.OPEN and visit.holds(today)


# --- cells -----------------------------------------------------------------------------------------------
class _Matrix:
    """Forms as rows, visits as columns."""

    def __init__(self, pages: list[Page], together: list[list[Visit]], today: date) -> None:
        self.together, self.today = together, today
        self.columns = list(_columns(together, pages, today))
        self.pages = {(page.form_code, page.visit_id): page for page in pages}
        self.forms = sorted({page.form_code for page in pages}, key=FORM_ORDER.index)

    def sections(self) -> list[MatrixSection]:
        found = (
            MatrixSection(
                str(title), [line for form in self.forms if form in forms for line in self._line(form)]
            )
            for title, forms in SECTIONS
        )
        return [section for section in found if section.lines]

    def logs(self) -> list[Cell]:
        return [
            _without_count(_cell([page], str(form_model(form).form.title), self.today))
            for (form, visit), page in self.pages.items()
            if visit is None
        ]

    def _line(self, form: str) -> Iterator[FormLine]:
        cells = [
            replace(
                self._at(form, visits, column.code), begins_group=column.begins_group, is_now=column.is_now
            )
            for visits, column in zip(self.together, self.columns, strict=True)
        ]
        if any(cell.state or cell.closed for cell in cells):
            yield FormLine(form, str(form_model(form).form.title), cells)

    def _at(self, form: str, visits: list[Visit], code: str) -> Cell:
        found = [page for visit in visits if (page := self.pages.get((form, visit.pk)))]
        going_on = [page for page in found if not has_ended(page)]
        if going_on:
            return _cell(going_on, f"{form} {code}", self.today)
        return Cell(closed=_("%(visit)s: closed, died") % {"visit": code}) if found else Cell()


def _cell(pages: list[Page], words: str, today: date) -> Cell:
    """The cell of one page, or of those of a series: then it leads to the page that is most pressing."""
    states = [(state_of(page, today), page) for page in pages]
    state, page = min(states, key=lambda each: _urgency(each[0]))
    state = replace(state, count=_count(state, states))
    said = f"{words}: {state.label}" + (f", {state.count}" if state.count else "")
    if page.visit and page.visit.covered_by and not is_expected(page):
        said = _("%(page)s: entered at %(visit)s") % {"page": words, "visit": page.visit.covered_by}
    return Cell(page.get_absolute_url(), state, said)


def _without_count(cell: Cell) -> Cell:
    """Of a cell whose words are shown, and say the count."""
    return replace(cell, state=replace(cell.state, count="")) if cell.state else cell


def _urgency(state: StateMark) -> int:
    return _URGENCY.index(state.name) if state.name in _URGENCY else len(_URGENCY)


def _count(state: StateMark, states: list[tuple[StateMark, Page]]) -> str:
    """How many queries are open or pages overdue; else how many of the pages of a series are done."""
    if state.name == "query":
        return str(sum(int(each.count or 0) for each, _page in states))
    if len(states) == 1:
        return ""
    if state.name == "overdue":
        return str(sum(each.name == "overdue" for each, _page in states))
    expected = [page for _state, page in states if is_expected(page)]
    done = sum(page.state in DONE for page in expected)
    return "" if done == len(expected) or state.name == "notdue" else f"{done}/{len(expected)}"
