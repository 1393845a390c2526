"""The state of a page as one name, with its shape and its words.

The names are those of the stylesheet; a template never computes a state.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from patients.casebook.page import Page, PageState, Visit
from patients.schedule.due import is_expected

LABELS: dict[str, Promise] = {
    "notdue": _("Not due"),
    "empty": _("Not started"),
    "progress": _("In progress"),
    "complete": _("Complete"),
    "verified": _("Verified"),
    "signed": _("Signed"),
    "query": _("Open query"),
    "answered": _("Answered query"),
    "closed": _("Closed query"),
    "frozen": _("Frozen"),
    "locked": _("Locked"),
    "overdue": _("Overdue"),
    "window": _("Out of window"),
    "na": _("Not done, with reason"),
}


OF_PAGES = tuple(name for name in LABELS if name != "closed")
"""What is said of a page; closed are queries alone."""


@dataclass(frozen=True, slots=True)
class StateMark:
    """A state to draw: `name` chooses class and shape, `label` says it, `count` stands beside it if given."""

    name: str
    label: str
    count: str = ""

    @property
    def shape(self) -> str:
        return f"st-{self.name}"


def mark(name: str, count: int | None = None) -> StateMark:
    return StateMark(name, str(LABELS[name]), "" if count is None else str(count))


def legend(*names: str) -> list[StateMark]:
    return [mark(name) for name in names or OF_PAGES]


def state_of(page: Page, today: date) -> StateMark:
    """What a person should know first of a page: closed, asked about, not done, under way, out of window,
    done, or due. The number of open and answered queries is known of a page that was fetched with it."""
    if not page.is_closed:
        for name, attribute in (("query", "open_queries"), ("answered", "answered_queries")):
            if count := getattr(page, attribute, 0):
                return mark(name, count)
    return mark(_name_of(page, today))


def _name_of(page: Page, today: date) -> str:
    if page.state in (PageState.FROZEN, PageState.LOCKED):
        return str(page.state)
    if page.state == PageState.EMPTY:
        return _due(page.visit, today) if is_expected(page) else "notdue"
    if page.state == PageState.IN_PROGRESS:
        return "progress"
    if page.state == PageState.SIGNED:
        return "signed"
    if page.not_done:
        return "na"
    if _is_outside(page):
        return "window"
    return "verified" if page.is_verified else "complete"


def _due(visit: Visit | None, today: date) -> str:
    if visit is None:
        return "empty"
    if visit.closes is not None and visit.closes < today:
        return "overdue"
    return "notdue" if visit.opens is not None and visit.opens > today else "empty"


def _is_outside(page: Page) -> bool:
    if page.visit is None or page.form_date is None:
        return False
    return not page.visit.holds(page.form_date)
