"""The values of a page beside the question whether they agree with their source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from patients.casebook.form import FormRow, form_model
from patients.casebook.header import HEADER
from patients.casebook.page import Page
from patients.items.missing import MissingReason
from patients.oversight.verification import ItemKey, Verifiable, Verification, verifiable
from patients.oversight.verification_plan import is_critical, is_drawn
from patients.web.clocks import moment
from patients.web.widgets import labels_of, shown_value

SEPARATOR = "|"  # in no name of an item; the key of a row may hold it


@dataclass(frozen=True, slots=True)
class ValueLine:
    """One value: what it is, what it says, and who has verified it, if anybody has."""

    name: str
    label: str
    shown: str
    is_critical: bool
    is_planned: bool
    verified_by: str = ""
    verified_at: str = ""

    @property
    def is_verified(self) -> bool:
        return bool(self.verified_by)


@dataclass(frozen=True, slots=True)
class ValuesOfRow:
    """The values of one row, or of the header of the page."""

    title: str
    lines: list[ValueLine]


@dataclass(frozen=True, slots=True)
class VerifyScreen:
    """Everything that the template says of the values of a page."""

    page: Page
    title: str
    rows: list[ValuesOfRow]
    own: bool
    reason: str = ""
    problems: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[ValueLine]:
        return [line for row in self.rows for line in row.lines]

    @property
    def left(self) -> int:
        return sum(not line.is_verified for line in self.lines)

    @property
    def planned_left(self) -> int:
        return sum(line.is_planned and not line.is_verified for line in self.lines)

    @property
    def verified(self) -> int:
        return len(self.lines) - self.left


def verify_screen(
    page: Page,
    rows: list[FormRow],
    ticks: Mapping[ItemKey, Verification],
    *,
    own: bool,
    reason: str = "",
    problems: list[str] | None = None,
) -> VerifyScreen:
    """`own`: the person entered on the page, and may not verify it."""
    planned_whole = is_drawn(page)
    found: dict[str, list[ValueLine]] = {}
    for each in verifiable(page, rows):
        line = _line(page, each, ticks.get(each.key), planned_whole)
        found.setdefault(_title(each), []).append(line)
    shown = [ValuesOfRow(title, lines) for title, lines in found.items()]
    title = str(form_model(page.form_code).form.title)
    return VerifyScreen(page, title, shown, own, reason, problems or [])


def _title(each: Verifiable) -> str:
    if each.item.name in HEADER:
        return _("Assessment")
    return _("Row %(key)s") % {"key": each.row_key} if each.row_key else _("Values")


def _line(page: Page, each: Verifiable, tick: Verification | None, planned_whole: bool) -> ValueLine:
    critical = is_critical(page.form_code, page.visit_code, each.item.name)
    return ValueLine(
        name=f"{each.item.name}{SEPARATOR}{each.row_key}",
        label=str(each.item.declared.label),
        shown=_shown(each),
        is_critical=critical,
        is_planned=critical or planned_whole,
        verified_by=tick.printed_name if tick else "",
        verified_at=moment(tick.at) if tick else "",
    )


def _shown(each: Verifiable) -> str:
    """The value with its unit, or why there is none."""
    item: Any = each.item
    if each.missing:
        known = each.missing in MissingReason.values
        return str(MissingReason(each.missing).label) if known else each.missing
    return shown_value(item, each.value, labels_of(item))


def keys_in(names: list[str]) -> list[ItemKey]:
    """The values that were ticked, as the acts name them."""
    return [(row_key, item) for item, _sep, row_key in (name.partition(SEPARATOR) for name in names)]


def said_of(count: int) -> str:
    """What is said after values were verified."""
    return _("%(count)s verified.") % {"count": count} if count else _("All of these were verified before.")
