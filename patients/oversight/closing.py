"""What must be closed before the end of study can be signed (X-EOS-01)."""

from django.utils.translation import ngettext_lazy

from patients.casebook.page import Page, PageState, Subject
from patients.items.problems import Finding, Severity, filled
from patients.oversight.queries import Query, QueryState
from patients.schedule.due import expected


def open_items(subject: Subject) -> int:
    """How many pages that somebody waits for are not complete, and queries not closed."""
    pages = Page.objects.filter(expected(), subject=subject, visit__isnull=False)
    unfinished = pages.filter(state__in=(PageState.EMPTY, PageState.IN_PROGRESS)).count()
    return unfinished + Query.objects.filter(page__subject=subject, state=QueryState.OPEN).count()


def closing_findings(subject: Subject) -> list[Finding]:
    """What keeps the end of study of a subject from being signed."""
    count = open_items(subject)
    if not count:
        return []
    message = ngettext_lazy("Close %(n)s item first.", "Close %(n)s items first.", count)
    return [Finding("eos_dt", filled(message, {"n": count}), Severity.HARD, check="X-EOS-01")]
