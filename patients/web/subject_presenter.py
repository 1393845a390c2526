"""A subject on its two clocks: who it is, where it stands, what alarms, its course and its pages."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.casebook.answers import Casebook, Record, local_day
from patients.casebook.form import form_model, is_declared
from patients.casebook.page import DONE, Page, PageState, Subject, VisitState
from patients.forms.donor import CAR_T_SOURCE, GRAFT_SOURCE
from patients.grading.response import REMISSIONS
from patients.oversight.safety_clocks import RunningClock
from patients.oversight.safety_glance import Grave
from patients.oversight.safety_words import step_in_words
from patients.schedule.due import is_expected
from patients.schedule.plan import clock_label
from patients.web.clocks import local_now, moment, short_day
from patients.web.matrix_presenter import Matrix, has_ended, in_protocol_order, is_of_series, matrix_of
from patients.web.shell import site_label
from patients.web.standing import CHIP, LABELS, Standing, standing_of
from patients.web.states import StateMark, legend, state_of
from patients.web.steps_presenter import StepLine
from patients.web.timeline_presenter import FORMS as TIMELINE_FORMS
from patients.web.timeline_presenter import GRADES_OF_GVHD, Timeline
from patients.web.visit_days import VisitDays, days_of_visits
from trial.protocol.visits import FORM_ORDER, Clock, visit_type

FORMS = TIMELINE_FORMS | {"PTHER", "DONOR", "MFG"}
"""The forms of which the header and the timeline tell."""


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock of the header: where it stands, and its day 0 with the page that sets it."""

    name: str
    label: str
    day: str
    origin_name: str
    origin: str
    remark: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class ChipView:
    """A word in a box; with `url` it leads to where it comes from."""

    text: str
    kind: str = ""
    icon: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class DonorLine:
    """A donor that was chosen: its code, its page, and what is said of it."""

    code: str
    url: str
    said: str


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
    site: str
    chips: list[ChipView]
    alerts: list[ChipView]
    donors: list[DonorLine]
    clocks: list[ClockView]
    timeline: Timeline | None
    steps: list[StepLine]
    matrix: Matrix
    overdue: int
    in_progress: int
    queries: int
    complete: int
    due: int
    next_page: Page | None
    can_add: bool
    may_ask: bool = False
    unreviewed: int = 0
    may_print: PrintRights = PrintRights()
    legend: list[StateMark] = field(default_factory=legend)


# --- who it is ---------------------------------------------------------------------------------------------
def facts_of(subject: Any) -> str:
    """`AML · Female · 48.0 years`."""
    dx, dm = form_model("DX"), form_model("DM")
    age = _("%(age)s years") % {"age": subject.age} if subject.age is not None else ""
    parts = (dx.item("dx_type").shown(subject.diagnosis), dm.item("sex").shown(subject.sex), age)
    return " · ".join(part for part in parts if part)


def history_of(casebook: Casebook) -> str:
    """`2 prior lines · dose 2.0 × 10⁶/kg`: a prior line is a row of PTHER."""
    lines = len(casebook.records("PTHER"))
    said = (
        [ngettext("%(number)s prior line", "%(number)s prior lines", lines) % {"number": lines}]
        if lines
        else []
    )
    for row in casebook.records("INF"):
        if (dose := row.values["inf_dose_kg"]) is not None:
            said.append(_("dose %(dose)s") % {"dose": f"{_at_least_one_decimal(dose)} × 10⁶/kg"})
    return " · ".join(said)


def _at_least_one_decimal(value: Decimal) -> str:
    """`2.0`, `1.85`: as it was measured, without the zeros that it is kept with."""
    return f"{value:.1f}" if value == round(value, 1) else f"{value.normalize():f}"


def donors_of(casebook: Casebook, pages: Iterable[Page]) -> list[DonorLine]:
    """The donors chosen for the product and for the graft."""
    url = next((page.get_absolute_url() for page in pages if page.form_code == "DONOR"), "")
    chosen = {CAR_T_SOURCE, GRAFT_SOURCE}
    found = [row for row in casebook.records("DONOR") if chosen & set(row.values["donor_role"] or ())]
    return [DonorLine(row.values["donor_id"] or row.row_key, url, _said_of_donor(row)) for row in found]


def _said_of_donor(row: Record) -> str:
    item, roles = form_model("DONOR").item, set(row.values["donor_role"])
    parts = [item(name).shown(row.values[name]).lower() for name in ("donor_class", "donor_rel")]
    if {CAR_T_SOURCE, GRAFT_SOURCE} <= roles:
        use = _("one donor for product and graft")
    else:
        use = _("for the product") if CAR_T_SOURCE in roles else _("for the graft")
    return f"{', '.join(part for part in parts if part)}: {use}"


# --- where it stands ---------------------------------------------------------------------------------------
def standing_chip(subject: Any) -> ChipView:
    """`died 2025-06-30`, `transplanted`: the last place that was reached."""
    place = standing_of(subject)
    day = {Standing.DIED: subject.died, Standing.RELAPSED: subject.relapsed}.get(place)
    said = f"{LABELS[place]} {day}" if day else str(LABELS[place])
    return ChipView(said, CHIP.get(place, ""))


def chips_of(subject: Any, casebook: Casebook) -> list[ChipView]:
    """Where it stands, whether it is in remission, and the worst acute GVHD."""
    return [standing_chip(subject), *_remission(subject, casebook), *_acute_gvhd(casebook)]


def _remission(subject: Any, casebook: Casebook) -> list[ChipView]:
    """In remission: the last assessment after the infusion says so, and no relapse is recorded."""
    t0 = local_day(subject.t0)
    assessed = [
        row.values["resp_protocol"]
        for row in casebook.records("RESP")
        if t0 and row.values["resp_dt"] and row.values["resp_dt"] > t0 and row.values["resp_protocol"]
    ]
    is_free = subject.relapsed is None and subject.died is None
    return (
        [ChipView(_("in remission"), "ok")]
        if is_free and assessed[-1:] and assessed[-1] in REMISSIONS
        else []
    )


def _acute_gvhd(casebook: Casebook) -> list[ChipView]:
    graded = [
        row.values["ag_grade"] for row in casebook.records("AGVHD") if row.values["ag_grade"] is not None
    ]
    if not graded:
        return []
    worst = max(graded)
    if worst == 0:
        return [ChipView(_("no aGVHD"))]
    return [ChipView(_("aGVHD, at most grade %(grade)s") % {"grade": GRADES_OF_GVHD[worst]}, "warn")]


# --- what alarms -------------------------------------------------------------------------------------------
def alerts_of(
    pages: Iterable[Page], grave: Iterable[Grave], clocks: Iterable[RunningClock], now: datetime
) -> list[ChipView]:
    """Open hard findings, reports of serious events that run, and grades of 3 and more of the last days."""
    return [
        *_hard_findings([page for page in pages if getattr(page, "hard_queries", 0)]),
        *(_running(each, now) for each in clocks),
        *(_grave(each) for each in grave),
    ]


def _hard_findings(pages: list[Page]) -> list[ChipView]:
    """Queries about hard findings: they open where a page was complete before the finding came. A page that
    was never complete says for itself that it is in progress."""
    if not pages:
        return []
    number = sum(getattr(page, "hard_queries", 0) for page in pages)
    text = ngettext("%(number)s hard finding", "%(number)s hard findings", number) % {"number": number}
    return [ChipView(text, "bad", "st-query", pages[0].get_absolute_url())]


def _running(clock: RunningClock, now: datetime) -> ChipView:
    due = _("due %(at)s") % {"at": moment(clock.until)}
    is_late = clock.until < now
    text = f"{step_in_words(clock)}, {due}"
    return ChipView(text, "bad" if is_late else "warn", "st-overdue", clock.page.get_absolute_url())


def _grave(event: Grave) -> ChipView:
    named = {"what": event.what, "grade": event.grade, "day": short_day(event.day)}
    return ChipView(
        _("%(what)s grade %(grade)s, %(day)s") % named, "bad", "warn", event.page.get_absolute_url()
    )


# --- the clocks --------------------------------------------------------------------------------------------
def clock_views(subject: Any, today: date, pages: Iterable[Page] = ()) -> list[ClockView]:
    """Both clocks as of today, or as of the day of death; with its pages, what comes next on each."""
    as_of = min(subject.died or today, today)
    planned = _("planned %(day)s") % {"day": subject.planned_infusion} if subject.planned_infusion else ""
    pages = list(pages)
    days = days_of_visits(pages)

    def remark(clock: Clock) -> str:
        return _("at death") if subject.died else _next_on(clock, days, today)

    return [
        _clock("car", "T0", subject.t0, as_of, remark(Clock.CAR_T), _url_of("INF", pages))
        or ClockView("car", _("CAR-T clock"), "–", "T0", "", planned or _("not infused yet")),
        _clock("hsct", "H0", subject.h0, as_of, remark(Clock.HSCT), _url_of("HSCT", pages))
        or ClockView("hsct", _("HSCT clock"), "–", "H0", "", _("not transplanted")),
    ]


def _clock(
    name: str, zero: str, origin: datetime | None, as_of: date, remark: str, url: str
) -> ClockView | None:
    """A clock that has started."""
    start = local_day(origin)
    if start is None:
        return None
    label = {"car": _("CAR-T clock"), "hsct": _("HSCT clock")}[name]
    return ClockView(name, label, clock_label((as_of - start).days), zero, moment(origin), remark, url)


def _next_on(clock: Clock, days: list[VisitDays], today: date) -> str:
    """The visit whose window is open or opens next on a clock, else the one that was held last."""
    days = [each for each in days if not is_of_series(each.visit)]
    on_it = [each for each in days if visit_type(each.visit.code).clock is clock]
    coming = [
        each.visit
        for each in on_it
        if each.is_waited_for and each.held is None and each.visit.closes and each.visit.closes >= today
    ]
    if coming:
        visit = min(coming, key=lambda each: each.target or date.max)
        opens = visit.opens or today
        if opens <= today:
            return _("%(visit)s is in its window") % {"visit": visit.code}
        ahead = (opens - today).days
        text = ngettext("next: %(visit)s in %(days)s day", "next: %(visit)s in %(days)s days", ahead)
        return text % {"visit": visit.code, "days": ahead}
    held = [(each.held, each.visit.code) for each in on_it if each.held]
    if not held:
        return ""
    day, code = max(held)
    return _("%(visit)s done %(day)s") % {"visit": code, "day": short_day(day)}


def _url_of(form: str, pages: Iterable[Page]) -> str:
    return next((page.get_absolute_url() for page in pages if page.form_code == form), "")


# --- the screen --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a subject beside its pages."""

    casebook: Casebook
    timeline: Timeline | None
    steps: list[StepLine]
    grave: list[Grave]
    clocks: list[RunningClock]
    unreviewed: int = 0
    doubles: list[ChipView] = field(default_factory=list)


def subject_screen(
    subject: Any,
    pages: Iterable[Page],
    told: Told,
    *,
    entered: Collection[str],
    may_print: PrintRights,
    may_ask: bool = False,
    each_day: bool = False,
) -> SubjectScreen:
    """The screen of a subject (as `subjects_for` finds it) with all its pages. `entered`: the forms that the
    reader fills in; `may_ask`: whether he or she raises queries; `each_day`: every day of a series stands in
    a column of its own."""
    now = local_now()
    today = now.date()
    shown = [page for page in pages if is_declared(page.form_code) and _is_shown(page)]
    open_pages = [page for page in shown if is_expected(page)]
    states = [state_of(page, today).name for page in open_pages]
    due = [page for page in open_pages if state_of(page, today).name != "notdue"]
    return SubjectScreen(
        subject=subject,
        facts=" · ".join(filter(None, (facts_of(subject), history_of(told.casebook)))),
        site=site_label(subject.site),
        chips=chips_of(subject, told.casebook),
        alerts=told.doubles + alerts_of(shown, told.grave, told.clocks, now),
        donors=donors_of(told.casebook, shown),
        clocks=clock_views(subject, today, shown),
        timeline=told.timeline,
        steps=told.steps,
        matrix=matrix_of(shown, today, each_day=each_day),
        overdue=states.count("overdue"),
        in_progress=sum(page.state == PageState.IN_PROGRESS for page in open_pages),
        queries=sum(getattr(page, "open_queries", 0) for page in shown),
        complete=sum(page.state in DONE for page in due),
        due=len(due),
        can_add=bool(entered),
        next_page=_next_page([page for page in open_pages if page.form_code in entered], today),
        may_ask=may_ask,
        unreviewed=told.unreviewed,
        may_print=may_print,
    )


def _is_shown(page: Page) -> bool:
    """A page of a visit that is no longer expected is shown if something stands in it, or if death closed
    it: then the matrix says where the visits end."""
    return is_expected(page) or page.visit is None or page.visit.state == VisitState.OPEN or has_ended(page)


def _next_page(pages: list[Page], today: date) -> Page | None:
    """The first page, as the protocol goes, that is begun, overdue or due."""
    waiting = [
        page
        for page in pages
        if page.visit is not None
        and (page.state == PageState.IN_PROGRESS or state_of(page, today).name in ("overdue", "empty"))
    ]
    visits = in_protocol_order({page.visit for page in waiting if page.visit is not None})
    order = {visit.pk: number for number, visit in enumerate(visits)}
    return min(
        waiting,
        key=lambda page: (order[page.visit_id or 0], FORM_ORDER.index(page.form_code)),
        default=None,
    )
