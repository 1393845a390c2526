"""Saving a page: the one way in for the browser, the API and the import.

In one transaction, or not at all: scope and permission, page open, what was typed read and judged, edits
merged or clashing, row and history, derived items, findings, visits re-placed, the page's state, and last
the event of the trail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import translation

from patients.casebook.answers import StoredCasebook, record_of
from patients.casebook.approval import SIGNATURE
from patients.casebook.form import form_model
from patients.casebook.identity import Identity, fingerprint
from patients.casebook.page import DONE, Page, PageState, Subject
from patients.casebook.settings import settings_read_once
from patients.entry.anchors import anchor_findings
from patients.entry.checks import blocking
from patients.entry.derive import AUTHOR
from patients.entry.edits import Edit, Typed, read_edits
from patients.entry.following import follow_page, records_on
from patients.entry.header import read_header
from patients.entry.identity_patterns import identities
from patients.entry.judging import (
    Judging,
    Rederived,
    as_it_is,
    read_at_once,
    require_entry_on,
    require_own_items,
)
from patients.entry.reasons import NO_REASON, NO_REASONS, Reasons, unexplained
from patients.entry.refusals import Conflict, Refused, SiteNotOpen
from patients.entry.safety_mailing import ring
from patients.entry.voiding import carry_out
from patients.forms.eligibility import attested
from patients.items.problems import Finding
from patients.oversight.casebook_locks import is_over
from patients.oversight.follow import drop_signatures
from patients.oversight.safety_clocks import note_serious
from patients.oversight.verification import follow_edits
from patients.schedule.covering import cover_visits, may_cover
from patients.schedule.placing import ANCHORING_FORMS, place_visits
from trial.people.access import Person, actor_at
from trial.trail.actor import Source, acting, current_actor
from trial.trail.record import Change, Place, record_event


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
    require_entry_on(page, by)
    site = page.subject.site.code
    with transaction.atomic(), acting(actor_at(by, site=site, source=source, request_id=request_id)):
        held = casebook or read_at_once(held_casebook(page.subject), page, rows, header or {})
        found = as_it_is(page, held)
        reasons = NO_REASONS if reasons is None else reasons  # `SameReason` is empty, and not nothing
        with settings_read_once():
            return _Save(found, held, base_version, reasons, follows, by).run(rows, header or {}, complete)


def held_casebook(subject: Subject) -> StoredCasebook:
    """The casebook of a subject, locked until the transaction ends. Saves of one subject wait for each
    other: rules look across its forms. What stands beside the locked row (the identity) is read after
    the lock: in the same statement it would be as it was before the wait."""
    held = Subject.objects.select_for_update(of=("self",)).select_related("site")
    locked: Subject = held.annotate(is_over=is_over()).get(pk=subject.pk)
    return StoredCasebook(locked)


def is_unchanged(page: Page, rows: Typed, header: Mapping[str, str]) -> bool:
    """Whether saving this would change nothing; what cannot be read counts as a change. On a page that was
    signed here the attested signature that an export makes of it is no change either."""
    model = form_model(page.form_code)
    stored = [(row, record_of(row, page, page.subject)) for row in model.of_page(page)]
    as_stored = {row.row_key: (row, record.values) for row, record in stored}
    as_exported = {row.row_key: (row, attested(record, page.approved).values) for row, record in stored}
    differs = [any(read_edits(model, rows, kept)) for kept in (as_stored, as_exported)]
    return not all(differs) and not any(read_header(page, header))


@dataclass
class _Save(Judging):
    """One save under way."""

    base_version: int
    reasons: Reasons
    follows: bool
    by: Person
    changes: list[Change] = field(default_factory=list)
    act: UUID = field(default_factory=uuid4)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.state_before = self.page.state

    def run(self, typed: Typed, header: Mapping[str, str], complete: bool) -> Saved:
        self._judge(typed, header)
        changed = bool(self.every_edit)
        if changed:
            self._keep()
        findings = self.findings()
        standing = self.standing(findings)
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
        return Saved(self.page, len(self.every_edit), tuple(standing), fell)

    # --- refusing --------------------------------------------------------------------------------------
    def _judge(self, typed: Typed, header: Mapping[str, str]) -> None:
        """Read and apply what was typed. Raises Refused, Conflict and SiteNotOpen."""
        self._refuse(self.read(typed, header))
        require_own_items(self.page, (edit.item.name for edit in self.every_edit), self.by)
        if clashes := self.clashes(self.base_version):
            raise Conflict(clashes)
        self._refuse(
            [
                *identities(self.every_edit, self.reasons),
                *unexplained(self.every_edit, self.reasons),
                *anchor_findings(self.page, self.edits, self.reasons, self.casebook),
            ]
        )
        if missing := self.unapproved():
            raise SiteNotOpen(missing)
        self._refuse(self.apply())

    @staticmethod
    def _refuse(findings: list[Finding]) -> None:
        if findings:
            raise Refused(findings)

    # --- writing ---------------------------------------------------------------------------------------
    def _keep(self) -> None:
        self.page.version += 1
        changed = {edit.item.name: self.page.version for edit in self.header_edits}
        self.page.header_versions = self.header_versions | changed
        with translation.override("en"):  # the trail reads the same whoever saved
            self.derive()
            self._refuse(self.closed_elsewhere())
            self.changes += [_change(edit, self.reasons) for edit in self.every_edit]
            self.changes += [_derived_change(each) for each in self.rederived]
            self._keep_identity()
            self._keep_rows()
            self._note_serious()
            dropped = self._drop_signatures()
            self.changes += self._drop_verifications()
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

    def _drop_verifications(self) -> list[Change]:
        """A verified value that changes returns to the monitor's list; the page knows who entered it."""
        self.page.entered_by = sorted({*(self.page.entered_by or ()), current_actor().user_name})
        edited = {(edit.row_key, edit.item.name) for edit in self.every_edit}
        return follow_edits(self.page, self.rows.values(), edited, act=self.act)

    def _other_pages(self) -> list[Page]:
        return [page for page in self.derived_on.values() if page.pk != self.page.pk]

    def _keep_identity(self) -> None:
        identifying = [edit for edit in self.edits if edit.item.declared.identity]
        if identifying:
            identity = getattr(self.subject, "identity", None) or Identity(subject=self.subject)
            for edit in identifying:
                setattr(identity, edit.item.name, edit.item.text(edit.value))
            identity.save()

    def _keep_rows(self) -> None:
        for edit in self.edits:
            self.rows[edit.row_key].item_versions[edit.item.name] = self.page.version
        carry_out(self.voids.edits, self.rows, self.page.version)
        for key in self.voids.keys - set(self.records):
            self.rows[key].save()
        new = [row for row in self.filled.values() if row.pk is None]
        for row in self.filled.values():
            if row.pk is not None:
                row.save()
        self.model.objects.create_with_history(new)

    def _note_serious(self) -> None:
        """A serious event runs from now on; who has to know of it is told after the commit."""
        serious = {edit.row_key for edit in self.edits if edit.item.name == "ae_serious" and edit.value}
        if serious:
            note_serious(self.page, serious)
            transaction.on_commit(ring, robust=True)

    def _follow(self, findings: list[Finding]) -> None:
        touched = {form: frozenset(items) for form, items in self.touched.items()}
        records = records_on(self.page, self.casebook)
        self.changes += follow_page(
            self.page, records, findings, self.casebook, touched, act=self.act, saved=list(self.changes)
        )

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


def _derived_change(found: Rederived) -> Change:
    item, old, new = found.item, found.old, found.new
    return Change(
        item=f"{found.where}{item.name}",
        label=str(item.declared.label),
        old=item.text(old),
        new=item.text(new),
        row_key=found.row_key,
        old_shown=item.with_unit(old),
        new_shown=item.with_unit(new),
        author=AUTHOR,
    )
