"""What must be closed before the end of study can be signed."""

import pytest

from patients.casebook.page import Page, Subject
from patients.oversight.closing import closing_findings, open_items
from tests.patients.entry import desk

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]


def finish(subject: Subject) -> None:
    """Every page that somebody waits for is complete, the way of least effort."""
    for page in Page.objects.filter(subject=subject).exclude(visit=None).select_related("visit"):
        if page.version == 0:
            header = {"not_done": "Y", "not_done_reason": "missed_visit"}
            day = str(page.visit.target or desk.CONSENT)
            desk.save(page, {}, header=header, on=day, complete=True)


def test_open_pages_and_queries_are_counted_and_said() -> None:
    subject = desk.consented()
    finding = closing_findings(subject)[0]
    assert finding.check == "X-EOS-01"
    assert str(open_items(subject)) in str(finding.message)


def test_a_subject_with_everything_done_has_nothing_to_close() -> None:
    subject = desk.a_subject()
    page = desk.page_of(subject, "ELIG")
    desk.save(page, desk.CONSENTED, on=desk.CONSENT)
    finish(subject)
    before = open_items(subject)
    header = {"not_done": "Y", "not_done_reason": "refused"}
    desk.save(page, {}, header=header, why=desk.BECAUSE, complete=True)
    assert open_items(subject) == before - 1 == 0
    assert closing_findings(subject) == []
