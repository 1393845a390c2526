"""A data cut as a casebook directory: what the snapshot holds, without identity, and who had signed it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from analytics.locks.cut import AFTER_CUTOFF, all_records
from analytics.locks.models import Lock
from analytics.locks.snapshot import CutSubject, read_snapshot
from patients.casebook.answers import Record, StoredCasebook
from patients.casebook.files import SIGNATURES, SUBJECTS, write_casebook
from patients.casebook.page import Subject
from patients.entry.exporting import add_records, people_sheets
from patients.entry.signatures_exported import signature_sheet_at
from patients.oversight.signatures import signatures_by_subject


def export_lock(lock: Lock, out_dir: Path) -> int:
    """Write the casebook as of a lock; the number of rows. Raises DirectoryInUse and SnapshotDamaged."""
    cutoff, subjects = read_snapshot(lock.snapshot.path)
    cut = {subject.facts.subject: subject for subject in subjects}
    sheets = people_sheets(Subject.objects.filter(code__in=cut).select_related("site").order_by("code"))
    for row in sheets[SUBJECTS]:
        row["planned_infusion"] = _by(cutoff, row["planned_infusion"])
    for code, subject in cut.items():
        add_records(sheets, code, _as_entered(subject))
    if signatures := list(_signatures(lock, cut)):
        sheets[SIGNATURES] = signatures
    write_casebook(out_dir, sheets)
    return sum(len(rows) for rows in sheets.values())


def _signatures(lock: Lock, cut: Mapping[str, CutSubject]) -> Iterator[dict[str, str]]:
    """The signatures on pages of the cut that had been made at the moment as known at which it was cut: each
    stands for the whole of its page, also for what is later than the cut-off."""
    moment = lock.known_at or lock.made_at
    for code, signed in signatures_by_subject(until=moment).items():
        pages = _pages_of(cut[code]) if code in cut else ()
        if of_the_cut := [each for each in signed if (each.page.form_code, each.page.visit_code) in pages]:
            casebook = StoredCasebook(of_the_cut[0].page.subject)
            yield from signature_sheet_at(casebook, of_the_cut, moment)


def _pages_of(subject: CutSubject) -> set[tuple[str, str]]:
    return {(record.form, record.visit) for record in all_records(subject.casebook)}


def _by(cutoff: date, day: str) -> str:
    return day if day <= cutoff.isoformat() else ""


def _as_entered(subject: CutSubject) -> Iterator[Record]:
    """The rows of the cut; a date after the cut-off is not missing for a reason that a site would enter."""
    for record in all_records(subject.casebook):
        missing = {item: reason for item, reason in record.missing.items() if reason != AFTER_CUTOFF}
        yield replace(record, missing=missing)
