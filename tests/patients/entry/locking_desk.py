"""What the tests of locking work with: a casebook, who asks for its lock and who approves."""

from datetime import date
from typing import Any

from patients.casebook.form import form_model
from patients.casebook.page import Page, PageState, Subject
from patients.entry.lock_gate import Check
from patients.entry.locking import Extent, Wish, ask_for_lock, ask_for_unlock, lock_casebooks, unlock_casebook
from patients.entry.verifying import Verifier, verify_page
from patients.oversight.casebook_locks import LockRequest, Unlocking
from patients.oversight.review import mark_reviewed, stretch
from patients.oversight.signatures import Meaning
from patients.oversight.verification import verifiable
from patients.oversight.verification_plan import is_critical
from tests.patients.entry import desk, signing_desk
from trial.people.models import Account
from trial.people.roles import Role

CUTOFF = date(2024, 6, 1)
BEFORE_ALL = date(2023, 12, 8)
"""A day by which no page of a subject was due."""
WHY = Wish("interim analysis", "an invented casebook, nothing more will come")


def manager() -> Account:
    return desk.a_member(Role.DATA_MANAGER, user_name="mei.zhang")


def approver() -> Account:
    return desk.a_member(Role.PRINCIPAL_INVESTIGATOR, user_name="wei.shen")


def asked(
    subject: Subject | None = None, wish: Wish = WHY, cutoff: date = CUTOFF, **more: Any
) -> LockRequest:
    extent = Extent(subject=subject, **more)
    return ask_for_lock(extent, cutoff, wish, by=manager())


def locked(subject: Subject | None = None) -> None:
    """The casebook of a subject, or of everybody, locked by two people."""
    lock_casebooks(asked(subject), by=approver())


def unlocked(subject: Subject, *pages: Page, hours: int = 24) -> Unlocking:
    numbers = [page.pk for page in pages]
    request = ask_for_unlock(subject, numbers, hours, Wish("the laboratory corrected it"), by=manager())
    return unlock_casebook(request, by=approver())


def spotless(code: str = "HZ01-001") -> Subject:
    """A casebook of which nothing stands in the way by BEFORE_ALL: two pages, signed, verified, reviewed."""
    subject = signing_desk.screened(code)
    signing_desk.sign(signing_desk.eligibility(subject), signing_desk.principal_investigator())
    settle(subject)
    return subject


def settle(subject: Subject, *but: Check) -> None:
    """Verify, sign and review what there is of a casebook, but for some of these."""
    monitor = desk.a_member(Role.MONITOR, user_name="ke.fan")
    for page in Page.objects.filter(subject=subject, version__gt=0):
        _verify(desk.now(page), Verifier(monitor), but)
        if page.state == PageState.COMPLETE and Check.SIGNED not in but:
            approved = form_model(page.form_code).form.approved
            signer = signing_desk.principal_investigator() if approved else signing_desk.investigator()
            signing_desk.sign(page, signer, Meaning.APPROVAL)
    if Check.REVIEWED not in but:
        mark_reviewed(stretch(subject.site.code, subject.code, by=monitor), by=monitor)


def _verify(page: Page, by: Verifier, but: tuple[Check, ...]) -> None:
    rows = list(form_model(page.form_code).of_page(page))
    keys = [
        each.key
        for each in verifiable(page, rows)
        if (Check.CRITICAL if is_critical(page.form_code, page.visit_code, each.key[1]) else Check.OTHERS)
        not in but
    ]
    if keys:
        verify_page(page, keys, seen=page.version, by=by)
