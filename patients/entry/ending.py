"""The end of study waits for all else that is recorded of a subject (X-EOS-01).

It is looked at again after each save: what comes due or opens afterwards is asked
about there, and the question closes with it.
"""

from uuid import UUID

from patients.casebook.answers import Casebook, StoredCasebook
from patients.casebook.page import Page
from patients.items.problems import Finding
from patients.oversight.checks_ask import Sighting, follow
from patients.oversight.closing import CHECK, END_OF_STUDY, closing_findings
from patients.oversight.queries import Query
from trial.protocol.study import site_today
from trial.trail.record import Change


def end_findings(page: Page, casebook: Casebook) -> list[Finding]:
    """What keeps the end of study from being complete on the day that it states; of another form nothing."""
    if page.form_code != END_OF_STUDY:
        return []
    stated = [record.values["eos_dt"] for record in casebook.records(END_OF_STUDY) if record.values["eos_dt"]]
    return closing_findings(page, max(stated, default=site_today()))


def follow_end_of_study(casebook: StoredCasebook, *, act: UUID) -> list[Change]:
    """Ask or fall silent at the end of study, once all that an act does to pages and queries is done."""
    changes: list[Change] = []
    for page in [each for each in casebook.pages(END_OF_STUDY).values() if each.version]:
        page.subject = casebook.subject
        asked = Query.objects.filter(page=page, check_id=CHECK).select_related("page__visit", "page__subject")
        found = end_findings(page, casebook)
        changes += follow(asked, [Sighting(page, each, asks=page.is_settled) for each in found], act=act)
    return changes
