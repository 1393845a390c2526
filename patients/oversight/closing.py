"""What must be closed before the end of study can be complete, and so signed (X-EOS-01).

A page or a query on the end of study itself is no reason to wait for it.
"""

from datetime import date

from django.utils.translation import ngettext_lazy

from patients.casebook.page import Page, PageState, Subject
from patients.items.problems import Finding, Severity, filled
from patients.oversight.queries import Query
from patients.schedule.due import due_pages

END_OF_STUDY = "EOS"
CHECK = "X-EOS-01"


def open_items(subject: Subject, on: date) -> int:
    """How many pages that somebody waits for on this day are not complete (logs that are begun, too), and
    how many queries, at whatever of the subject, nobody has closed."""
    others = Page.objects.filter(subject=subject).exclude(form_code=END_OF_STUDY)
    logs = others.filter(visit=None, state=PageState.IN_PROGRESS).count()
    queries = Query.objects.of(subject).outstanding().exclude(page__form_code=END_OF_STUDY)
    return len(due_pages(others, on)) + logs + queries.count()


def closing_findings(page: Page, on: date) -> list[Finding]:
    """What keeps the end of study, on this day, from being complete; of any other form nothing."""
    if page.form_code != END_OF_STUDY or page.not_done:
        return []
    count = open_items(page.subject, on)
    if not count:
        return []
    message = ngettext_lazy("Close %(n)s item first.", "Close %(n)s items first.", count)
    return [Finding("eos_dt", filled(message, {"n": count}), Severity.HARD, check=CHECK)]
