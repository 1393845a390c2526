"""What must not be recorded at all, whatever the values (the refusals of the save contract).

Everything else that is wrong is kept, and only keeps the page from being complete.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Casebook, Record
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.edits import Edit
from patients.forms.end_of_study import DATA_USE
from patients.items.problems import Finding, Severity, filled
from patients.items.types import UserItem
from trial.people.models import Account
from trial.protocol.approvals import approvals_missing

GATE_FORMS = frozenset({"ELIG", "EOS", "DTH"})
ENROLMENT = "enrol_dt"


def gate_findings(
    page: Page, records: Iterable[Record], edits: list[Edit], casebook: Casebook
) -> list[Finding]:
    """Every reason for refusing a page with these rows."""
    return [
        *_without_consent(page.form_code, casebook),
        *_after_withdrawal(page.form_code, casebook),
        *_after_death(page, records, casebook),
        *_unknown_members(edits),
    ]


def approval_findings(page: Page, edits: Iterable[Edit]) -> list[Finding]:
    """What a site still needs before it enrols on the day that is entered (LK-08)."""
    enrolled = [edit.value for edit in edits if edit.item.name == ENROLMENT and page.form_code == "ELIG"]
    missing = [kind for day in enrolled if day for kind in approvals_missing(page.subject.site.code, day)]
    message = _("The site may not enrol on this day: no approval is recorded of: %(kind)s.")
    return [
        Finding(ENROLMENT, filled(message, {"kind": kind.label}), Severity.REFUSED, check="LK-08")
        for kind in missing
    ]


def _first(casebook: Casebook, form: str, item: str) -> object:
    records = casebook.records(form)
    return records[0].values.get(item) if records else None


def _without_consent(form: str, casebook: Casebook) -> Iterator[Finding]:
    if not form_model(form).form.before_consent and not _first(casebook, "ELIG", "icf_main_signed"):
        message = _("Main consent is not recorded. Record consent before entering data.")
        yield Finding("icf_main_signed", message, Severity.REFUSED, check="X-ELIG-01")


def _after_withdrawal(form: str, casebook: Casebook) -> Iterator[Finding]:
    """Data use withdrawn: nothing more is entered, but for a correction of the withdrawal itself."""
    scope = _first(casebook, "EOS", "eos_withdraw_scope") or []
    if form != "EOS" and DATA_USE in scope:  # type: ignore[operator]
        message = _("Subject withdrew data use: entry blocked.")
        yield Finding("eos_withdraw_scope", message, Severity.REFUSED, check="X-EOS-02")


def _after_death(page: Page, records: Iterable[Record], casebook: Casebook) -> Iterator[Finding]:
    """Nothing is dated after death, neither a page (with rows or without) nor a row of it, but for what is
    judged and reported afterwards."""
    died = _first(casebook, "DTH", "dth_dt")
    if not isinstance(died, date) or form_model(page.form_code).form.after_death:
        return
    if page.form_date and page.form_date > died:
        yield _later_than_death(page, "form_date", page.form_date)
    dated_by = form_model(page.form_code).form.dated_by
    for record in records:
        if dated_by and record.dated and record.dated > died:
            yield _later_than_death(page, dated_by, record.dated, record.row_key)


def _later_than_death(page: Page, item: str, day: date, row_key: str = "") -> Finding:
    message = filled(_("%(form)s %(day)s is after death."), {"form": page.form_code, "day": day})
    return Finding(item, message, Severity.REFUSED, row_key, check="X-DTH-01")


def _unknown_members(edits: list[Edit]) -> Iterator[Finding]:
    named = [edit for edit in edits if isinstance(edit.item, UserItem) and edit.value]
    if not named:
        return
    known = set(
        Account.objects.filter(user_name__in={edit.value for edit in named}).values_list(
            "user_name", flat=True
        )
    )
    for edit in named:
        if edit.value not in known:
            message = _("%s is not the user name of a member.") % edit.value
            yield Finding(edit.item.name, message, Severity.REFUSED, edit.row_key, value=edit.value)
