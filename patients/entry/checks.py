"""What the declarations say about a page as it stands: required, hidden, hard and soft, and the checks of a
row as a whole."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Casebook, Record, RowAnswers
from patients.casebook.form import form_model
from patients.casebook.page import Page
from patients.entry.watching import Rules
from patients.items.item import Item
from patients.items.problems import Finding, Severity, Text, filled

NOT_ASKED = "hidden"
"""The rule of a finding about an answer that is kept though nothing asks for it any more."""


def page_findings(page: Page, records: Iterable[Record], casebook: Casebook) -> list[Finding]:
    """Everything that is to say about a page; a page that was not done is asked for its reason alone."""
    if page.not_done:
        return [] if page.not_done_reason else [_required("not_done_reason", _("Reason not done"))]
    return [finding for record in records for finding in row_findings(record, casebook)]


def row_findings(record: Record, casebook: Casebook, only: Rules | None = None) -> Iterator[Finding]:
    """What the limits of each item say, then the checks that look at the row as a whole; `only` some."""
    answers = RowAnswers(record, casebook)
    model = form_model(record.form)
    for item in model.items():
        if only is None or item.name in only.items:
            for finding in _item_findings(item, record, answers):
                yield replace(finding, row_key=record.row_key)
    for check in model.form.row_rules:
        if only is None or check.id in only.checks:
            for finding in check.findings(answers):
                yield replace(finding, row_key=record.row_key, value=record.values.get(finding.item))


def _item_findings(item: Item, record: Record, answers: RowAnswers) -> Iterator[Finding]:
    value = record.values.get(item.name)
    if value in (None, "", []):
        if item.name not in record.missing and item.must_be_answered(answers):
            yield _required(item.name, item.declared.label)
    elif not item.asked(answers):
        if not item.is_derived:
            yield _kept_though_hidden(item, value)
    else:
        yield from item.findings(value, answers)


def _required(name: str, label: Text) -> Finding:
    message = filled(_("%(label)s is required."), {"label": label})
    return Finding(name, message, Severity.HARD, check="X-SYS-05")


def _kept_though_hidden(item: Item, value: object) -> Finding:
    message = _("%(label)s is no longer asked and still holds %(value)s.")
    named = {"label": item.declared.label, "value": item.quoted(value)}
    return Finding(item.name, filled(message, named), Severity.SOFT, value=value, limit=NOT_ASKED)


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Those that keep the page from being complete."""
    return [finding for finding in findings if finding.severity in (Severity.REFUSED, Severity.HARD)]
