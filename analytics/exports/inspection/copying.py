"""The copy for an inspection, as a folder: all of it or nothing.

subjects/HZ01-001.pdf   everything about a subject on paper (a long trail goes on in HZ01-001-2.pdf)
subjects/HZ01-001.json  the same as data
csv/values.csv …        the same of all subjects, a sheet for each kind
registry.pdf, .json     what was done that is about no subject
dictionary.json         what each item means; annotated-casebook.pdf: how it is asked
odm-*.xml               what is declared, the casebooks, and their transactions in ODM-XML
MANIFEST.json, .sig     each file with its SHA-256, the counts, signed by the key of the seals
verify_copy.py          checks all of it without Chimera
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from analytics.exports.about import About, about
from analytics.exports.certified import manifest_bytes, signature_of, write_verifier
from analytics.exports.configured import configuration_of
from analytics.exports.files import digest_of
from analytics.exports.inspection.as_odm import path_of, write_odm
from analytics.exports.inspection.paper import papers_of, papers_of_registry
from analytics.exports.inspection.records import (
    WHOLE,
    SubjectRecords,
    acts_of_no_subject,
    records_now,
    records_of_cut,
)
from analytics.exports.inspection.sheets import Sheets
from analytics.exports.odm.files import METADATA, SNAPSHOT, TRANSACTIONAL, odm_file
from analytics.exports.verify_copy import MANIFEST, SIGNATURE, SUMS
from analytics.locks.cutting import content_now
from analytics.locks.models import Lock
from analytics.locks.planned import planned_infusions
from analytics.locks.snapshot import Content, read_snapshot, written_subjects
from analytics.locks.visible import sites_of_lock
from analytics.runs.start import sources_digest
from patients.casebook.annotated import annotated_casebook
from patients.casebook.dictionary import dictionary
from patients.casebook.header import HEADER
from patients.casebook.page import Subject
from patients.casebook.whole_directory import refuse_if_in_use
from trial.edition import EDITION
from trial.people.access import Person, actor_at
from trial.protocol.in_force import as_in_force
from trial.protocol.study import SITE_ZONE, STUDY
from trial.trail.actor import Source, acting
from trial.trail.record import Place, record_event
from trial.trail.taken_out import one_site, taken_out

FORMAT = "chimera-inspection/1"


@dataclass(frozen=True, slots=True)
class Extent:
    """What is copied: as of a lock or, without one, as it stands; of these sites."""

    sites: list[str]
    lock: Lock | None = None

    @property
    def moment(self) -> datetime | None:
        return (self.lock.known_at or self.lock.made_at) if self.lock else None

    @property
    def name(self) -> str:
        return f"lock {self.lock.pk}" if self.lock else "live"

    @property
    def is_whole_lock(self) -> bool:
        """Whether it is all of a lock."""
        return self.lock is not None and sites_of_lock(self.lock) <= set(self.sites)

    def subjects(self) -> Any:
        return Subject.objects.filter(site__code__in=self.sites).select_related("site", "identity")

    def content(self) -> Content:
        """The values that are copied, as a cut holds them. Raises SnapshotDamaged."""
        if self.lock is None:
            return content_now(self.subjects().in_turn())
        return (one for one in written_subjects(self.lock.snapshot.path) if one[0].site in self.sites)

    def planned(self) -> dict[str, str]:
        """The planned day of infusion by subject."""
        if self.lock is not None:
            return planned_infusions(self.lock)
        days = self.subjects().exclude(planned_infusion=None).values_list("code", "planned_infusion")
        return {code: str(day) for code, day in days}


@dataclass(slots=True)
class _Copy:
    """What is written so far."""

    folder: Path
    at: datetime
    counts: dict[str, dict[str, int]] = field(default_factory=dict)


def write_copy(out_dir: Path, extent: Extent, *, by: Person) -> dict[str, dict[str, int]]:
    """Write the copy with its act on the trail; the counts of each subject. Raises DirectoryInUse,
    SnapshotDamaged and ImpossibleDates."""
    out_dir = out_dir.absolute()
    refuse_if_in_use(out_dir)
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=out_dir.parent, prefix=f".{out_dir.name}-"))
    try:
        copy = _Copy(draft, timezone.now().astimezone(SITE_ZONE))
        _write(copy, extent)
        _record(extent, copy, by)
        draft.chmod(0o750)
        draft.rename(out_dir)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return copy.counts


def _write(copy: _Copy, extent: Extent) -> None:
    with transaction.atomic():  # one instant, where the database can (CP-05)
        _write_records(copy, extent)
        _write_odm(copy, extent)
    content = dictionary("en", HEADER.values())
    _write_json(copy.folder / "dictionary.json", content)
    (copy.folder / "annotated-casebook.pdf").write_bytes(annotated_casebook("en", copy.at.date()))
    write_verifier(copy.folder / "verify_copy.py")
    _certify(copy, extent)


def _write_records(copy: _Copy, extent: Extent) -> None:
    made = f"{copy.at:%Y-%m-%d %H:%M:%S} · {extent.name} · Chimera {EDITION}"
    (copy.folder / "subjects").mkdir()
    with Sheets(copy.folder / "csv") as sheets:
        for records in _records(extent):
            copy.counts[records.subject] = records.counts
            sheets.add(records)
            _write_json(copy.folder / "subjects" / f"{records.subject}.json", records.as_data())
            _write_papers(copy.folder / "subjects", records.subject, papers_of(records, made))
        acts = acts_of_no_subject(extent.sites, extent.moment)
        sheets.write("trail", acts)
    _write_json(copy.folder / "registry.json", {"trail": acts})
    _write_papers(copy.folder, "registry", papers_of_registry(acts, made))


def _records(extent: Extent) -> Iterator[SubjectRecords]:
    if extent.lock is None or extent.moment is None:
        yield from map(records_now, extent.subjects().in_turn())
        return
    subjects = {subject.code: subject for subject in extent.subjects()}
    _cutoff, cuts = read_snapshot(extent.lock.snapshot.path)
    for cut in cuts:
        if cut.facts.subject in subjects:
            yield records_of_cut(subjects[cut.facts.subject], cut, extent.moment)


def _write_papers(folder: Path, name: str, papers: Iterable[bytes]) -> None:
    for number, paper in enumerate(papers, 1):
        (folder / f"{name}{f'-{number}' if number > 1 else ''}.pdf").write_bytes(paper)


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")


def _write_odm(copy: _Copy, extent: Extent) -> None:
    """Of a whole lock its own files, as they leave by REST."""
    lock = extent.lock
    if lock is not None and extent.is_whole_lock:
        for kind in (METADATA, SNAPSHOT, TRANSACTIONAL):
            shutil.copyfile(odm_file(lock, kind, WHOLE.to).path, path_of(copy.folder, kind))
        return
    with as_in_force(configuration_of(lock)) if lock else nullcontext():
        told, moment = _about(copy, lock), extent.moment or copy.at
        write_odm(copy.folder, extent.content(), told, moment, extent.planned())


def _about(copy: _Copy, lock: Lock | None) -> About:
    if lock is not None:
        return about(lock, WHOLE.to)
    study, digest = STUDY.registry_id, sources_digest()
    return About(study, 0, copy.at.date(), "", digest, EDITION, copy.at, WHOLE.to)


def _certify(copy: _Copy, extent: Extent) -> None:
    digests = {path.relative_to(copy.folder).as_posix(): digest_of(path) for path in _files(copy.folder)}
    told = {
        "format": FORMAT,
        "study": STUDY.registry_id,
        "of": extent.name,
        "snapshot_sha256": extent.lock.snapshot.hash if extent.lock else "",
        "sites": extent.sites,
        "made_at": copy.at.isoformat(),
        "version": EDITION,
        "withheld": ["identity"],
        "counts": copy.counts,
        "files": [
            {"name": name, "bytes": (copy.folder / name).stat().st_size, "sha256": digest}
            for name, digest in sorted(digests.items())
        ],
    }
    manifest = manifest_bytes(told)
    (copy.folder / MANIFEST).write_bytes(manifest)
    if signature := signature_of(manifest):
        (copy.folder / SIGNATURE).write_bytes(signature)
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    (copy.folder / SUMS).write_text(sums)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _record(extent: Extent, copy: _Copy, by: Person) -> None:
    """Put on the trail what leaves, by the SHA-256 of its manifest."""
    digest = hashlib.sha256((copy.folder / MANIFEST).read_bytes()).hexdigest()
    entries = sum(counts["values"] for counts in copy.counts.values())
    told = taken_out(entries=entries, digest=digest, sites=extent.sites)
    site = one_site(extent.sites)
    with transaction.atomic(), acting(actor_at(by, site=site, source=Source.COMMAND)):
        record_event("casebook.exported", Place(site=site, about=f"inspection copy, {extent.name}"), told)
