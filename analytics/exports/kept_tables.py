"""The tables of a data cut, computed once and kept as Parquet beside its snapshot.

They are those from which the run of the lock made its estimates: under its configuration, with the codes that
it sealed. Snapshot and the version of code and configuration name the folder, so what lies there is never
stale: it may be removed at any time and is made again when it is asked for. It is written beside its place
and renamed: two who make it at once leave one.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path

import polars as pl
from django.conf import settings

from analytics.datasets.build import DATASETS, datasets_by_name
from analytics.datasets.story import Story, tell
from analytics.exports import analysis_tables, form_tables
from analytics.exports.configured import configuration_of
from analytics.exports.registries.answers import answers_of
from analytics.exports.registries.questions import REPORTS
from analytics.exports.registries.tables import code_of
from analytics.exports.registries.tables import tables as registry_tables
from analytics.exports.sdtm import datasets
from analytics.exports.sdtm.tables import tables as sdtm_tables
from analytics.exports.tables import Standard, Table
from analytics.locks.codes import with_codes
from analytics.locks.models import Lock, Snapshot
from analytics.locks.snapshot import CutSubject, read_snapshot
from analytics.runs.models import CODES
from analytics.runs.start import code_version
from patients.casebook.form import declared_forms, form_model
from trial.protocol.in_force import as_in_force

_SUBJECTS_AT_ONCE = 100  # so many casebooks are held in memory, with their tables some 2 MiB each
_ROWS_OF_A_PART = 50_000


def tables_of_lock(lock: Lock) -> dict[str, Table]:
    """Every table of a lock by its key: the analysis datasets, the forms, the domains of SDTM, the reports
    to registries. Raises SnapshotDamaged and ImpossibleDates."""
    configuration = configuration_of(lock)
    reports = registry_tables(lock, _later(lock.snapshot, configuration, "registry", _reports))
    return tables_of_snapshot(lock.snapshot, configuration) | {table.key: table for table in reports}


def tables_of_snapshot(snapshot: Snapshot, configuration: Mapping[str, str]) -> dict[str, Table]:
    """The same of a snapshot, but for the reports to registries: these name the versions at the lock."""
    folder = _folder(snapshot, configuration)
    if not folder.exists():
        with as_in_force(configuration):
            _make(snapshot, configuration.get(CODES, ""), folder)
    return {table.key: table for table in _declared(snapshot, configuration)}


def tables_named(lock: Lock) -> dict[str, Table]:
    """The same tables as `tables_of_lock`, to be named alone: nothing is made, and their rows may not be
    there."""
    configuration = configuration_of(lock)
    reports = registry_tables(lock, lambda _name: iter(()))
    return {table.key: table for table in (*_declared(lock.snapshot, configuration), *reports)}


def _declared(snapshot: Snapshot, configuration: Mapping[str, str]) -> Iterator[Table]:
    folder = _folder(snapshot, configuration)
    yield from (*_analysis(folder), *_forms(folder))
    yield from sdtm_tables(_later(snapshot, configuration, "sdtm", _domains))


def folder_of(lock: Lock) -> Path:
    """Where the tables of a lock lie."""
    return _folder(lock.snapshot, configuration_of(lock))


def _folder(snapshot: Snapshot, configuration: Mapping[str, str]) -> Path:
    version = code_version(dict(configuration))
    return Path(settings.SNAPSHOT_DIR) / f"tables-{snapshot.hash[:32]}-{version[:16]}"


def _analysis(folder: Path) -> Iterator[Table]:
    for dataset in DATASETS:
        yield Table(
            name=dataset.name,
            label=dataset.label,
            structure=dataset.row,
            keys=analysis_tables.keys_of(dataset),
            columns=analysis_tables.columns_of(dataset),
            parts=partial(_parts, folder, dataset.name),
            standard=Standard.ANALYSIS,
        )


def _forms(folder: Path) -> Iterator[Table]:
    for model in declared_forms():
        yield Table(
            name=model.form.code,
            label=model.form.title,
            structure=model.form.title,
            keys=form_tables.KEYS,
            columns=form_tables.columns_of(model),
            parts=partial(_parts, folder, model.form.code),
            subject="subject_id",
        )


def _parts(folder: Path, name: str) -> Iterator[pl.DataFrame]:
    for path in sorted(folder.glob(f"{name}-*.parquet")):
        yield pl.read_parquet(path)


Made = tuple[str, pl.DataFrame]
"""The name of a table and some of its rows."""


def _later(
    snapshot: Snapshot,
    configuration: Mapping[str, str],
    kind: str,
    told: Callable[[list[Story]], Iterable[Made]],
) -> Callable[[str], Iterator[pl.DataFrame]]:
    """Tables that are made when the first of their kind is asked for: who reads forms does not wait."""
    tables = _folder(snapshot, configuration)
    folder = tables.with_name(f"{kind}-{tables.name}")

    def parts(name: str) -> Iterator[pl.DataFrame]:
        if not folder.exists():
            with as_in_force(configuration):
                stories = _stories(snapshot, configuration.get(CODES, ""))
                _write(folder, chain(told([]), *map(told, stories)))
        yield from _parts(folder, name)

    return parts


def _domains(stories: list[Story]) -> Iterable[Made]:
    """The design of the trial once, with no subjects."""
    found = datasets.of_subjects(stories) if stories else datasets.of_design()
    return found.items()


def _reports(stories: list[Story]) -> Iterable[Made]:
    return [(code_of(report), answers_of(stories, report)) for report in REPORTS]


# --- making -----------------------------------------------------------------------------------------------
def _make(snapshot: Snapshot, codes: str, folder: Path) -> None:
    _write(folder, (frame for some in _stories(snapshot, codes) for frame in _told(some)))


def _stories(snapshot: Snapshot, codes: str) -> Iterator[list[Story]]:
    cutoff, subjects = read_snapshot(snapshot.path)
    for some in _at_once(with_codes(subjects, codes)):
        yield [tell(subject, cutoff) for subject in some]


def _write(folder: Path, frames: Iterable[tuple[str, pl.DataFrame]]) -> None:
    """The frames of each table as its parts."""
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".tables-"))
    writers: dict[str, _Writer] = {}
    try:
        for name, frame in frames:
            writers.setdefault(name, _Writer(draft, name)).add(frame)
        for writer in writers.values():
            writer.write()
        _put(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, folder: Path) -> None:
    """Rename the draft; who comes second leaves the first one's."""
    draft.chmod(0o750)
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def _told(stories: list[Story]) -> Iterator[tuple[str, pl.DataFrame]]:
    found = datasets_by_name(stories)
    for dataset in DATASETS:
        yield dataset.name, analysis_tables.as_exported(dataset, found[dataset.name])
    for model in declared_forms():
        yield model.form.code, form_tables.rows_of(form_model(model.form.code), stories)


def _at_once(subjects: Iterable[CutSubject]) -> Iterator[list[CutSubject]]:
    waiting = iter(subjects)
    while some := list(islice(waiting, _SUBJECTS_AT_ONCE)):
        yield some


class _Writer:
    """Gathers the frames of a table and writes them in parts of some size."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name, self.number = folder, name, 0
        self.waiting: list[pl.DataFrame] = []

    def add(self, frame: pl.DataFrame) -> None:
        self.waiting.append(frame)
        if sum(each.height for each in self.waiting) >= _ROWS_OF_A_PART:
            self.write()

    def write(self) -> None:
        """What waits, as the next part; of a table without rows the first part is empty."""
        if self.waiting and (self.number == 0 or any(each.height for each in self.waiting)):
            pl.concat(self.waiting).write_parquet(self.folder / f"{self.name}-{self.number:06d}.parquet")
            self.number += 1
        self.waiting = []
