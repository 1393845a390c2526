"""The common header of a page: date of assessment, not done with its reason, source documents, and
whether it was transcribed from paper (RB-06).

Its items are edited like those of a row: each has the version at which it last changed, clashes, and needs a
reason when it changes again. They belong to no row, so their row key is empty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Casebook, local_day
from patients.casebook.page import NotDoneReason, Page
from patients.entry.edits import Edit, read_answer
from patients.items.codelists import Code, CodeList, choices
from patients.items.item import Item
from patients.items.limits import NOT_IN_FUTURE
from patients.items.problems import Finding, NotAnAnswer, Severity, filled
from patients.items.types import BooleanItem, ChoiceItem, DateItem, MultiItem

MAY_BE_EARLIER = frozenset({"DX", "PTHER", "PTX", "PCAR", "DM"})  # dated before consent (X-ELIG-02)

FORM_DATE = DateItem(_("Date of assessment (local site date)"), cdisc="--DTC")
NOT_DONE = BooleanItem(_("Form not done"), cdisc="--STAT=NOT DONE (C66789)")
NOT_DONE_REASON = ChoiceItem(
    _("Reason not done"),
    CodeList("not_done_reason", tuple(Code(reason.value, reason.label) for reason in NotDoneReason)),
    cdisc="--REASND",
)
SOURCE_DOCUMENTS = MultiItem(
    _("Source document type"),
    choices(
        "src_doc",
        _("EMR"),
        _("lab system"),
        _("apheresis record"),
        _("product CoA"),
        _("imaging report"),
        _("pathology report"),
        _("phone contact"),
        _("other hospital record"),
    ),
    req="O",
    cdisc="audit",
)
RECORDED = MultiItem(
    _("How it was recorded"),
    choices("recorded", _("transcribed from paper")),
    req="O",
    cdisc="audit",
)
# The name in the casebook, the declaration, the column of the page.
FIELDS: tuple[tuple[str, Item, str], ...] = (
    ("form_date", FORM_DATE, "form_date"),
    ("not_done", NOT_DONE, "not_done"),
    ("not_done_reason", NOT_DONE_REASON, "not_done_reason"),
    ("src_doc", SOURCE_DOCUMENTS, "source_documents"),
    ("recorded", RECORDED, "recorded"),
)
HEADER: dict[str, Item] = {name: item for name, item, _column in FIELDS}
for _name, _item in HEADER.items():
    _item.name = _name  # no model does it for them
_EMPTY: dict[str, Any] = {
    "form_date": None,
    "not_done": False,
    "not_done_reason": "",
    "source_documents": [],
    "recorded": None,
}


@dataclass(frozen=True, slots=True)
class HeaderEdit(Edit):
    """One item of the header that shall have another value; `kept` is what its column will hold."""

    column: str
    kept: Any


def header_values(page: Page) -> dict[str, Any]:
    """What stands in the header as it is shown, by item; None where nothing does."""
    return {name: _answer(getattr(page, column), column, said_before=True) for name, _item, column in FIELDS}


def header_versions(page: Page) -> dict[str, int]:
    """The version at which each item of the header last changed.

    A page that was last saved before these were kept names none; what stands in its header then counts as
    changed by that save: a reason is asked, and whoever read an earlier version is told.
    """
    filled = (name for name, _item, column in FIELDS if getattr(page, column) != _EMPTY[column])
    return dict(page.header_versions) or dict.fromkeys(filled, page.version)


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
    kept = _EMPTY[column] if answer is None else answer
    if kept == held:
        return None
    value, old_value = (_answer(each, column, said_before=changed_at > 0) for each in (kept, held))
    return HeaderEdit("", item, value, "", old_value, "", changed_at, column, kept)


def _answer(kept: Any, column: str, *, said_before: bool) -> Any:
    """The answer for which a column stands; None for none. `No` to "not done" is one if something else was
    said before: the column alone cannot tell it from silence."""
    is_none = kept == _EMPTY[column] and not (kept is False and said_before)
    return None if is_none else kept


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
