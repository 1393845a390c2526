"""What the screen of a page reads from the database, in as few statements as there are forms to look at."""

from collections.abc import Sequence
from typing import Any

from patients.casebook.answers import Record, StoredCasebook, record_of
from patients.casebook.form import FormRow, Repeat, form_model
from patients.casebook.page import Page, PageState
from patients.casebook.settings import settings_read_once
from patients.entry.checks import page_findings
from patients.entry.header import header_findings
from patients.items.problems import Finding


class _OwnRows(StoredCasebook):
    """A casebook that need not ask for the form of its page again, where that is the only one of its form."""

    def __init__(self, stored: "PageCasebook") -> None:
        super().__init__(stored.page.subject)
        self._stored = stored

    def records(self, form: str) -> Sequence[Record]:
        page = self._stored.page
        if form == page.form_code and not getattr(page, "has_others", True):
            return [self._stored.record(key) for key in self._stored.rows]
        return super().records(form)


class PageCasebook:
    """The rows of a page, and the other forms of its subject as its rules ask for them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.model = form_model(page.form_code)
        self.casebook = _OwnRows(self)
        rows: Any = self.model.objects  # the checker knows the abstract base alone
        self.rows: dict[str, FormRow] = {
            row.row_key: row for row in rows.filter(page=page).order_by("row_key")
        }

    def record(self, key: str) -> Record:
        """The stored answers of a row, identifying ones in clear; all empty for a row that is not there."""
        row = self.rows.get(key)
        if row is not None:
            return record_of(row, self.page, self.page.subject)
        values: dict[str, Any] = dict.fromkeys(item.name for item in self.model.items())
        return Record(self.page.form_code, self.page.visit_code, key, self.page.form_date, values)

    def findings(self) -> tuple[Finding, ...]:
        """What is to say about the page as it is stored; nothing of one that was not begun or is closed."""
        if self.page.state not in (PageState.IN_PROGRESS, PageState.COMPLETE):
            return ()
        records = [self.record(key) for key in self.rows]
        if not records and self.model.form.repeat is Repeat.SINGLE:
            records = [self.record("")]
        with settings_read_once():
            return (
                *header_findings(self.page, self.casebook),
                *page_findings(self.page, records, self.casebook),
            )
