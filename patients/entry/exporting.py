"""A registry as a casebook directory: the inverse of the import, in the same format."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from django.db import transaction

from patients.casebook.answers import Record, StoredCasebook, pages_without_rows
from patients.casebook.files import (
    IDENTITY,
    MEMBERS,
    MISSING_SUFFIX,
    SIGNATURES,
    SUBJECTS,
    item_columns,
    page_cells,
    read_sheet,
    write_casebook,
)
from patients.casebook.form import declared_forms, form_model
from patients.casebook.page import Subject
from patients.entry.signatures_exported import signature_sheet
from patients.forms.eligibility import recorded
from patients.oversight.signatures import signatures_by_subject
from trial.people.access import Person, actor_at
from trial.people.models import Member
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out

Sheets = dict[str, list[dict[str, str]]]


def export_registry(out_dir: Path) -> int:
    """Write all that is recorded; the number of rows. Raises DirectoryInUse."""
    subjects = list(Subject.objects.select_related("site", "identity").order_by("code"))
    sheets = people_sheets(subjects)
    sheets[IDENTITY] = [_identity(subject) for subject in subjects if hasattr(subject, "identity")]
    signed = signatures_by_subject()
    for subject in subjects:
        casebook = StoredCasebook(subject)
        add_records(sheets, subject.code, _records(subject, casebook))
        if signatures := signed.get(subject.code):
            sheets.setdefault(SIGNATURES, []).extend(signature_sheet(casebook, signatures))
    write_casebook(out_dir, sheets)
    return sum(len(rows) for rows in sheets.values())


def record_export(what: str, out_dir: Path, rows: int, *, by: Person) -> None:
    """Put on record that a casebook was written there: of which sites, and the hash over its files, which is
    that of the lines of `sha256sum *.csv`. Without the record there is no export: its directory goes."""
    sites = {cells["site"] for _line, cells in read_sheet(out_dir / f"{SUBJECTS}.csv")}
    files = sorted(out_dir.glob("*.csv"))
    lines = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    told = taken_out(entries=rows, digest=hashlib.sha256(lines.encode()).hexdigest(), sites=sites)
    site = one_site(sites)
    try:
        with transaction.atomic(), acting(actor_at(by, site=site, source=Source.COMMAND)):
            record_event("casebook.exported", Place(site=site, about=what), told)
    except BaseException:
        shutil.rmtree(out_dir)
        raise


def people_sheets(subjects: Iterable[Subject]) -> Sheets:
    """The sheets of subjects and members, and an empty one for each form."""
    sheets: Sheets = {model.form.code: [] for model in declared_forms()}
    sheets[SUBJECTS] = [
        {
            "subject_id": subject.code,
            "patient_id": subject.patient_id,
            "site": subject.site.code,
            "planned_infusion": str(subject.planned_infusion or ""),
        }
        for subject in subjects
    ]
    sheets[MEMBERS] = [
        {
            "user_name": member.account.user_name,
            "printed_name": member.account.printed_name,
            "role": member.role,
            "site": member.site.code,
        }
        for member in Member.objects.in_force().select_related("account", "site")
    ]
    return sheets


def add_records(sheets: Sheets, subject: str, records: Iterable[Record]) -> None:
    """The rows of a subject to the sheets of their forms."""
    for record in records:
        sheets[record.form].append(row_cells(subject, record))


def row_cells(subject: str, record: Record) -> dict[str, str]:
    """A row as the cells of its sheet."""
    place = page_cells(
        subject_id=subject, visit_code=record.visit, repeat=record.row_key, form_date=record.form_date
    )
    cells = {**place, **record.header}
    items = {item.name: item for item in form_model(record.form).items()}
    for name in item_columns(record.form):
        cells[name] = items[name].text(record.values.get(name))
        if reason := record.missing.get(name):
            cells[name + MISSING_SUFFIX] = reason
    return cells


def _records(subject: Subject, casebook: StoredCasebook) -> list[Record]:
    rows = [record for model in declared_forms() for record in recorded(casebook, model.form.code)]
    return [*rows, *pages_without_rows(subject, rows)]


def _identity(subject: Subject) -> dict[str, str]:
    identity = subject.identity
    return {
        "subject_id": subject.code,
        "birth_date": identity.birth_date,
        "name": identity.full_name,
        "hospital_number": identity.hospital_number,
    }
