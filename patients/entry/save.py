"""Saving a page: the one way in for the browser, the API and the import.

In one transaction, or not at all: scope and permission, page open, what was typed read and judged, edits
merged or clashing, row and history, derived items, findings, visits re-placed, the page's state, and last
the event of the trail.
"""

from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import translation

from patients.casebook.answers import Record, RowAnswers, StoredCasebook, record_of
from patients.casebook.approval import SIGNATURE
from patients.casebook.form import FormRow, GradedRow, Repeat, form_model
from patients.casebook.identity import Identity, fingerprint
from patients.casebook.page import DONE, Page, PageState, Subject
from patients.casebook.settings import settings_read_once
from patients.entry.anchors import anchor_findings
from patients.entry.checks import blocking, page_findings
from patients.entry.derive import AUTHOR, dependents, with_derived
from patients.entry.deviations import DEVIATIONS
from patients.entry.edits import MISSING_SUFFIX, Edit, Typed, clashes_with, read_edits
from patients.entry.ending import end_findings
from patients.entry.following import follow_page, records_on
from patients.entry.gates import GATE_FORMS, approval_findings, gate_findings
from patients.entry.header import HeaderEdit, header_findings, header_versions, read_header
from patients.entry.identity_patterns import identities
from patients.entry.reasons import NO_REASON, NO_REASONS, Reasons, unexplained
from patients.entry.refusals import Conflict, PageClosed, Refused, SiteNotOpen, UnknownPage
from patients.entry.voiding import Voids, asks_to_void, carry_out, read_voids
from patients.entry.watching import forms_needed
from patients.forms.eligibility import attested
from patients.items.item import Item
from patients.items.problems import Finding
from patients.oversight.follow import drop_signatures, drop_verifications
from patients.schedule.covering import cover_visits, may_cover
from patients.schedule.placing import ANCHORING_FORMS, place_visits
from trial.people.access import Person, actor_at, can, require_entry
from trial.people.roles import Permission
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event

Rows = set[tuple[str, str]]
"""Rows of a form, each by the code of its visit and its key."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did: the page as it is now, how many items changed, what is to say about the page, and
    whether the signature of the page fell by it."""

    page: Page
    changed: int
    findings: tuple[Finding, ...]
    signature_fell: bool = False

    @property
    def is_complete(self) -> bool:
        return self.page.state in DONE


def save_page(
    page: Page,
    rows: Typed,
    *,
    by: Person,
    base_version: int,
    source: Source,
    header: Mapping[str, str] | None = None,
    reasons: Reasons | None = None,
    complete: bool = False,
    request_id: str = "",
    casebook: StoredCasebook | None = None,
    follows: bool = True,
) -> Saved:
    """Save what was typed on a page. See `patients.entry.edits` for `rows`, `voiding` for those that were
    entered by mistake, and `header` for the header.

    `base_version` is the version of the page that the editor read. `reasons` explains, by (row key, item),
    each change of a value saved before. `complete` asks for the page to be complete, which findings may
    prevent; they are in the answer. Nothing changed means nothing written. `casebook` is handed in by a
    caller that saves many pages of one subject in a transaction of its own (see `held_casebook`); one that
    a save has refused must not be used again. Such a caller may take over what follows (queries, deviations)
    by `follow_subject` when it is done, and says so by `follows`.

    Raises UnknownPage (404), PermissionDenied (403), PageClosed (423), Refused (422), SiteNotOpen and
    Conflict (409).
    """
    site = page.subject.site.code
    if not can(by, Permission.READ, site=site):
        raise UnknownPage(str(page.pk))
    require_entry(by, page.form_code, site=site)
    with transaction.atomic(), acting(actor_at(by, site=site, source=source, request_id=request_id)):
        held = casebook or _read_at_once(held_casebook(page.subject), page, rows, header or {})
        found = as_it_is(page, held)
        reasons = NO_REASONS if reasons is None else reasons  # `SameReason` is empty, and not nothing
        with settings_read_once():
            return _Save(found, held, base_version, reasons, follows).run(rows, header or {}, complete)


def held_casebook(subject: Subject) -> StoredCasebook:
    """The casebook of a subject, locked until the transaction ends. Saves of one subject wait for each
    other: rules look across its forms. What stands beside the locked row (the identity) is read after
    the lock: in the same statement it would be as it was before the wait."""
    locked: Subject = (
        Subject.objects.select_for_update(of=("self",)).select_related("site").get(pk=subject.pk)
    )
    return StoredCasebook(locked)


def _read_at_once(
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


def is_unchanged(page: Page, rows: Typed, header: Mapping[str, str]) -> bool:
    """Whether saving this would change nothing; what cannot be read counts as a change. On a page that was
    signed here the attested signature that an export makes of it is no change either."""
    model = form_model(page.form_code)
    stored = [(row, record_of(row, page, page.subject)) for row in model.of_page(page)]
    as_stored = {row.row_key: (row, record.values) for row, record in stored}
    as_exported = {row.row_key: (row, attested(record, page.approved).values) for row, record in stored}
    differs = [any(read_edits(model, rows, kept)) for kept in (as_stored, as_exported)]
    return not all(differs) and not any(read_header(page, header))


def as_it_is(page: Page, casebook: StoredCasebook) -> Page:
    """The page as it is now, of the subject that is locked. Raises PageClosed."""
    found = casebook.page_at_hand(page) or Page.objects.select_related("visit").get(pk=page.pk)
    found.subject = casebook.subject
    if found.is_closed:
        raise PageClosed(str(found))
    return found


@dataclass
class _Save:
    """One save under way."""

    page: Page
    casebook: StoredCasebook
    base_version: int
    reasons: Reasons
    follows: bool
    changes: list[Change] = field(default_factory=list)
    touched: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    derived_on: dict[int, Page] = field(default_factory=dict)
    voids: Voids = field(default_factory=Voids)
    act: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        self.state_before = self.page.state
        self.subject = self.page.subject
        self.model = form_model(self.page.form_code)
        stored = (*self.casebook.stored_on(self.page), *self.casebook.void_on(self.page))
        self.rows: dict[str, FormRow] = {row.row_key: row for row in stored}
        self.records = {
            key: record_of(row, self.page, self.subject) for key, row in self.rows.items() if not row.is_void
        }
        self.header_versions = header_versions(self.page)

    def run(self, typed: Typed, header: Mapping[str, str], complete: bool) -> Saved:
        edits, header_edits = self._read(typed, header)
        if missing := approval_findings(self.page, edits):
            raise SiteNotOpen(missing)
        self._apply(edits, header_edits)
        self._refuse(gate_findings(self.page, self.records.values(), edits, self.casebook))
        changes = len(edits) + len(header_edits) + len(self.voids.edits)
        changed = changes > 0
        if changed:
            self._keep(edits, header_edits)
        findings = self._findings()
        standing = [*findings, *end_findings(self.page, self.casebook)]
        moved = self._settle_state(standing, complete)
        if changed or moved:
            self.page.save()
            self.casebook.keep(self.page, self.rows.values())
            if may_cover(self.page):
                self.changes += cover_visits(self.subject)
            if self.follows:
                self._follow(findings)
            record_event("page.saved", self._place(), self.changes, act=self.act)
        fell = self.state_before == PageState.SIGNED and self.page.state != PageState.SIGNED
        return Saved(self.page, changes, tuple(standing), fell)

    # --- reading ---------------------------------------------------------------------------------------
    def _read(self, typed: Typed, header: Mapping[str, str]) -> tuple[list[Edit], list[HeaderEdit]]:
        self.voids = read_voids(self.model, typed, self.rows)
        kept = {key: (self.rows[key], record.values) for key, record in self.records.items()}
        edits, unreadable = read_edits(self.model, self.voids.typed, kept)
        header_edits, unreadable_header = read_header(self.page, header)
        self._refuse([*unreadable, *unreadable_header, *self.voids.findings])
        every = [*header_edits, *edits, *self.voids.edits]
        self._touch(every)
        self.casebook.load(_forms_read(self.page.form_code, self._touched_here))
        if clashes := clashes_with(every, self.base_version):
            raise Conflict(clashes)
        self._refuse(
            [
                *identities(every, self.reasons),
                *unexplained(every, self.reasons),
                *anchor_findings(self.page, edits, self.reasons, self.casebook),
            ]
        )
        return edits, header_edits

    @property
    def _touched_here(self) -> set[str]:
        return self.touched[self.page.form_code]

    def _touch(self, edits: list[Edit]) -> None:
        """Note what changes; another date of assessment, or a row made void or restored, may change what any
        rule of the page looks at."""
        self._touched_here.update(edit.item.name for edit in edits)
        if "form_date" in self._touched_here or self.voids.edits:
            self._touched_here.update(item.name for item in self.model.items())

    @staticmethod
    def _refuse(findings: list[Finding]) -> None:
        if findings:
            raise Refused(findings)

    def _apply(self, edits: list[Edit], header_edits: list[HeaderEdit]) -> None:
        """Put the edits into the records that the rules look at; nothing is written yet."""
        for header_edit in header_edits:
            setattr(self.page, header_edit.column, header_edit.kept)
        for edit in edits:
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

    def _new_record(self, key: str) -> Record:
        values = dict.fromkeys(item.name for item in self.model.items())
        return Record(self.page.form_code, self.page.visit_code, key, self.page.form_date, values)

    # --- writing ---------------------------------------------------------------------------------------
    def _keep(self, edits: list[Edit], header_edits: list[HeaderEdit]) -> None:
        self.page.version += 1
        changed = {edit.item.name: self.page.version for edit in header_edits}
        self.page.header_versions = self.header_versions | changed
        with translation.override("en"):  # the trail reads the same whoever saved
            self.changes += [
                _change(edit, self.reasons) for edit in (*header_edits, *edits, *self.voids.edits)
            ]
            self._keep_identity(edits)
            own = self._rows_borne_on(edits, header_edits)
            self._keep_rows(edits)
            self._derive_elsewhere({self.page.form_code}, own)
            dropped = self._drop_signatures()
            self.changes += drop_verifications(self.page, self.changes)
            if not ANCHORING_FORMS.isdisjoint({self.page.form_code, *dropped}):
                self.changes += place_visits(self.subject, self.casebook)

    def _drop_signatures(self) -> set[str]:
        """Signatures fall on this page and where a derived item changed; the forms of the pages that had one.
        Rules that look at a signature look again."""
        signed = [page for page in (self.page, *self._other_pages()) if page.state == PageState.SIGNED]
        self.changes += drop_signatures(signed, self.changes, act=self.act, saved=self.page)
        for page in signed:
            self.touched[page.form_code].add(SIGNATURE)
            if page is not self.page:
                page.save()
        return {page.form_code for page in signed}

    def _other_pages(self) -> list[Page]:
        return [page for page in self.derived_on.values() if page.pk != self.page.pk]

    def _keep_identity(self, edits: list[Edit]) -> None:
        identifying = [edit for edit in edits if edit.item.declared.identity]
        if identifying:
            identity = getattr(self.subject, "identity", None) or Identity(subject=self.subject)
            for edit in identifying:
                setattr(identity, edit.item.name, edit.item.text(edit.value))
            identity.save()

    def _keep_rows(self, edits: list[Edit]) -> None:
        touched = dict.fromkeys(edit.row_key for edit in (*edits, *self.voids.edits))
        carry_out(self.voids.edits, self.rows, self.page.version)
        for key in self.voids.keys - set(self.records):
            self.rows[key].save()
        new: list[FormRow] = []
        for key in [key for key in touched or self.records if key in self.records]:
            row = self.rows.get(key) or self.model(page=self.page, row_key=key)
            row.item_versions |= {e.item.name: self.page.version for e in edits if e.row_key == key}
            self.rows[key] = row
            derived = self._fill(row, self.records[key])
            if row.pk is None:
                new.append(row)
            elif derived or key in touched:
                row.save()
        self.model.objects.create_with_history(new)

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
        self.changes += [_derived_change(item, before, record, where) for item in derived]
        self.touched[record.form].update(item.name for item in derived)
        if derived:
            self.derived_on[row.page_id] = row.page
        return bool(derived) or regraded

    def _rows_borne_on(self, edits: list[Edit], header_edits: list[HeaderEdit]) -> Rows | None:
        """The rows of this form that the edited ones, as they were and as they are, bear on; None for any."""
        bears_on = self.model.form.bears_on
        if bears_on is None or self.voids.edits:
            return None
        edited = set(self.records) if header_edits else {edit.row_key for edit in edits}
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
                row.save()
                changed = True
        return changed

    def _record_now(self, row: FormRow) -> Record:
        """A row as it stands: of this page with what is being saved."""
        if row.page_id == self.page.pk:
            return self.records[row.row_key]
        return record_of(row, row.page, self.subject)

    def _findings(self) -> list[Finding]:
        """What is to say about the page as it stands; a single form without a row is judged as empty."""
        records = list(self.records.values())
        if not records and self.model.form.repeat is Repeat.SINGLE:
            records = [self._new_record("")]
        return [*header_findings(self.page, self.casebook), *page_findings(self.page, records, self.casebook)]

    def _follow(self, findings: list[Finding]) -> None:
        touched = {form: frozenset(items) for form, items in self.touched.items()}
        records = records_on(self.page, self.casebook)
        self.changes += follow_page(self.page, records, findings, self.casebook, touched, act=self.act)

    # --- state and trail ---------------------------------------------------------------------------------
    def _settle_state(self, findings: list[Finding], complete: bool) -> bool:
        """Complete if asked (or complete before) and nothing stands against it; whether the state moved. A
        page that is still signed was not changed."""
        before = self.state_before
        if self.page.state == PageState.SIGNED:
            return False
        wanted = complete or before in (PageState.COMPLETE, PageState.SIGNED)
        if wanted and not blocking(findings):
            self.page.state = PageState.COMPLETE
        elif self.page.version:
            self.page.state = PageState.IN_PROGRESS
        if self.page.state != before:
            self.changes.append(Change("entry_state", "Workflow state", before, self.page.state))
        return self.page.state != before

    def _place(self) -> Place:
        return Place(
            site=self.subject.site.code,
            subject=self.subject.code,
            visit=self.page.visit_code,
            form=self.page.form_code,
            form_version=self.model.form.version,
            about=str(self.page),
        )


def _is_one_of(rows: Rows | None, row: FormRow) -> bool:
    return rows is None or (row.page.visit_code, row.row_key) in rows


def _differs(item: Item, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    return item.text(before[item.name]) != item.text(after[item.name])


def _column_value(item: Item, value: Any) -> Any:
    """What the row's column keeps: of an identifying item a keyed hash."""
    if item.declared.identity:
        return fingerprint(item.text(value)) or None
    return value


def _change(edit: Edit, reasons: Reasons) -> Change:
    reason = NO_REASON if edit.is_first else reasons.get((edit.row_key, edit.item.name), NO_REASON)
    (old, new), (old_shown, new_shown) = edit.as_text(), edit.as_shown()
    if edit.item.declared.identity:
        old, new, old_shown, new_shown = fingerprint(old), fingerprint(new), "", ""
    return Change(
        item=edit.item.name,
        label=str(edit.item.declared.label),
        old=old,
        new=new,
        row_key=edit.row_key,
        old_shown=old_shown,
        new_shown=new_shown,
        reason_code=reason.code,
        reason=reason.text,
    )


def _derived_change(item: Item, before: Mapping[str, Any], record: Record, where: str) -> Change:
    old, new = before[item.name], record.values[item.name]
    return Change(
        item=f"{where}{item.name}",
        label=str(item.declared.label),
        old=item.text(old),
        new=item.text(new),
        row_key=record.row_key,
        old_shown=item.with_unit(old),
        new_shown=item.with_unit(new),
        author=AUTHOR,
    )
