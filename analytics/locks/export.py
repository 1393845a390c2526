"""A data cut as a casebook directory: what the snapshot holds, without identity."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from analytics.locks.cut import AFTER_CUTOFF, all_records
from analytics.locks.models import Lock
from analytics.locks.snapshot import CutSubject, read_snapshot
from patients.casebook.answers import Record
from patients.casebook.files import SUBJECTS, write_casebook
from patients.casebook.page import Subject
from patients.entry.exporting import add_records, people_sheets


def export_lock(lock: Lock, out_dir: Path) -> int:
    """Write the casebook as of a lock; the number of rows. Raises DirectoryInUse and SnapshotDamaged."""
    cutoff, subjects = read_snapshot(lock.snapshot.path)
    cut = {subject.facts.subject: subject for subject in subjects}
    sheets = people_sheets(Subject.objects.filter(code__in=cut).select_related("site").order_by("code"))
    for row in sheets[SUBJECTS]:
        row["planned_infusion"] = _by(cutoff, row["planned_infusion"])
    for code, subject in cut.items():
        add_records(sheets, code, _as_entered(subject))
    write_casebook(out_dir, sheets)
    return sum(len(rows) for rows in sheets.values())


def _by(cutoff: date, day: str) -> str:
    return day if day <= cutoff.isoformat() else ""


def _as_entered(subject: CutSubject) -> Iterator[Record]:
    """The rows of the cut; a date after the cut-off is not missing for a reason that a site would enter."""
    for record in all_records(subject.casebook):
        missing = {item: reason for item, reason in record.missing.items() if reason != AFTER_CUTOFF}
        yield replace(record, missing=missing)
