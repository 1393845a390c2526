"""A registry as a casebook directory: the inverse of the import, in the same format."""

import hashlib
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from django.db import transaction

from patients.casebook.answers import Record, StoredCasebook
from patients.casebook.files import (
    IDENTITY,
    MEMBERS,
    MISSING_SUFFIX,
    SIGNATURES,
    SUBJECTS,
    item_columns,
    page_cells,
    read_sheet,
)
from patients.casebook.form import declared_forms, form_model
from patients.casebook.growing import GrowingCasebook, growing_casebook
from patients.casebook.page import Subject
from patients.casebook.shelf import ShelvedCasebook, shelved, some_at_a_time
from patients.entry.signatures_exported import signature_sheet
from patients.forms.eligibility import all_recorded
from patients.items.item import Item
from patients.oversight.signatures import Signature, signatures_by_subject
from trial.collector import uncollected
from trial.people.access import Person, actor_at
from trial.people.models import Member
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out


def export_registry(out_dir: Path) -> int:
    """Write all that is recorded, some subjects at a time; the number of rows. Raises DirectoryInUse."""
    with growing_casebook(out_dir) as out:
        begin(out)
        out.add(IDENTITY)
        for some in some_at_a_time(Subject.objects.select_related("site", "identity").in_turn()):
            signed = signatures_by_subject(some)
            with uncollected():
                for casebook in shelved(some):
                    _export_one(out, casebook, signed.get(casebook.subject_code, ()))
    return out.rows


def _export_one(out: GrowingCasebook, casebook: ShelvedCasebook, signed: Collection[Signature]) -> None:
    subject = casebook.subject
    out.add(SUBJECTS, [subject_cells(subject)])
    if hasattr(subject, "identity"):
        out.add(IDENTITY, [_identity(subject)])
    add_records(out, subject.code, all_recorded(casebook))
    if signed:
        out.add(SIGNATURES, signature_sheet(StoredCasebook(subject), signed))


def record_export(what: str, out_dir: Path, rows: int, *, by: Person) -> None:
    """Put on record that a casebook was written there: of which sites, and the hash over its files, which is
    that of the lines of `sha256sum *.csv`. Without the record there is no export: its directory goes."""
    sites = {cells["site"] for _line, cells in read_sheet(out_dir / f"{SUBJECTS}.csv")}
    files = sorted(out_dir.glob("*.csv"))
    lines = "".join(f"{_sha256(file)}  {file.name}\n" for file in files)
    told = taken_out(entries=rows, digest=hashlib.sha256(lines.encode()).hexdigest(), sites=sites)
    site = one_site(sites)
    try:
        with transaction.atomic(), acting(actor_at(by, site=site, source=Source.COMMAND)):
            record_event("casebook.exported", Place(site=site, about=what), told)
    except BaseException:
        shutil.rmtree(out_dir)
        raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def begin(out: GrowingCasebook) -> None:
    """The sheets that every casebook has: the members, who are few, subjects, and each form."""
    for model in declared_forms():
        out.add(model.form.code)
    out.add(SUBJECTS)
    out.add(MEMBERS, map(_member_cells, Member.objects.in_force().select_related("account", "site")))


def subject_cells(subject: Subject) -> dict[str, str]:
    """A subject as the cells of its sheet."""
    return {
        "subject_id": subject.code,
        "patient_id": subject.patient_id,
        "site": subject.site.code,
        "planned_infusion": str(subject.planned_infusion or ""),
    }


def _member_cells(member: Member) -> dict[str, str]:
    return {
        "user_name": member.account.user_name,
        "printed_name": member.account.printed_name,
        "role": member.role,
        "site": member.site.code,
    }


def add_records(out: GrowingCasebook, subject: str, records: Iterable[Record]) -> None:
    """The rows of a subject to the sheets of their forms."""
    sheets: dict[str, list[dict[str, str]]] = defaultdict(list)
    for record in records:
        sheets[record.form].append(row_cells(subject, record))
    for form, rows in sheets.items():
        out.add(form, rows)


def row_cells(subject: str, record: Record) -> dict[str, str]:
    """A row as the cells of its sheet."""
    place = page_cells(
        subject_id=subject, visit_code=record.visit, repeat=record.row_key, form_date=record.form_date
    )
    cells = {**place, **record.header}
    for item in _items_with_columns(record.form):
        cells[item.name] = item.text(record.values.get(item.name))
        if reason := record.missing.get(item.name):
            cells[item.name + MISSING_SUFFIX] = reason
    return cells


@cache
def _items_with_columns(form: str) -> tuple[Item, ...]:
    return tuple(map(form_model(form).item, item_columns(form)))


def _identity(subject: Subject) -> dict[str, str]:
    identity = subject.identity
    return {
        "subject_id": subject.code,
        "birth_date": identity.birth_date,
        "name": identity.full_name,
        "hospital_number": identity.hospital_number,
    }
