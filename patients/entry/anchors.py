"""Moving day 0 after the fact: X-INF-09.

Every visit, window and day of the CAR-T clock hangs on T0. Once a page dated after it is complete, T0 changes
only with a reason in words, whatever code goes with it; all visits that are not begun are then re-dated.
"""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import local_day
from patients.casebook.page import Page, PageState
from patients.entry.edits import Edit
from patients.entry.reasons import LEAST_CHARACTERS, NO_REASON, Reasons
from patients.items.problems import Finding, Severity

T0 = "inf_start_dt"


def anchor_findings(page: Page, edits: list[Edit], reasons: Reasons) -> Iterator[Finding]:
    """T0 changed without words, where a later page is complete."""
    for edit in edits:
        if (page.form_code, edit.item.name) == ("INF", T0) and not edit.is_first:
            reason = reasons.get((edit.row_key, T0), NO_REASON)
            if len(reason.text.strip()) < LEAST_CHARACTERS and _later_page_is_complete(page, edit):
                message = _(
                    "T0 may only change with a reason in words, since later pages are complete:"
                    " all windows are then re-dated."
                )
                yield Finding(T0, message, Severity.REFUSED, edit.row_key, check="X-INF-09")


def _later_page_is_complete(page: Page, edit: Edit) -> bool:
    day = local_day(edit.old_value)
    if day is None:
        return False
    done = (PageState.COMPLETE, PageState.FROZEN, PageState.LOCKED)
    later = Page.objects.filter(subject=page.subject, state__in=done, form_date__gt=day)
    return later.exclude(pk=page.pk).exists()
