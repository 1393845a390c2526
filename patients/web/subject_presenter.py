"""A subject on its two clocks: its visits in the order of the protocol, and its pages as a matrix."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.answers import local_day
from patients.casebook.form import form_model, is_declared
from patients.casebook.page import DONE, Page, PageState, Subject, Visit, VisitState
from patients.schedule.due import is_expected
from patients.schedule.plan import DIED, clock_label
from patients.web.clocks import local_now, moment, short_day
from patients.web.shell import site_label
from patients.web.states import StateMark, legend, state_of
from trial.protocol.visits import FORM_ORDER, Clock, protocol_position, visit_type

CLOCK_CLASS = {Clock.CONSENT: "", Clock.CAR_T: "car", Clock.HSCT: "hsct", Clock.EVENT: ""}
_CLOCKS = tuple(CLOCK_CLASS)


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock of the header: where it stands, and its day 0."""

    name: str
    label: str
    day: str
    origin_name: str
    origin: str
    remark: str


@dataclass(frozen=True, slots=True)
class VisitColumn:
    """A visit as a column: its code, its day on its clock, its window, and when it was or should be."""

    code: str
    label: str
    day: str
    window: str
    date: str
    is_actual: bool
    is_superseded: bool
    begins_group: bool


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


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form as a row."""

    code: str
    title: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class PrintRights:
    """What a person may have printed with the casebook."""

    trail: bool = False
    identity: bool = False


@dataclass
class SubjectScreen:
    """Everything that the template of a subject says."""

    subject: Subject
    facts: str
    died: str
    site: str
    clocks: list[ClockView]
    groups: list[ClockGroup]
    columns: list[VisitColumn]
    lines: list[FormLine]
    logs: list[Cell]
    overdue: int
    in_progress: int
    queries: int
    complete: int
    due: int
    next_page: Page | None
    can_add: bool
    unreviewed: int = 0
    may_print: PrintRights = PrintRights()
    legend: list[StateMark] = field(default_factory=legend)


def facts_of(subject: Any) -> str:
    """`AML · Female · 48.0 years`."""
    dx, dm = form_model("DX"), form_model("DM")
    age = _("%(age)s years") % {"age": subject.age} if subject.age is not None else ""
    parts = (dx.item("dx_type").shown(subject.diagnosis), dm.item("sex").shown(subject.sex), age)
    return " · ".join(part for part in parts if part)


def clock_views(subject: Any, today: date) -> list[ClockView]:
    """Both clocks as of today, or as of the day of death."""
    as_of = min(subject.died or today, today)
    remark = _("at death") if subject.died else ""
    planned = _("planned %(day)s") % {"day": subject.planned_infusion} if subject.planned_infusion else ""
    return [
        _clock("car", _("CAR-T clock"), "T0", subject.t0, as_of, remark, planned or _("not infused yet")),
        _clock("hsct", _("HSCT clock"), "H0", subject.h0, as_of, remark, _("not transplanted")),
    ]


def _clock(
    name: str, label: str, zero: str, origin: Any, as_of: date, remark: str, waiting: str
) -> ClockView:
    start = local_day(origin)
    if start is None:
        return ClockView(name, label, "–", zero, "", waiting)
    return ClockView(name, label, clock_label((as_of - start).days), zero, moment(origin), remark)


def subject_screen(
    subject: Any,
    pages: Iterable[Page],
    *,
    entered: Collection[str],
    unreviewed: int = 0,
    may_print: PrintRights | None = None,
) -> SubjectScreen:
    """The screen of a subject (as `subjects_for` finds it) with all its pages, and the number of acts that
    wait for the reader's review."""
    today = local_now().date()
    shown = [page for page in pages if is_declared(page.form_code) and _is_shown(page)]
    open_pages = [page for page in shown if is_expected(page)]
    visits = in_protocol_order({page.visit for page in shown if page.visit is not None})
    columns = _columns(visits, shown)
    matrix = _Matrix(shown, columns, visits, today)
    states = [state_of(page, today).name for page in open_pages]
    due = [page for page in open_pages if state_of(page, today).name != "notdue"]
    return SubjectScreen(
        subject=subject,
        facts=facts_of(subject),
        died=str(subject.died or ""),
        site=site_label(subject.site),
        clocks=clock_views(subject, today),
        groups=_groups(visits),
        columns=columns,
        lines=matrix.lines(),
        logs=matrix.logs(),
        overdue=states.count("overdue"),
        in_progress=sum(page.state == PageState.IN_PROGRESS for page in open_pages),
        queries=sum(getattr(page, "open_queries", 0) for page in shown),
        complete=sum(page.state in DONE for page in due),
        due=len(due),
        can_add=bool(entered),
        next_page=_next_page(visits, [page for page in open_pages if page.form_code in entered], today),
        unreviewed=unreviewed,
        may_print=may_print or PrintRights(),
    )


def _is_shown(page: Page) -> bool:
    """A page of a visit that is no longer expected is shown if something stands in it, or if death closed
    it: then the matrix says where the visits end."""
    return is_expected(page) or page.visit is None or page.visit.state == VisitState.OPEN or _ended(page)


def _ended(page: Page) -> bool:
    return page.visit is not None and page.visit.reason == DIED and not is_expected(page)


def in_protocol_order(visits: Iterable[Visit]) -> list[Visit]:
    """Visits by clock, then as the protocol has them; those that an event opened by their day."""

    def place(visit: Visit) -> tuple[int, int, date, str]:
        clock, position = visit_type(visit.code).clock, protocol_position(visit.code)
        return _CLOCKS.index(clock), position or 0, visit.target or date.max, visit.code

    return sorted(visits, key=place)


def _groups(visits: list[Visit]) -> list[ClockGroup]:
    titles = {
        Clock.CONSENT: _("Consent"),
        Clock.CAR_T: _("CAR-T clock"),
        Clock.HSCT: _("HSCT clock"),
        Clock.EVENT: _("Events"),
    }
    counted: dict[Clock, int] = {}
    for visit in visits:
        clock = visit_type(visit.code).clock
        counted[clock] = counted.get(clock, 0) + 1
    return [ClockGroup(CLOCK_CLASS[clock], titles[clock], span) for clock, span in counted.items()]


def _columns(visits: list[Visit], pages: list[Page]) -> list[VisitColumn]:
    actual: dict[int, date] = {}
    for page in pages:
        if page.visit_id is not None and page.form_date is not None:
            actual[page.visit_id] = min(page.form_date, actual.get(page.visit_id, page.form_date))
    found: list[VisitColumn] = []
    clock = visit_type(visits[0].code).clock if visits else None
    for visit in visits:
        kind = visit_type(visit.code)
        day = actual.get(visit.pk, visit.target)
        found.append(
            VisitColumn(
                code=visit.code,
                label=str(kind.label),
                day=_day_of(visit),
                window=_window_of(visit),
                date=short_day(day) or "–",
                is_actual=visit.pk in actual,
                is_superseded=visit.state == VisitState.SUPERSEDED,
                begins_group=kind.clock is not clock,
            )
        )
        clock = kind.clock
    return found


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


class _Matrix:
    """Forms as rows, visits as columns."""

    def __init__(
        self, pages: list[Page], columns: list[VisitColumn], visits: list[Visit], today: date
    ) -> None:
        self.columns, self.visits, self.today = columns, visits, today
        self.pages = {(page.form_code, page.visit_id): page for page in pages}
        self.forms = sorted({page.form_code for page in pages}, key=FORM_ORDER.index)

    def lines(self) -> list[FormLine]:
        pairs = [(form, self._cells(form)) for form in self.forms]
        return [
            FormLine(form, str(form_model(form).form.title), cells)
            for form, cells in pairs
            if any(cell.state or cell.closed for cell in cells)
        ]

    def logs(self) -> list[Cell]:
        return [
            self._cell(page, str(form_model(form).form.title))
            for (form, visit), page in self.pages.items()
            if visit is None
        ]

    def _cells(self, form: str) -> list[Cell]:
        return [
            self._at(form, visit, begins_group=column.begins_group)
            for visit, column in zip(self.visits, self.columns, strict=True)
        ]

    def _at(self, form: str, visit: Visit, *, begins_group: bool) -> Cell:
        page = self.pages.get((form, visit.pk))
        if page is None:
            return Cell(begins_group=begins_group)
        if _ended(page):
            return Cell(
                closed=_("%(visit)s: closed, died") % {"visit": visit.code}, begins_group=begins_group
            )
        return self._cell(page, f"{form} {visit.code}", begins_group=begins_group)

    def _cell(self, page: Page, words: str, *, begins_group: bool = False) -> Cell:
        state = state_of(page, self.today)
        said = f"{words}: {state.label}"
        if page.visit and page.visit.covered_by and not is_expected(page):
            said = _("%(page)s: entered at %(visit)s") % {"page": words, "visit": page.visit.covered_by}
        return Cell(page.get_absolute_url(), state, said, begins_group=begins_group)


def _next_page(visits: list[Visit], pages: list[Page], today: date) -> Page | None:
    """The first page, as the protocol goes, that is begun, overdue or due."""
    order = {visit.pk: number for number, visit in enumerate(visits)}
    waiting = [
        page
        for page in pages
        if page.visit_id is not None
        and (page.state == PageState.IN_PROGRESS or state_of(page, today).name in ("overdue", "empty"))
    ]
    return min(
        waiting,
        key=lambda page: (order[page.visit_id], FORM_ORDER.index(page.form_code)),  # type: ignore[index]
        default=None,
    )
