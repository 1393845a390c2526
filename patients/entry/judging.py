"""What was typed on a page, read and judged in memory: the part of a save that comes before it writes.

The save (`patients.entry.save`) goes on from here and writes; a look at a page that is still open
(`patients.entry.looking`) stops here. So what is said while somebody types is what the save will say.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from patients.casebook.answers import Record, RowAnswers, StoredCasebook, record_of
from patients.casebook.form import FormRow, GradedRow, Repeat, form_model
from patients.casebook.header import header_versions
from patients.casebook.identity import fingerprint
from patients.casebook.page import Page
from patients.entry.checks import page_findings
from patients.entry.derive import dependents, with_derived
from patients.entry.deviations import DEVIATIONS
from patients.entry.edits import MISSING_SUFFIX, Edit, Typed, clashes_with, read_edits
from patients.entry.ending import end_findings
from patients.entry.gates import GATE_FORMS, approval_findings, gate_findings
from patients.entry.header import HeaderEdit, header_findings, read_header
from patients.entry.refusals import Clash, PageClosed, UnknownPage
from patients.entry.voiding import Voids, asks_to_void, read_voids
from patients.entry.watching import forms_needed
from patients.items.item import Item
from patients.items.problems import Finding, Severity, filled
from trial.people.access import Person, can, require, require_entry
from trial.people.roles import Permission

Rows = set[tuple[str, str]]
"""Rows of a form, each by the code of its visit and its key."""


class Rederived(NamedTuple):
    """A derived item whose value has changed; `where` names the page of another row."""

    item: Item
    old: Any
    new: Any
    row_key: str
    where: str


def require_entry_on(page: Page, by: Person) -> None:
    """Raise UnknownPage (404) where they do not read, PermissionDenied (403) where they neither enter nor
    judge."""
    site = page.subject.site.code
    if not can(by, Permission.READ, site=site):
        raise UnknownPage(str(page.pk))
    if not judges(by, page):
        require_entry(by, page.form_code, site=site)


def judges(by: Person, page: Page) -> bool:
    """Whether they judge for the sponsor what this form asks of it."""
    judged = form_model(page.form_code).form.judged
    return bool(judged) and can(by, Permission.JUDGE, site=page.subject.site.code)


def require_own_items(page: Page, items: Iterable[str], by: Person) -> None:
    """Raise PermissionDenied (403) for an item that is not theirs to enter: what the sponsor judges is not
    the site's, and all else is not the sponsor's (specification 5.3)."""
    site, named = page.subject.site.code, set(items)
    judged = named & set(form_model(page.form_code).form.judged)
    if judged:
        require(by, Permission.JUDGE, site=site)
    if named - judged:
        require_entry(by, page.form_code, site=site)


def read_at_once(
    casebook: StoredCasebook, page: Page, rows: Typed, header: Mapping[str, str]
) -> StoredCasebook:
    """The casebook with all forms read, in one statement, that a save of what was typed may ask for."""
    named = {name.removesuffix(MISSING_SUFFIX) for answers in rows.values() for name in answers}
    items = {item.name for item in form_model(page.form_code).items()}
    touched = items if "form_date" in header or asks_to_void(rows) else items & named
    casebook.load({page.form_code, *_forms_read(page.form_code, touched)})
    return casebook


def _forms_read(form: str, touched: Set[str]) -> frozenset[str]:
    return GATE_FORMS | {DEVIATIONS} | forms_needed(form, frozenset(touched))


def as_it_is(page: Page, casebook: StoredCasebook) -> Page:
    """The page as it is now, of the subject that is read. Raises PageClosed, also where the time for which it
    was unlocked is over."""
    found = casebook.page_at_hand(page) or Page.objects.select_related("visit").get(pk=page.pk)
    found.subject = casebook.subject
    if found.is_closed or getattr(casebook.subject, "is_over", False):
        raise PageClosed(str(found))
    return found


@dataclass
class Judging:
    """A page with what was typed on it. The steps follow each other: read, apply, derive, findings."""

    page: Page
    casebook: StoredCasebook
    edits: list[Edit] = field(default_factory=list, init=False)
    header_edits: list[HeaderEdit] = field(default_factory=list, init=False)
    voids: Voids = field(default_factory=Voids, init=False)
    touched: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set), init=False)
    rederived: list[Rederived] = field(default_factory=list, init=False)
    derived_on: dict[int, Page] = field(default_factory=dict, init=False)
    filled: dict[tuple[str, str, str], FormRow] = field(default_factory=dict, init=False)
    """The rows that hold something else than before, each by its place."""

    def __post_init__(self) -> None:
        self.subject = self.page.subject
        self.model = form_model(self.page.form_code)
        stored = (*self.casebook.stored_on(self.page), *self.casebook.void_on(self.page))
        self.rows: dict[str, FormRow] = {row.row_key: row for row in stored}
        self.records = {
            key: record_of(row, self.page, self.subject) for key, row in self.rows.items() if not row.is_void
        }
        self.header_versions = header_versions(self.page)

    @property
    def every_edit(self) -> list[Edit]:
        return [*self.header_edits, *self.edits, *self.voids.edits]

    # --- reading -----------------------------------------------------------------------------------------
    def read(self, typed: Typed, header: Mapping[str, str]) -> list[Finding]:
        """Find what would change; what cannot be read is in the answer and changes nothing."""
        self.voids = read_voids(self.model, typed, self.rows)
        kept = {key: (self.rows[key], record.values) for key, record in self.records.items()}
        self.edits, unreadable = read_edits(self.model, self.voids.typed, kept)
        self.header_edits, unreadable_header = read_header(self.page, header)
        self._touch()
        self.casebook.load(_forms_read(self.page.form_code, self.touched[self.page.form_code]))
        return [*unreadable, *unreadable_header, *self.voids.findings]

    def _touch(self) -> None:
        """Note what changes; another date of assessment, or a row made void or restored, may change what any
        rule of the page looks at."""
        here = self.touched[self.page.form_code]
        here.update(edit.item.name for edit in self.every_edit)
        if "form_date" in here or self.voids.edits:
            here.update(item.name for item in self.model.items())

    def clashes(self, base_version: int) -> list[Clash]:
        """What somebody else has changed since the editor read the page."""
        return clashes_with(self.every_edit, base_version)

    def unapproved(self) -> list[Finding]:
        """What the site still needs before it may do what was typed."""
        return approval_findings(self.page, self.edits)

    # --- applying ----------------------------------------------------------------------------------------
    def apply(self) -> list[Finding]:
        """Put the edits into the records that the rules look at; every reason for not recording them."""
        for header_edit in self.header_edits:
            setattr(self.page, header_edit.column, header_edit.kept)
        for edit in self.edits:
            record = self.records.setdefault(edit.row_key, self._new_record(edit.row_key))
            record.values[edit.item.name] = edit.value
            record.missing.pop(edit.item.name, None)
            if edit.missing:
                record.missing[edit.item.name] = edit.missing
        for key in self.voids.keys:
            if self.records.pop(key, None) is None:
                self.records[key] = record_of(self.rows[key], self.page, self.subject)
        self.records = {
            key: replace(record, form_date=self.page.form_date) for key, record in self.records.items()
        }
        self.casebook.replace(self.page, self.records.values())
        return gate_findings(self.page, self.records.values(), self.edits, self.casebook)

    def _new_record(self, key: str) -> Record:
        values = dict.fromkeys(item.name for item in self.model.items())
        return Record(self.page.form_code, self.page.visit_code, key, self.page.form_date, values)

    # --- deriving ----------------------------------------------------------------------------------------
    def derive(self) -> None:
        """Put the records into their rows, with the derived items of all rows that are made from them."""
        own = self._rows_borne_on()
        touched = dict.fromkeys(edit.row_key for edit in (*self.edits, *self.voids.edits))
        for key in [key for key in touched or self.records if key in self.records]:
            row = self.rows.setdefault(key, self.model(page=self.page, row_key=key))
            if self._fill(row, self.records[key]) or key in touched:
                self.filled[self.records[key].place] = row
        self._derive_elsewhere({self.page.form_code}, own)

    def closed_elsewhere(self) -> list[Finding]:
        """The closed pages on which a derived value would change with what is saved: nothing on them may."""
        pages = {row.page_id: row.page for row in self.filled.values() if row.page_id != self.page.pk}
        said = _("This changes what is derived on %(page)s, which is %(state)s. It has to be opened first.")
        return [
            Finding(
                "",
                filled(
                    said, {"page": f"{page.form_code} {page.visit_code}", "state": page.get_state_display()}
                ),
                Severity.REFUSED,
            )
            for page in pages.values()
            if page.is_closed
        ]

    def _fill(self, row: FormRow, record: Record, *, where: str = "") -> bool:
        """Derive the record and put it into its row; whether anything derived has changed."""
        before = row.values()
        with_derived(record, self.casebook)
        derived = [item for item in row.items() if item.is_derived and _differs(item, before, record.values)]
        for item in row.items():
            setattr(row, item.name, _column_value(item, record.values[item.name]))
        row.missing = dict(record.missing)
        regraded = row.provenance != record.grades
        if isinstance(row, GradedRow):
            row.grades = dict(record.grades)
        self.rederived += [
            Rederived(item, before[item.name], record.values[item.name], record.row_key, where)
            for item in derived
        ]
        self.touched[record.form].update(item.name for item in derived)
        if derived:
            self.derived_on[row.page_id] = row.page
        return bool(derived) or regraded

    def _rows_borne_on(self) -> Rows | None:
        """The rows of this form that the edited ones, as they were and as they are, bear on; None for any."""
        bears_on = self.model.form.bears_on
        if bears_on is None or self.voids.edits:
            return None
        edited = set(self.records) if self.header_edits else {edit.row_key for edit in self.edits}
        before = [record_of(self.rows[key], self.page, self.subject) for key in edited & set(self.rows)]
        both = [*before, *(self.records[key] for key in edited)]
        return {
            (row.visit, row.row_key) for record in both for row in bears_on(RowAnswers(record, self.casebook))
        }

    def _derive_elsewhere(self, changed_forms: set[str], own: Rows | None = None) -> None:
        """Derived items of other rows that are made from what changed, until nothing more does; those of this
        page once more, where they are made from what was derived elsewhere. `own`: of the form of this page
        these rows alone can be."""
        waiting = sorted({form for source in changed_forms for form in dependents().get(source, ())})
        changed = {
            form for form in waiting if self._derive_form(form, own if form == self.page.form_code else None)
        }
        if changed - changed_forms:
            self._derive_elsewhere(changed)

    def _derive_form(self, form: str, only: Rows | None) -> bool:
        others = [row for row in self.casebook.stored(form) if row.page_id != self.page.pk]
        here = [self.rows[key] for key in self.records] if form == self.page.form_code else []
        looked_at = [row for row in [*others, *here] if _is_one_of(only, row)]
        placed = [(self._record_now(row), row) for row in looked_at]
        changed = False
        for record, row in sorted(placed, key=lambda pair: (pair[0].dated or date.min, pair[0].place)):
            self.casebook.replace_record(record)
            where = "" if row.page_id == self.page.pk else f"{form}@{record.visit}."
            if self._fill(row, record, where=where):
                self.filled[record.place] = row
                changed = True
        return changed

    def _record_now(self, row: FormRow) -> Record:
        """A row as it stands: of this page with what is being saved."""
        if row.page_id == self.page.pk:
            return self.records[row.row_key]
        return record_of(row, row.page, self.subject)

    def findings(self) -> list[Finding]:
        """What is to say about the page as it stands; a single form without a row is judged as empty."""
        records = list(self.records.values())
        if not records and self.model.form.repeat is Repeat.SINGLE:
            records = [self._new_record("")]
        return [*header_findings(self.page, self.casebook), *page_findings(self.page, records, self.casebook)]

    def standing(self, findings: list[Finding]) -> list[Finding]:
        """The same with what is asked at the end of the study."""
        return [*findings, *end_findings(self.page, self.casebook)]


def _is_one_of(rows: Rows | None, row: FormRow) -> bool:
    return rows is None or (row.page.visit_code, row.row_key) in rows


def _differs(item: Item, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return item.text(before[item.name]) != item.text(after[item.name])


def _column_value(item: Item, value: Any) -> Any:
    """What the row's column keeps: of an identifying item a keyed hash."""
    if item.declared.identity:
        return fingerprint(item.text(value)) or None
    return value
