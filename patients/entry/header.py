"""The common header of a page (`patients.casebook.header`): how it is edited, and what is to say about it.

Its items are edited like those of a row: each has the version at which it last changed, clashes, and needs a
reason when it changes again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Casebook, local_day
from patients.casebook.header import EMPTY, FIELDS, answer_of, header_versions
from patients.casebook.page import Page
from patients.entry.edits import Edit, read_answer
from patients.items.item import Item
from patients.items.limits import NOT_IN_FUTURE
from patients.items.problems import Finding, NotAnAnswer, Severity, filled

MAY_BE_EARLIER = frozenset({"DX", "PTHER", "PTX", "PCAR", "DM"})  # dated before consent (X-ELIG-02)


@dataclass(frozen=True, slots=True)
class HeaderEdit(Edit):
    """One item of the header that shall have another value; `kept` is what its column will hold."""

    column: str
    kept: Any


def read_header(page: Page, typed: Mapping[str, str]) -> tuple[list[HeaderEdit], list[Finding]]:
    """What of the header would change, and what cannot be read."""
    edits: list[HeaderEdit] = []
    findings: list[Finding] = []
    versions = header_versions(page)
    for name, item, column in FIELDS:
        if name not in typed:
            continue
        try:
            edit = _edit(page, item, column, typed[name], versions.get(name, 0))
        except NotAnAnswer as refusal:
            findings.append(Finding(name, refusal.message, Severity.REFUSED, value=typed[name]))
        else:
            edits.extend([edit] if edit else [])
    return edits, findings


def _edit(page: Page, item: Item, column: str, typed: str, changed_at: int) -> HeaderEdit | None:
    answer, held = read_answer(item, typed), getattr(page, column)
    kept = EMPTY[column] if answer is None else answer
    if kept == held:
        return None
    value, old_value = (answer_of(each, column, said_before=changed_at > 0) for each in (kept, held))
    return HeaderEdit("", item, value, "", old_value, "", changed_at, column, kept)


def header_findings(page: Page, casebook: Casebook) -> Iterator[Finding]:
    """The limits of the date of assessment: consent, today, and the window of the visit."""
    if page.form_date is None:
        if page.visit_id is not None:
            yield _dated(_("Date of assessment is required."), Severity.HARD, "X-SYS-05")
        return
    if not NOT_IN_FUTURE.kept(page.form_date, _NOTHING):
        yield _dated(NOT_IN_FUTURE.message, Severity.HARD, "X-SYS-01")
    yield from _before_consent(page, page.form_date, casebook)
    if page.visit and not page.visit.holds(page.form_date):
        yield _dated(_("Date of assessment is outside the window of the visit."), Severity.NOTE, "X-PD-01")


def _before_consent(page: Page, day: date, casebook: Casebook) -> Iterator[Finding]:
    records = casebook.records("ELIG")
    consent = local_day(records[0].values.get("icf_main_dt")) if records else None
    if consent and day < consent and page.form_code not in MAY_BE_EARLIER:
        message = _("%(form)s: %(date)s is before consent on %(icf)s.")
        named = {"form": page.form_code, "date": day, "icf": consent}
        yield _dated(filled(message, named), Severity.HARD, "X-ELIG-02")


def _dated(message: Any, severity: Severity, check: str) -> Finding:
    return Finding("form_date", message, severity, check=check)


class _Nothing:
    """No other answers: the limits of the header look at none."""

    def __getitem__(self, name: str) -> None:
        return None


_NOTHING: Any = _Nothing()
