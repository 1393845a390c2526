"""What the screen of a page reads from the database."""

from functools import cached_property
from typing import Any

from patients.casebook.answers import Record, StoredCasebook, record_of
from patients.casebook.form import FormRow, Repeat, form_model
from patients.casebook.page import Page, PageState
from patients.casebook.settings import settings_read_once
from patients.entry.checks import page_findings
from patients.entry.ending import end_findings
from patients.entry.facts import Fact, forms_told, known_facts
from patients.entry.header import header_findings
from patients.entry.watching import forms_shown
from patients.items.problems import Finding


class PageCasebook:
    """The rows of a page, and the other forms of its subject that its rules look at."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.model = form_model(page.form_code)
        self.casebook = StoredCasebook(page.subject)

    @cached_property
    def rows(self) -> dict[str, FormRow]:
        """The rows of the page that stand, by key, in the order of their keys."""
        self.casebook.load(forms_shown(self.page.form_code) | forms_told(self.page.form_code))
        found = self.casebook.stored_on(self.page)
        return {row.row_key: row for row in sorted(found, key=lambda row: row.row_key)}

    @cached_property
    def void(self) -> list[FormRow]:
        """The rows of the page that are void."""
        self.casebook.load(forms_shown(self.page.form_code))
        return sorted(self.casebook.void_on(self.page), key=lambda row: row.row_key)

    def record(self, key: str) -> Record:
        """The stored answers of a row, identifying ones in clear; all empty for a row that is not there."""
        row = self.rows.get(key)
        if row is not None:
            return record_of(row, self.page, self.page.subject)
        values: dict[str, Any] = dict.fromkeys(item.name for item in self.model.items())
        return Record(self.page.form_code, self.page.visit_code, key, self.page.form_date, values)

    def facts(self) -> list[Fact]:
        """What other forms say that bears on this page."""
        return list(known_facts(self.page, self.casebook))

    def findings(self) -> tuple[Finding, ...]:
        """What is to say about the page as it is stored; nothing of one that was not begun or is closed."""
        if self.page.state == PageState.EMPTY or self.page.is_closed:
            return ()
        records = [self.record(key) for key in self.rows]
        if not records and self.model.form.repeat is Repeat.SINGLE:
            records = [self.record("")]
        with settings_read_once():
            return (
                *header_findings(self.page, self.casebook),
                *page_findings(self.page, records, self.casebook),
                *end_findings(self.page, self.casebook),
            )
