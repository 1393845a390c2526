"""Moving day 0, or what led up to it, after the fact: X-INF-09 and X-INF-08.

Every visit, window and day of the CAR-T clock hangs on T0. Once a page dated after it is complete, T0 changes
only with a reason in words, whatever code goes with it; all visits that are not begun are then re-dated. The
infusion closes lymphodepletion in the same way: what is recorded of it changes only with a reason in words.
"""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Casebook, local_day
from patients.casebook.page import DONE, Page
from patients.entry.edits import Edit
from patients.entry.reasons import LEAST_CHARACTERS, NO_REASON, Reasons
from patients.items.problems import Finding, Severity

T0 = "inf_start_dt"


def anchor_findings(page: Page, edits: list[Edit], reasons: Reasons, casebook: Casebook) -> Iterator[Finding]:
    """T0 changed without words where a later page is complete, and lymphodepletion after T0."""
    wordless = [edit for edit in edits if not edit.is_first and not _has_words(edit, reasons)]
    if page.form_code == "LD" and any(row.values[T0] for row in casebook.records("INF")):
        message = _("The infusion has closed lymphodepletion: it changes only with a reason in words.")
        for edit in wordless:
            yield Finding(edit.item.name, message, Severity.REFUSED, edit.row_key, check="X-INF-08")
    for edit in wordless if page.form_code == "INF" else ():
        if edit.item.name == T0 and _later_page_is_complete(page, edit):
            message = _(
                "T0 may only change with a reason in words, since later pages are complete:"
                " all windows are then re-dated."
            )
            yield Finding(T0, message, Severity.REFUSED, edit.row_key, check="X-INF-09")


def _has_words(edit: Edit, reasons: Reasons) -> bool:
    reason = reasons.get((edit.row_key, edit.item.name), NO_REASON)
    return len(reason.text.strip()) >= LEAST_CHARACTERS


def _later_page_is_complete(page: Page, edit: Edit) -> bool:
    day = local_day(edit.old_value)
    if day is None:
        return False
    later = Page.objects.filter(subject=page.subject, state__in=DONE, form_date__gt=day)
    return later.exclude(pk=page.pk).exists()
