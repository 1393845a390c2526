"""Importing a casebook: every page through `save_page`, a refused page named, the others kept.

A page that exists with the same content is left alone, so an interrupted import simply runs again. A page
that exists with other content is a conflict, unless a reason for the change is given.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from patients.casebook.answers import StoredCasebook, identifying_value
from patients.casebook.files import (
    IDENTITY,
    MEMBERS,
    MISSING_SUFFIX,
    PEOPLE,
    SIGNATURES,
    SUBJECTS,
)
from patients.casebook.form import form_model
from patients.casebook.page import DONE, Page, PageState, Subject
from patients.casebook.settings import settings_read_once
from patients.entry.checks import NOT_ASKED, blocking
from patients.entry.deliveries import BORN_BY_AGE, Delivery
from patients.entry.doubles import open_doubles
from patients.entry.following import Looked, follow_subject
from patients.entry.reasons import Reason, SameReason
from patients.entry.refusals import NotSaved, PageClosed, Refused, SiteLocked
from patients.entry.register import register_identity, register_member, register_site, register_subject
from patients.entry.save import held_casebook, is_unchanged, save_page
from patients.entry.staging import StagedPage, Staging
from patients.forms.age import birthday_of
from patients.items.partial_date import read_date
from patients.items.problems import Finding, NotAnAnswer
from patients.oversight.casebook_locks import is_sealed
from patients.oversight.closing import END_OF_STUDY
from patients.schedule.placing import VisitNotPlanned, open_visit, page_of
from trial.people.access import SystemPerson, actor_at
from trial.people.models import Site
from trial.people.roles import Role
from trial.protocol.visits import LOG_FORMS, UnknownVisit
from trial.trail.actor import Source, acting
from trial.trail.record import Change, Place, record_event


class Outcome(StrEnum):
    """What became of a page."""

    KEPT = "kept"
    NOT_COMPLETE = "kept, not complete"
    LEFT = "left as it was"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say about one cell of a casebook: where, what stands there, and why."""

    file: str
    line: int
    item: str
    value: str
    why: str
    refuses: bool

    def __str__(self) -> str:
        value = f" “{self.value}”" if self.value else ""
        return f"{self.file} line {self.line}, {self.item}{value}: {self.why}"


@dataclass
class Report:
    """The account of an import: pages and rows by outcome, every remark, how many signatures it left aside,
    since nobody signs by an import, how many members, to whom whoever imports may give no role, and how many
    birth dates are the day that an age at enrolment means."""

    pages: Counter[Outcome] = field(default_factory=Counter)
    rows: Counter[Outcome] = field(default_factory=Counter)
    remarks: list[Remark] = field(default_factory=list)
    not_imported: int = 0
    members_left: int = 0
    born_by_age: int = 0

    def count(self, staged: StagedPage, outcome: Outcome) -> None:
        self.pages[outcome] += 1
        self.rows[outcome] += staged.row_count

    @property
    def is_clean(self) -> bool:
        return not any(remark.refuses for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """A page that is kept and not complete; `is_counted`: its outcome is known."""

    staged: StagedPage
    page: Page
    is_counted: bool = False


@dataclass
class CasebookImport:
    """One import under way. `sites`: those alone that it may write to; `grants`: whether it makes members of
    whoever the casebook names."""

    delivery: Delivery
    by: SystemPerson
    reason: str = ""
    sites: frozenset[str] | None = None
    grants: bool = True
    report: Report = field(default_factory=Report)
    progress: Callable[[int, int], None] = lambda done, total: None
    people: dict[str, list[tuple[int, dict[str, str]]]] = field(init=False, default_factory=dict)
    _casebook: StoredCasebook = field(init=False)
    _is_sealed: bool = field(init=False, default=False)
    _has_saved: bool = field(init=False, default=False)
    """Whether anything of the subject at hand was saved."""

    def run(self) -> Report:
        """Import everything. Raises UnreadableCasebook before anything is written."""
        with Staging() as staging:
            self.delivery.stage(staging)
            self.people = {name: self.delivery.people(name) for name in PEOPLE}
            self.report.not_imported = len(self.people[SIGNATURES])
            self._strange_pages()
            self._members()
            subjects = self._subjects()
            births = self._identities(subjects)
            codes = staging.subjects()
            for done, code in enumerate(codes, 1):
                with settings_read_once():
                    self._subject(subjects.get(code), code, staging, births.get(code))
                self.progress(done, len(codes))
        self._doubles(subjects)
        self._record()
        return self.report

    # --- the sheets about people -----------------------------------------------------------------------
    def _site(self, code: str) -> Site:
        """The site of this code. Raises ValidationError about `site`."""
        if self.sites is not None and code not in self.sites:
            raise ValidationError({"site": [_("There is no such site, or you may not import to it.")]})
        try:
            return register_site(code, code, by=self.by, source=Source.IMPORT)
        except ValidationError as problem:
            raise ValidationError({"site": problem.messages}) from problem

    def _members(self) -> None:
        if not self.grants:
            self.report.members_left = len(self.people[MEMBERS])
            return
        for line, cells in self.people[MEMBERS]:
            if cells["role"] not in list(Role):
                self._refuse(MEMBERS, line, "role", cells["role"], _("There is no such role."))
                continue
            try:
                register_member(
                    cells["user_name"],
                    cells["printed_name"],
                    Role(cells["role"]),
                    self._site(cells["site"]),
                    by=self.by,
                    source=Source.IMPORT,
                    reason="imported casebook",
                )
            except ValidationError as problem:
                self._invalid(MEMBERS, line, cells, problem)

    def _subjects(self) -> dict[str, Subject]:
        found: dict[str, Subject] = {}
        for line, cells in self.people[SUBJECTS]:
            try:
                if subject := self._register(line, cells):
                    found[subject.code] = subject
            except ValidationError as problem:
                self._invalid(SUBJECTS, line, cells, problem)
            except SiteLocked as problem:
                self._refuse(SUBJECTS, line, "site", cells["site"], str(problem.findings[0].message))
            except NotAnAnswer as problem:
                self._refuse(
                    SUBJECTS, line, "planned_infusion", cells["planned_infusion"], str(problem.message)
                )
        return found

    def _register(self, line: int, cells: dict[str, str]) -> Subject | None:
        """The subject of a row, made if it is new; None for one of another site. What the row says
        differently from the registry is not taken over, and said."""
        planned = _day(cells.get("planned_infusion", ""))
        with transaction.atomic():  # no site is left of a subject that is refused
            subject = register_subject(
                cells["subject_id"],
                self._site(cells["site"]),
                patient_id=cells.get("patient_id", ""),
                planned_infusion=planned,
                by=self.by,
                source=Source.IMPORT,
            )
        if self.sites is not None and subject.site.code not in self.sites:
            self._refuse(SUBJECTS, line, "subject_id", cells["subject_id"], _("There is no such subject."))
            return None
        kept = {
            "site": subject.site.code,
            "patient_id": subject.patient_id,
            "planned_infusion": str(subject.planned_infusion or ""),
        }
        given = {**cells, "planned_infusion": str(planned or "")}
        for column in [name for name in kept if name in cells and given[name] != kept[name]]:
            why = _("The subject is registered with “%s”.") % kept[column]
            self._refuse(SUBJECTS, line, column, cells[column], why)
        return subject if subject.site.code == cells["site"] else None

    def _identities(self, subjects: dict[str, Subject]) -> dict[str, str]:
        """Names and hospital numbers go in at once; birth dates, by subject, go in with the demographics."""
        births: dict[str, str] = {}
        for line, cells in self.people[IDENTITY]:
            subject = subjects.get(cells["subject_id"])
            if subject is None:
                self._refuse(
                    IDENTITY, line, "subject_id", cells["subject_id"], _("There is no such subject.")
                )
                continue
            if "birth_date" in cells:
                births[subject.code] = cells["birth_date"]
            if BORN_BY_AGE in cells and self._is_birth_needed(line, cells, subject):
                births[subject.code] = cells[BORN_BY_AGE]
            if cells.get("name") or cells.get("hospital_number"):
                self._identity(line, cells, subject)
        return births

    def _is_birth_needed(self, line: int, cells: dict[str, str], subject: Subject) -> bool:
        """Whether no birth date is on record, so that the day that the age means takes its place; where one
        is, the age has to be that of it."""
        born = identifying_value(subject, "birth_date")
        if born is None:
            self.report.born_by_age += 1
        elif birthday_of(born).isoformat() != cells[BORN_BY_AGE]:
            why = _("The age is not that of the birth date on record.")
            self._refuse(IDENTITY, line, "age_days_at_enrolment", "", why)
        return born is None

    def _identity(self, line: int, cells: dict[str, str], subject: Subject) -> None:
        try:
            register_identity(
                subject,
                full_name=cells.get("name", ""),
                hospital_number=cells.get("hospital_number", ""),
                by=self.by,
                source=Source.IMPORT,
            )
        except ValidationError as problem:
            self._invalid(IDENTITY, line, cells, problem)

    # --- pages -----------------------------------------------------------------------------------------
    @transaction.atomic
    def _subject(self, subject: Subject | None, code: str, staging: Staging, birth: str | None) -> None:
        """All pages of a subject in one transaction, so that what is stored is read once. Those that later
        pages have made complete are tried once more."""
        unfinished: list[_Unfinished] = []
        if subject:
            self._casebook = held_casebook(subject)
            self._is_sealed, self._has_saved = is_sealed(subject), False
        seen: dict[tuple[str, str], int] = {}
        for staged in staging.pages(code):
            line = seen.setdefault((staged.form, staged.visit), staged.line)
            if subject is None:
                self._page_refused(staged, "subject_id", code, _("There is no such subject."))
            elif line != staged.line:
                why = _("The page stands twice, in line %s with another date.") % line
                self._page_refused(staged, "form_date", staged.header.get("form_date", ""), why)
            elif staged.doubts:
                self._in_doubt(staged)
            elif found := self._page(subject, staged, birth):
                unfinished.append(found)
        for found in unfinished:
            if not _waits_for_others(found):
                self._finish(found)
        if subject:
            self._follow(subject, staging)
        for found in filter(_waits_for_others, unfinished):
            self._finish(found)

    def _page(self, subject: Subject, staged: StagedPage, birth: str | None) -> _Unfinished | None:
        """What a page becomes; an answer where it is kept and not complete."""
        if staged.form == "DM" and birth is not None:
            staged.rows[""] = {**staged.rows.get("", {}), "birth_date": birth}
        try:
            with self._page_alone(subject):
                return self._enter(subject, staged)
        except (VisitNotPlanned, UnknownVisit):
            self._page_refused(staged, "visit_code", staged.visit, _("The subject has no such visit."))
        except NotAnAnswer as problem:
            self._page_refused(staged, "form_date", staged.header.get("form_date", ""), str(problem.message))
        except Refused as problem:
            self._page_refused_by(staged, problem)
        except PageClosed:
            self._page_refused(staged, "entry_state", "", _("The page is frozen or locked."))
        except NotSaved as problem:
            self._page_refused(staged, staged.form, "", str(problem))
        return None

    @contextmanager
    def _page_alone(self, subject: Subject) -> Iterator[None]:
        """One page, or nothing of it: a refused page leaves no opened visit behind, and what it would have
        changed is read again."""
        try:
            with transaction.atomic():
                yield
        except Exception:
            self._casebook = held_casebook(subject)
            raise

    def _enter(self, subject: Subject, staged: StagedPage) -> _Unfinished | None:
        """Save a page that is new or explained; leave one that is the same."""
        page = self._open(subject, staged)
        if page.version and is_unchanged(page, staged.rows, staged.header):
            self.report.count(staged, Outcome.LEFT)
            return _Unfinished(staged, page, is_counted=True) if page.state == PageState.IN_PROGRESS else None
        if page.version and not self.reason:
            self._conflict(staged)
            return None
        return self._save(page, staged)

    def _open(self, subject: Subject, staged: StagedPage) -> Page:
        """The page, with its visit opened if an event opens it."""
        is_log = staged.form in LOG_FORMS
        day = None if is_log else _day(staged.header.get("form_date", ""))
        if found := self._casebook.page_at(staged.form, staged.visit):
            return found
        if self._is_sealed:
            raise PageClosed(staged.form)
        with acting(actor_at(self.by, site=subject.site.code, source=Source.IMPORT)):
            visit = None if is_log else open_visit(subject, staged.visit, day)
            page = page_of(subject, staged.form, visit)
        self._casebook.add_pages([page])
        return page

    def _save(self, page: Page, staged: StagedPage) -> _Unfinished | None:
        saved = save_page(
            page,
            staged.rows,
            by=self.by,
            base_version=page.version,
            source=Source.IMPORT,
            header=staged.header,
            reasons=SameReason(Reason(text=self.reason)) if self.reason else None,
            complete=True,
            casebook=self._casebook,
            follows=False,
        )
        self._has_saved = True
        if not saved.is_complete:
            return _Unfinished(staged, saved.page)
        self.report.count(staged, Outcome.KEPT)
        return None

    def _finish(self, found: _Unfinished) -> None:
        """Ask for a page to be complete, now that all others are in. It is kept in any case, even where a
        later page (a death, a withdrawal) would have kept it out."""
        page = Page.objects.select_related("subject__site").get(pk=found.page.pk)
        try:
            with self._page_alone(page.subject):
                saved = save_page(
                    page,
                    {},
                    by=self.by,
                    base_version=page.version,
                    source=Source.IMPORT,
                    complete=True,
                    casebook=self._casebook,
                    follows=False,
                )
            findings, is_complete = blocking(saved.findings), saved.is_complete
        except Refused as problem:
            findings, is_complete = list(problem.findings), False
        if not found.is_counted:
            self.report.count(found.staged, Outcome.KEPT if is_complete else Outcome.NOT_COMPLETE)
        for finding in findings:
            self._remark(found.staged, finding, refuses=False)

    def _follow(self, subject: Subject, staging: Staging) -> None:
        """What follows from all pages together: queries and deviations, and a remark on each page that was
        complete until a later one spoke against it, or that answers what is not asked. A locked casebook in
        which nothing was saved stays as it is."""
        if self._is_sealed and not self._has_saved:
            return
        with acting(actor_at(self.by, site=subject.site.code, source=Source.IMPORT)):
            act = uuid4()
            looked, changes = follow_subject(held_casebook(subject), act=act)
            if changes:
                place = Place(site=subject.site.code, subject=subject.code, about=subject.code)
                record_event("subject.checked", place, changes, act=act)
        said = {(each.page.form_code, each.page.visit_code): _to_be_said(each) for each in looked}
        for staged in staging.pages(subject.code) if any(said.values()) else ():
            for finding in said.get((staged.form, staged.visit), ()):
                self._remark(staged, finding, refuses=False)

    def _doubles(self, subjects: dict[str, Subject]) -> None:
        """A remark on each subject of the import that may be the same person as another; it names codes."""
        lines = {cells["subject_id"]: line for line, cells in self.people[SUBJECTS]}
        sites = {subject.site_id for subject in subjects.values()}
        for pair in open_doubles(Subject.objects.filter(site__in=sites)) if sites else ():
            later, other = pair.second.code, pair.first.code
            if later not in subjects:
                later, other = other, later
            if later in subjects:
                why = _("May be the same person as %s, entered twice.") % other
                self._note(SUBJECTS, lines[later], "subject_id", later, why, refuses=False)

    # --- remarks ---------------------------------------------------------------------------------------
    def _conflict(self, staged: StagedPage) -> None:
        self.report.count(staged, Outcome.CONFLICT)
        why = _("The page exists with other content; give a reason (--reason) to change it.")
        self._refuse(staged.form, staged.line, staged.form, "", why)

    def _in_doubt(self, staged: StagedPage) -> None:
        """The rows of a page contradict each other, or cannot be read: what is right is not for the import to
        say."""
        self.report.count(staged, Outcome.REFUSED)
        for found in staged.doubts:
            self._refuse(staged.form, found.line, found.column, found.cell, found.why)

    def _strange_pages(self) -> None:
        for fault in self.delivery.strange_pages():
            self.report.pages[Outcome.REFUSED] += 1
            self._refuse("", fault.line, fault.column, fault.cell, fault.why)

    def _page_refused(self, staged: StagedPage, item: str, value: str, why: str) -> None:
        self.report.count(staged, Outcome.REFUSED)
        self._refuse(staged.form, staged.line, item, value, why)

    def _page_refused_by(self, staged: StagedPage, problem: Refused) -> None:
        self.report.count(staged, Outcome.REFUSED)
        for finding in problem.findings:
            self._remark(staged, finding, refuses=True)

    def _remark(self, staged: StagedPage, finding: Finding, *, refuses: bool) -> None:
        cells = staged.rows.get(finding.row_key, {}) | staged.header
        line = staged.lines.get(finding.row_key, staged.line)
        value, why = cells.get(finding.item, ""), str(finding.message)
        if _identifies(staged.form, finding.item):
            # An identity stands in no output of a command, neither as typed nor as read.
            for secret in {value.strip(), str(finding.value or "")} - {""}:
                why = why.replace(secret, "…")
            value = ""
        self._note(staged.form, line, finding.item, value, why, refuses=refuses)

    def _refuse(self, sheet: str, line: int, item: str, value: str, why: str) -> None:
        self._note(sheet, line, item, value, why, refuses=True)

    def _note(self, sheet: str, line: int, item: str, value: str, why: str, *, refuses: bool) -> None:
        file = self.delivery.file_of(sheet)
        self.report.remarks.append(Remark(file, line, item, value, why, refuses))

    def _invalid(self, sheet: str, line: int, cells: dict[str, str], problem: ValidationError) -> None:
        """What the registry does not take of a row about people, by column."""
        for name, messages in problem.message_dict.items():
            column = {"code": "subject_id"}.get(name, name)
            self._refuse(sheet, line, column, cells.get(column, ""), "; ".join(messages))

    def _record(self) -> None:
        changes = [
            Change(str(outcome), str(outcome), "", str(n)) for outcome, n in sorted(self.report.pages.items())
        ]
        with transaction.atomic(), acting(actor_at(self.by, site="", source=Source.IMPORT)):
            place = Place(about=self.delivery.name[:200])
            record_event("casebook.imported", place, changes, reason=self.reason)


class _Undone(Exception):
    """Rolls the whole import back."""


def run_import(running: CasebookImport, *, dry_run: bool, all_or_nothing: bool) -> bool:
    """Run it, and keep nothing in a dry run, or if anything was refused and it is all or nothing; whether it
    was kept. Raises UnreadableCasebook."""
    if not (dry_run or all_or_nothing):
        running.run()
        return True
    try:
        with transaction.atomic():
            report = running.run()
            if dry_run or not report.is_clean:
                raise _Undone
    except _Undone:
        return False
    return True


def _waits_for_others(found: _Unfinished) -> bool:
    """The end of study is complete when all others are, and no query is open."""
    return found.staged.form == END_OF_STUDY


def _day(text: str) -> date | None:
    return read_date(text) if text.strip() else None


def _to_be_said(looked: Looked) -> list[Finding]:
    """Of a page that was kept: what speaks against its completeness, and answers to what is not asked. A page
    that is not complete has had its remarks."""
    unasked = [finding for finding in looked.findings if finding.limit == NOT_ASKED]
    is_complete = looked.page.state in DONE
    return unasked + (blocking(looked.findings) if is_complete else [])


def _identifies(form: str, item: str) -> bool:
    name = item.removesuffix(MISSING_SUFFIX)
    return any(found.name == name and found.declared.identity for found in form_model(form).items())
