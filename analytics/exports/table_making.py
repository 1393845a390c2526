"""Making the tables of a standard of a data cut: at once, or share by share and joined at the end.

Either way the parts are the same: the rows of some subjects after those of others, in parts of some size. A
folder is written beside its place and, once it is on the disk, renamed: it is there whole or not at all, and
two who make it at once leave one.
"""

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

import polars as pl

from analytics.datasets.build import DATASETS, datasets_by_name
from analytics.datasets.story import Story, tell
from analytics.exports import analysis_tables, form_tables
from analytics.exports.registries.answers import answers_of
from analytics.exports.registries.questions import REPORTS
from analytics.exports.registries.tables import code_of
from analytics.exports.sdtm import datasets
from analytics.exports.table_sets import TableSet
from analytics.exports.tables import Standard
from analytics.locks.shares import Share, shares_of
from analytics.locks.snapshot import CutSubject
from patients.casebook.form import declared_forms, form_model
from trial.collector import uncollected
from trial.protocol.in_force import as_in_force
from trial.storage.kept_folders import place

SUBJECTS_AT_ONCE = 100  # so many casebooks are held in memory, with their tables some 2 MiB each
_ROWS_OF_A_PART = 50_000
_DRAFT = ".tables-"  # how the name of a folder begins that is being written

Made = tuple[str, pl.DataFrame]
"""The name of a table and some of its rows."""


def make(wanted: TableSet) -> None:
    """Make the tables in one go. Raises SnapshotDamaged and ImpossibleDates."""
    with as_in_force(wanted.configuration):
        told = (_of_share(wanted, share) for share in shares(wanted))
        _keep(wanted.folder, chain(_told(wanted, ()), chain.from_iterable(told)))


def shares(wanted: TableSet) -> list[Share]:
    """What the tables can be made of one after the other, nothing for a cut without subjects: what is about
    no subject is made apart. Raises SnapshotDamaged."""
    found = shares_of(wanted.snapshot.path, wanted.codes, SUBJECTS_AT_ONCE)
    return [share for share in found if share.casebooks.subjects]


def make_share(wanted: TableSet, share: Share, folder: Path) -> None:
    """Make the tables of a share, in a folder of its own. Raises SnapshotDamaged and ImpossibleDates."""
    with as_in_force(wanted.configuration):
        _keep(folder, _of_share(wanted, share))


def join(wanted: TableSet, folders: Iterable[Path]) -> None:
    """The tables of all shares, in the order of their folders."""
    with as_in_force(wanted.configuration):
        _keep(wanted.folder, chain(_told(wanted, ()), *map(_kept, folders)))


def _kept(folder: Path) -> Iterator[Made]:
    for path in sorted(folder.iterdir()):
        yield path.name.rpartition("-")[0], pl.read_parquet(path)


# --- what is made -----------------------------------------------------------------------------------------
def _of_share(wanted: TableSet, share: Share) -> list[Made]:
    return _told(wanted, share.read(wanted.snapshot.path, wanted.codes))


def _told(wanted: TableSet, subjects: Iterable[CutSubject]) -> list[Made]:
    """What these subjects come to; of none the tables without rows, and what is about no subject."""
    with uncollected():
        stories = [tell(subject, wanted.snapshot.cutoff) for subject in subjects]
        found = list(_MADE_OF[wanted.standard](stories))
    del stories
    gc.collect()  # a casebook and its rows point at each other: all of them would stay until it comes
    return found


def _datasets(stories: list[Story]) -> Iterator[Made]:
    found = datasets_by_name(stories)
    for dataset in DATASETS:
        yield dataset.name, analysis_tables.as_exported(dataset, found[dataset.name])


def _forms(stories: list[Story]) -> Iterator[Made]:
    for model in declared_forms():
        yield model.form.code, form_tables.rows_of(form_model(model.form.code), stories)


def _domains(stories: list[Story]) -> Iterable[Made]:
    """The design of the trial once, with no subjects."""
    found = datasets.of_subjects(stories) if stories else datasets.of_design()
    return found.items()


def _reports(stories: list[Story]) -> Iterable[Made]:
    return [(code_of(report), answers_of(stories, report)) for report in REPORTS]


_MADE_OF: dict[Standard, Callable[[list[Story]], Iterable[Made]]] = {
    Standard.ANALYSIS: _datasets,
    Standard.FORMS: _forms,
    Standard.SDTM: _domains,
    Standard.REGISTRY: _reports,
}


# --- how it is kept ---------------------------------------------------------------------------------------
def _keep(folder: Path, frames: Iterable[Made]) -> None:
    """The frames of each table as its parts."""
    folder.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_DRAFT))
    writers: dict[str, _Writer] = {}
    try:
        for name, frame in frames:
            writers.setdefault(name, _Writer(draft, name)).add(frame)
        for writer in writers.values():
            writer.write()
        place(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


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
