"""What is shown of pasted results: each line as it will be stored, against what stands on the page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from patients.casebook.page import Page
from patients.entry.lab_rows import PlannedRow, Standing, Stored, Unclear, day_of, planned, twice
from patients.entry.reasons import Reason
from patients.forms.laboratory import Laboratory
from patients.forms.laboratory_catalogue import BY_CODE, TEST_CODES, UNIT_CODES
from patients.forms.laboratory_names import catalogue_tests, unit_called
from patients.items.problems import Finding
from patients.web.clocks import ClockDay, days_on_clocks, long_day, window_in_words
from patients.web.fields import Message, ReasonBox, message_of
from patients.web.form_token import new_token
from patients.web.page_casebook import PageCasebook
from patients.web.page_screen import SummaryLine
from patients.web.pasting import Pasted, PastedLine
from patients.web.widgets import Choice, typed_text
from trial.people.models import Account
from trial.protocol.laboratories import laboratories

CHOOSE, TWICE, OUT = "choose", "twice", "out"
MARKS: dict[str, tuple[str, Any]] = {
    Standing.NEW: ("ok", gettext_lazy("new row")),
    Standing.SAME: ("", gettext_lazy("same as now")),
    Standing.REPLACES: ("warn", gettext_lazy("replaces what stands there")),
    CHOOSE: ("bad", gettext_lazy("not clear yet")),
    TWICE: ("bad", gettext_lazy("twice")),
    OUT: ("", gettext_lazy("left out")),
}


@dataclass
class LineView:
    """A line of the table: its fields, what it will be, and what stands in its way."""

    prefix: str
    line: PastedLine
    mark: str = CHOOSE
    plan: PlannedRow | None = None
    messages: list[Message] = field(default_factory=list)
    wrong: str = ""
    reason: ReasonBox | None = None

    @property
    def cells(self) -> Mapping[str, str]:
        return self.line.cells

    @property
    def name(self) -> str:
        """What the line is called for people who hear it."""
        return _("Line %(number)s, %(test)s") % {"number": self.line.number, "test": self.line.said or "–"}

    @property
    def mark_kind(self) -> str:
        return MARKS[self.mark][0]

    @property
    def mark_words(self) -> str:
        return str(MARKS[self.mark][1])

    @property
    def tests(self) -> list[Choice]:
        """The whole catalogue; what an ambiguous name may mean stands first."""
        likely = [test.code for test in catalogue_tests(self.line.said)]
        codes = dict.fromkeys([*likely, *TEST_CODES.labels])
        chosen = self.cells["test"]
        return [Choice(code, f"{TEST_CODES.labels[code]} · {code}", code == chosen) for code in codes]

    @property
    def units(self) -> list[Choice]:
        test = BY_CODE.get(self.cells["test"])
        units: Iterable[str] = test.units() if test else UNIT_CODES.labels
        chosen = self.cells["unit"] or (test and unit_called(self.line.said_unit, test)) or ""
        return [Choice(unit, unit, unit == chosen) for unit in units]

    @property
    def stored_as(self) -> str:
        """Value and unit in SI, with the comparator."""
        if self.plan is None:
            return ""
        value, unit = self.plan.result.in_si
        sign = self.plan.result.answers.get("lab_cmp", "=")
        return f"{'' if sign == '=' else sign}{value} {unit}" if value else ""

    @property
    def now(self) -> str:
        """What stands on the page, as it was entered."""
        values = self.plan.now if self.plan else {}
        if not values:
            return ""
        if values.get("lab_value") is None:
            return Laboratory.item("lab_status").shown(values.get("lab_status"))
        sign = values.get("lab_cmp") or "="
        shown = typed_text(Laboratory.item("lab_value"), values["lab_value"])
        return f"{'' if sign == '=' else sign}{shown} {values.get('lab_unit') or ''}".strip()

    @property
    def was(self) -> str:
        return self.now


@dataclass
class PasteScreen:
    """The form on which results are pasted, and what its lines would do."""

    page: Page
    pasted: Pasted
    token: str
    lines: list[LineView]
    laboratories: list[str]
    clock_days: list[ClockDay]
    problems: list[SummaryLine] = field(default_factory=list)
    is_closed: bool = False
    moved: bool = False
    kept_at: str = ""

    title = gettext_lazy("Paste results")

    @property
    def day_in_words(self) -> str:
        parts, visit = [long_day(self.page.form_date)], self.page.visit
        if visit:
            parts.append(window_in_words(visit.target, visit.opens, visit.closes))
        return " · ".join(part for part in parts if part)

    @property
    def can_save(self) -> bool:
        return bool(self.lines) and not self.is_closed

    @property
    def count(self) -> int:
        """How many rows a save would write."""
        return sum(line.mark in (Standing.NEW, Standing.REPLACES) for line in self.lines)

    @property
    def dated(self) -> date | None:
        """The date of assessment that the save would give to a page without one."""
        return date_for(self.page, [line.plan for line in self.lines if line.plan])


def paste_screen(page: Page, person: Account, pasted: Pasted, stored: Stored) -> PasteScreen:
    """The lines against the page as it is now."""
    views = [LineView(f"p{place}-", line) for place, line in enumerate(pasted.lines)]
    _judge(views, stored)
    days = days_on_clocks(page.form_date, getattr(page, "t0", None), getattr(page, "h0", None))
    known = sorted(laboratories().accredited)
    return PasteScreen(page, pasted, new_token(page, person), views, known, days)


def _judge(views: Sequence[LineView], stored: Stored) -> None:
    clear = []
    for view in views:
        if view.line.left_out:
            view.mark = OUT
            continue
        try:
            clear.append((view, view.line.result()))
        except Unclear as problem:
            view.wrong = problem.cell
            view.messages.append(Message("error", problem.why))
    again = twice([result for _view, result in clear])
    for place, first in again.items():
        view = clear[place][0]
        view.mark, view.wrong = TWICE, "test"
        view.messages.append(Message("error", _("The test of this sample stands on line %s, too.") % first))
    left = [pair for place, pair in enumerate(clear) if place not in again]
    for (view, _result), plan in zip(left, planned((result for _view, result in left), stored), strict=True):
        view.plan, view.mark = plan, plan.standing
        if plan.asks_reason:
            view.reason = ReasonBox(view.line.reason.code, view.line.reason.text)


def stored_rows(page: Page) -> Stored:
    """The rows of a LAB page as they are."""
    casebook = PageCasebook(page)
    rows = {key: (casebook.record(key).values, row.item_versions) for key, row in casebook.rows.items()}
    return Stored(rows, frozenset(row.row_key for row in casebook.void))


def proposed(page: Page, stored: Stored) -> Pasted:
    """An empty form; moment and laboratory are those of the rows, where these have but one."""
    moments = {values.get("lab_dt") for values, _versions in stored.rows.values()}
    names = {values.get("lab_name") for values, _versions in stored.rows.values()} or set(
        laboratories().accredited
    )
    moment = moments.pop() if len(moments) == 1 else None
    name = names.pop() if len(names) == 1 else None
    return Pasted(page.version, "", typed_text(Laboratory.item("lab_dt"), moment), name or "")


def date_for(page: Page, plans: Iterable[PlannedRow]) -> date | None:
    """A page without a date of assessment is of the day of its samples, if that is one."""
    return None if page.form_date else day_of(plan.result for plan in plans)


def reasons_of(screen: PasteScreen) -> dict[tuple[str, str], Reason]:
    """The reason of each line for each item that it changes."""
    return {
        (line.plan.key, item): line.line.reason
        for line in screen.lines
        if line.plan and line.plan.standing == Standing.REPLACES
        for item in line.plan.differs
    }


def lay_findings(screen: PasteScreen, findings: Iterable[Finding]) -> None:
    """What the save refused, at its line; what is of no line above all."""
    by_key = {line.plan.key: line for line in screen.lines if line.plan}
    for found in findings:
        message = message_of(found)
        line = by_key.get(found.row_key) if found.row_key else None
        if line is None:
            screen.problems.append(SummaryLine(message.text))
        elif message.text not in [each.text for each in line.messages]:
            line.messages.append(message)


def summarise(screen: PasteScreen) -> None:
    """One line in the summary for each thing that keeps the save out, with the way to it."""
    for unread in screen.pasted.unread:
        text = _("Line %(number)s was not read: %(why)s") % {"number": unread.number, "why": unread.why}
        screen.problems.append(SummaryLine(text, "block"))
    for line in screen.lines:
        target = f"{line.prefix}{line.wrong or 'test'}"
        screen.problems += [SummaryLine(f"{line.name}: {each.text}", target) for each in line.messages]
