"""The pages of a subject that can be frozen or thawed, by visit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.oversight.freezes import MAY_BE_FROZEN, Freeze
from patients.web.clocks import local_now, moment
from patients.web.queries import pages_of
from patients.web.states import StateMark, state_of


@dataclass(frozen=True, slots=True)
class FreezeLine:
    """One page: its state, and of one that is frozen by whom, when and why."""

    page: Page
    title: str
    state: StateMark
    chosen: bool
    told: str = ""

    @property
    def box(self) -> str:
        """What its box says: which page, in which version."""
        return f"{self.page.pk}:{self.page.version}"

    @property
    def is_movable(self) -> bool:
        return self.page.state in (*MAY_BE_FROZEN, PageState.FROZEN)


@dataclass(frozen=True, slots=True)
class VisitOfPages:
    """The pages of one visit; `code` is empty for the logs."""

    code: str
    lines: list[FreezeLine]


@dataclass(frozen=True, slots=True)
class FreezingScreen:
    """Everything that the template says."""

    subject: Subject
    visits: list[VisitOfPages]
    reason: str
    refused: Sequence[str]


def freezing_screen(
    subject: Subject,
    *,
    chosen: Collection[str],
    visit: str | None,
    reason: str = "",
    refused: Sequence[str] = (),
) -> FreezingScreen:
    """`chosen`: numbers of pages that are ticked; `visit`: of this one each page that can be frozen is,
    unless somebody still asks about it."""
    pages: Any = pages_of(subject).filter(version__gt=0)
    pages = pages.order_by(F("visit__target").asc(nulls_first=True), "visit__code", "pk")
    frozen = {each.page_id: each for each in Freeze.objects.standing().filter(page__subject=subject)}
    today = local_now().date()

    def line(page: Page) -> FreezeLine:
        page.subject = subject
        ticked = str(page.pk) in chosen or (page.visit_code == visit and _is_ready(page))
        title = str(form_model(page.form_code).form.title)
        return FreezeLine(page, title, state_of(page, today), ticked, _told(frozen.get(page.pk)))

    found = [line(page) for page in pages]
    by_visit = groupby(found, key=lambda each: each.page.visit_code)
    visits = [VisitOfPages(code, list(lines)) for code, lines in by_visit]
    return FreezingScreen(subject, visits, reason, refused)


def _is_ready(page: Any) -> bool:
    """Whether a page can be frozen and no query waits on it."""
    return page.state in MAY_BE_FROZEN and not page.open_queries and not page.answered_queries


def _told(freeze: Freeze | None) -> str:
    if freeze is None:
        return ""
    named = {"who": freeze.printed_name, "at": moment(freeze.at), "why": freeze.reason}
    return _("frozen by %(who)s, %(at)s: %(why)s") % named
