"""Work lists on screen: each kind of work with its question, how a row of it reads, and who is shown it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Visit
from patients.oversight.queries import Priority, Query
from patients.oversight.work import Work
from patients.schedule.plan import clock_label
from patients.web.clocks import full_day, short_day
from patients.web.matrix_presenter import CLOCK_CLASS
from patients.web.query_words import (
    item_in_words,
    mark_of,
    place_in_words,
    priority_of,
    text_of,
    url_of,
)
from patients.web.states import StateMark, mark
from trial.people.access import holds
from trial.people.roles import Permission
from trial.protocol.study import SITE_ZONE
from trial.protocol.visits import Clock, visit_type

FIRST_ROWS = 6
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class WorkLine:
    """One thing to do: where it is, what is said of it, how urgent it is."""

    state: StateMark
    url: str
    title: str
    meta: str
    end: str
    kind: str = ""
    clock: str = ""
    clock_day: str = ""


@dataclass(frozen=True, slots=True)
class WorkList:
    """One kind of work: the lines that are shown, and how many there are."""

    name: str
    title: str
    label: str
    state: StateMark
    count: int
    lines: list[WorkLine]
    url: str
    is_urgent: bool = False

    @property
    def more(self) -> int:
        return self.count - len(self.lines)


# --- one line --------------------------------------------------------------------------------------------
def page_in_words(page: Page) -> str:
    """`HZ01-011 · HM6 · Expansion and immune recovery`."""
    parts = (page.subject.code, page.visit_code, str(form_model(page.form_code).form.title))
    return " · ".join(part for part in parts if part)


def _days(number: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", number) % {"days": number}


def _overdue(page: Page, on: date) -> WorkLine:
    closed = page.visit.closes if page.visit else None
    late = (on - closed).days if closed else 0
    said = _("window closed %(day)s") % {"day": full_day(closed)}
    return WorkLine(mark("overdue"), page.get_absolute_url(), page_in_words(page), said, _days(late))


def _started(page: Page, on: date) -> WorkLine:
    said = _("assessed %(day)s") % {"day": full_day(page.form_date)} if page.form_date else _("no date yet")
    return WorkLine(mark("progress"), page.get_absolute_url(), page_in_words(page), said, "")


def _to_sign(page: Any, on: date) -> WorkLine:
    said = _("changed since it was signed") if page.was_signed else _("not signed yet")
    url = reverse("sign", args=[page.pk])
    return WorkLine(
        mark("complete"),
        url,
        page_in_words(page),
        said,
        full_day(page.form_date),
        "warn" if page.was_signed else "",
    )


def _to_verify(page: Page, on: date) -> WorkLine:
    left = page.critical_items - page.critical_verified
    said = ngettext("%(left)s critical value", "%(left)s critical values", left) % {"left": left}
    return WorkLine(
        mark("progress" if page.state == PageState.IN_PROGRESS else "complete"),
        reverse("verify", args=[page.pk]),
        page_in_words(page),
        said if left > 0 else _("drawn for the plan"),
        full_day(page.form_date),
    )


def _query(query: Query, on: date) -> WorkLine:
    words = [query.whose.code, place_in_words(query), item_in_words(query)]
    days = _days((on - query.opened_at.astimezone(SITE_ZONE).date()).days)
    return WorkLine(
        mark_of(query),
        url_of(query),
        " · ".join(part for part in words if part),
        text_of(query, identify=False),
        " · ".join(part for part in (priority_of(query), days) if part),
        "bad" if query.priority == Priority.HIGH else "",
    )


def _visit(visit: Any, on: date) -> WorkLine:
    kind = visit_type(visit.code)
    begun = 0 < visit.done < visit.asked
    said = _("target %(target)s · window %(opens)s to %(closes)s · %(done)s of %(asked)s pages") % {
        "target": short_day(visit.target) or "–",
        "opens": short_day(visit.opens) or "–",
        "closes": short_day(visit.closes) or "–",
        "done": visit.done,
        "asked": visit.asked,
    }
    left = (visit.closes - on).days if visit.closes else None
    return WorkLine(
        mark("progress" if begun else "empty"),
        reverse("subject", args=[visit.subject.code]),
        f"{visit.subject.code} · {visit.code}, {kind.label}",
        said,
        "" if left is None else days_left(left),
        "warn" if left == 0 else "",
        CLOCK_CLASS[kind.clock],
        _planned_day(visit, kind.clock),
    )


def _planned_day(visit: Visit, clock: Clock) -> str:
    day = visit_type(visit.code).target_day
    return clock_label(day) if clock in (Clock.CAR_T, Clock.HSCT) and day is not None else ""


def days_left(days: int) -> str:
    if days == 0:
        return _("closes today")
    return ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days}


def _opening(visit: Any, on: date) -> WorkLine:
    line = _visit(visit, on)
    days = (visit.opens - on).days
    end = ngettext("opens in %(days)s day", "opens in %(days)s days", days) % {"days": days}
    return WorkLine(mark("notdue"), line.url, line.title, line.meta, end, "", line.clock, line.clock_day)


# --- the lists -------------------------------------------------------------------------------------------
Rows = Callable[[Work], "QuerySet[Any, Any]"]
Line = Callable[[Any, date], WorkLine]


@dataclass(frozen=True, slots=True)
class WorkKind:
    """One kind of work: the question that finds it, how a row reads, and who is shown it. `subject` is where
    the code of the subject stands."""

    name: str
    title: Promise
    label: Promise
    state: str
    rows: Rows
    line: Line
    subject: str
    needs: frozenset[Permission]
    is_urgent: bool = False


_ENTERING = frozenset({Permission.ENTER})
_FOLLOWING = frozenset({Permission.READ})
_ASKING = frozenset({Permission.QUERY})
KINDS = {
    kind.name: kind
    for kind in (
        WorkKind(
            "window", gettext_lazy("Visits in window"), gettext_lazy("visits in window"), "empty",
            Work.visits_in_window, _visit, "subject__code", _ENTERING,
        ),
        WorkKind(
            "overdue", gettext_lazy("Overdue"), gettext_lazy("pages overdue"), "overdue",
            Work.overdue, _overdue, "subject__code", _FOLLOWING, is_urgent=True,
        ),
        WorkKind(
            "queries", gettext_lazy("Open queries"), gettext_lazy("open queries"), "query",
            Work.queries, _query, "at_subject", _FOLLOWING, is_urgent=True,
        ),
        WorkKind(
            "answered", gettext_lazy("Answered queries"), gettext_lazy("answered queries"), "answered",
            Work.answered_queries, _query, "at_subject", _ASKING,
        ),
        WorkKind(
            "started", gettext_lazy("Started, not finished"), gettext_lazy("pages not finished"), "progress",
            Work.started, _started, "subject__code", _FOLLOWING,
        ),
        WorkKind(
            "verify", gettext_lazy("To verify"), gettext_lazy("pages to verify"), "verified",
            Work.to_verify, _to_verify, "subject__code", frozenset({Permission.VERIFY}),
        ),
        WorkKind(
            "sign", gettext_lazy("To sign"), gettext_lazy("pages to sign"), "signed",
            Work.to_sign, _to_sign, "subject__code", frozenset({Permission.SIGN, Permission.APPROVE}),
        ),
    )
}  # fmt: skip
"""The kinds of work by name, in the order of the screen."""


def kinds_of(work: Work) -> list[WorkKind]:
    """The kinds of work that the person does at one of the sites."""
    return [kind for kind in KINDS.values() if any(holds(work.person, right) for right in kind.needs)]


def work_list(kind: WorkKind, work: Work, most: int = FIRST_ROWS, subject: str = "") -> WorkList:
    """The first rows of a kind of work, of one subject if it is named, and how many there are."""
    rows = kind.rows(work)
    if subject:
        rows = rows.filter(**{kind.subject: subject})
    shown = list(rows[: most + 1])
    count = len(shown) if len(shown) <= most else rows.order_by().count()
    return WorkList(
        kind.name,
        str(kind.title),
        str(kind.label),
        mark(kind.state),
        count,
        [kind.line(row, work.on) for row in shown[:most]],
        reverse("work", args=[kind.name]),
        kind.is_urgent and count > 0,
    )


def opening_lines(work: Work) -> list[WorkLine]:
    """The visits whose window opens next."""
    return [_opening(visit, work.on) for visit in work.visits_opening()[:FIRST_ROWS]]
