"""A page as programs read it: values as text, as they are typed, with what is to say about it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from patients.casebook.answers import Record
from patients.casebook.form import FormRow, form_model
from patients.casebook.header import HEADER, header_values
from patients.casebook.page import Page
from patients.coding.schemes import coded_items_of
from patients.coding.standing import codings_on
from patients.entry.edits import MISSING_SUFFIX
from patients.items.item import Item
from patients.items.problems import Finding
from patients.web.page_casebook import PageCasebook
from patients.web.page_presenter import as_seen, rights_on
from patients.web.signature_presenter import signatures_of
from trial.people.access import Person


def page_data(page: Page, person: Person) -> dict[str, Any]:
    """Everything that an editor of the page needs, as this person may see it."""
    stored, identify = PageCasebook(page), rights_on(page, person).identify
    records = [stored.record(key) for key in stored.rows]
    codes = _codes(page)
    return {
        "id": page.pk,
        "site": page.subject.site.code,
        "subject": page.subject.code,
        "visit": page.visit_code,
        "form": page.form_code,
        "form_version": stored.model.form.version,
        "state": page.state,
        "version": page.version,
        "header": _header(page),
        "rows": {record.row_key: _answers(record, stored.model, identify=identify) for record in records},
        "derived": {
            record.row_key: _derived(record, stored.model) | codes[record.row_key] for record in records
        },
        "findings": findings_data(page, stored.findings(), identify=identify),
        "signatures": [signature.as_data for signature in signatures_of(page, stored.rows)],
    }


def findings_data(page: Page, findings: Iterable[Finding], *, identify: bool) -> list[dict[str, Any]]:
    """Findings with form, item, row, value and message; of an identifying item without the value."""
    model = form_model(page.form_code)
    return [_finding(as_seen(found, model, identify=identify), model) for found in findings]


def _finding(found: Finding, model: type[FormRow]) -> dict[str, Any]:
    items = HEADER | {item.name: item for item in model.items()}
    return {
        "form": model.form.code,
        "item": found.item,
        "row": found.row_key,
        "value": _as_typed(items.get(found.item), found.value),
        "message": str(found.message),
        "severity": found.severity.value,
        "check": found.check,
    }


def _as_typed(item: Item | None, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return item.text(value) if item is not None else str(value)


def _header(page: Page) -> dict[str, str]:
    return {name: text for name, value in header_values(page).items() if (text := HEADER[name].text(value))}


def _answers(record: Record, model: type[FormRow], *, identify: bool) -> dict[str, str]:
    """The entered items that have a value or a reason for having none, under the names of a save."""
    entered = [
        item for item in model.items() if not item.is_derived and (identify or not item.declared.identity)
    ]
    texts = {item.name: item.text(record.values[item.name]) for item in entered}
    missing = {item.name + MISSING_SUFFIX: record.missing.get(item.name, "") for item in entered}
    return {name: text for name, text in (texts | missing).items() if text}


def _codes(page: Page) -> dict[str, dict[str, str]]:
    """What terms are reported as, by row, in the items that are there for it."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    shown_in = {coded.item: coded.shown_in for coded in coded_items_of(page.form_code)}
    for (key, item), coding in codings_on(page).items():
        if shown_in[item]:
            found[key][shown_in[item]] = coding.term.concept.name
    return found


def _derived(record: Record, model: type[FormRow]) -> dict[str, str]:
    derived = {item.name: item.text(record.values[item.name]) for item in model.items() if item.is_derived}
    return {name: text for name, text in derived.items() if text}
