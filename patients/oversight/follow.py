"""What oversight does when a page is saved, beside its queries."""

from collections.abc import Iterable
from uuid import UUID

from patients.casebook.page import Page
from patients.oversight.signatures import change_of, fall_with
from trial.trail.record import Change


def drop_signatures(
    pages: Iterable[Page], changes: Iterable[Change], *, act: UUID, saved: Page | None = None
) -> list[Change]:
    """The signatures fall that stand for what has changed on these pages: on the one that is saved, and on
    others on which a derived item changed with it. What fell, for the trail; the pages are to be saved."""
    changed = [change.item for change in changes if not change.item.startswith(("query.", "visit."))]
    fallen = fall_with(pages, changed, act=act)
    return [change_of(each, falls=True, where=_where(each.page, saved)) for each in fallen]


def _where(page: Page, saved: Page | None) -> str:
    return "" if page is saved else f"{page.form_code}@{page.visit_code}."
