"""A data cut as a casebook directory: what the snapshot holds, without identity, and who had signed it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from analytics.locks.cut import AFTER_CUTOFF, all_records
from analytics.locks.models import Lock
from analytics.locks.snapshot import CutSubject, read_snapshot
from patients.casebook.answers import Record, StoredCasebook
from patients.casebook.files import SIGNATURES, SUBJECTS
from patients.casebook.growing import growing_casebook
from patients.casebook.page import Subject
from patients.casebook.shelf import some_at_a_time
from patients.entry.exporting import add_records, begin, subject_cells
from patients.entry.signatures_exported import signature_sheet_at
from patients.oversight.signatures import Signature, signatures_by_subject


def export_lock(lock: Lock, out_dir: Path) -> int:
    """Write the casebook as of a lock, some subjects at a time; the number of rows.

    Raises DirectoryInUse and SnapshotDamaged.
    """
    cutoff, subjects = read_snapshot(lock.snapshot.path)
    with growing_casebook(out_dir) as out:
        begin(out)
        for some in some_at_a_time(subjects):
            codes = [each.facts.subject for each in some]
            known = {
                each.code: each for each in Subject.objects.filter(code__in=codes).select_related("site")
            }
            signed = signatures_by_subject(known.values(), until=_moment(lock))
            for each in some:
                code = each.facts.subject
                if code in known:
                    out.add(SUBJECTS, [_by(cutoff, subject_cells(known[code]))])
                add_records(out, code, _as_entered(each))
                if signatures := list(_signatures(lock, each, signed.get(code, ()))):
                    out.add(SIGNATURES, signatures)
    return out.rows


def _moment(lock: Lock) -> datetime:
    """As known at which it was cut."""
    return lock.known_at or lock.made_at


def _signatures(lock: Lock, subject: CutSubject, signed: Iterable[Signature]) -> Iterator[dict[str, str]]:
    """Those of the signatures made by the moment of a lock that are on pages of its cut: each stands for the
    whole of its page, also for what is later than the cut-off."""
    pages = _pages_of(subject)
    of_the_cut = [each for each in signed if (each.page.form_code, each.page.visit_code) in pages]
    if of_the_cut:
        casebook = StoredCasebook(of_the_cut[0].page.subject)
        yield from signature_sheet_at(casebook, of_the_cut, _moment(lock))


def _pages_of(subject: CutSubject) -> set[tuple[str, str]]:
    return {(record.form, record.visit) for record in all_records(subject.casebook)}


def _by(cutoff: date, cells: dict[str, str]) -> dict[str, str]:
    """A subject as it was known by the cut-off: an infusion that is planned for later is not told."""
    planned = cells["planned_infusion"]
    return {**cells, "planned_infusion": planned if planned <= cutoff.isoformat() else ""}


def _as_entered(subject: CutSubject) -> Iterator[Record]:
    """The rows of the cut; a date after the cut-off is not missing for a reason that a site would enter."""
    for record in all_records(subject.casebook):
        missing = {item: reason for item, reason in record.missing.items() if reason != AFTER_CUTOFF}
        yield replace(record, missing=missing)
