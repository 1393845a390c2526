"""Where the tables of a data cut lie: those of a standard together, in a folder of their own.

They are made under the configuration of the run of the lock, with the codes that it sealed. Snapshot and the
version of code and configuration name the folder, so what lies there is never stale: it may be removed at
any time and is made again when it is asked for. What a worker made lies in a store as well, if there is one.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import polars as pl
from django.conf import settings

from analytics.exports.tables import Standard
from analytics.locks.models import Snapshot
from analytics.runs.models import CODES
from analytics.runs.start import code_version, digest_of
from trial.storage import kept_folders
from trial.storage.kept import MADE_ANEW
from trial.storage.problems import BeingFetched

SHOWN_OF_VERSION = 16
"""So many letters of a version are in the name of a folder."""


@cache
def _layout() -> str:
    return digest_of(("analytics/exports",))


def home_of(snapshot: str, version: str) -> Path:
    """The folder of the tables of a snapshot, by its hash, of a version."""
    return Path(settings.SNAPSHOT_DIR) / f"{MADE_ANEW}{snapshot[:32]}-{version[:SHOWN_OF_VERSION]}"


@dataclass(frozen=True, slots=True)
class TableSet:
    """The tables of a standard of a snapshot under a configuration; `lock` is the number of the lock that
    they are asked for of, 0 for none."""

    snapshot: Snapshot
    configuration: Mapping[str, str]
    standard: Standard
    lock: int = 0

    @property
    def version(self) -> str:
        """Of the code that computes, of that which lays out, and of the configuration."""
        both = f"{code_version(dict(self.configuration))}{_layout()}"
        return hashlib.sha256(both.encode()).hexdigest()

    def of_all_standards(self) -> "list[TableSet]":
        """Those of each standard of the same cut."""
        return [replace(self, standard=standard) for standard in Standard]

    @property
    def codes(self) -> str:
        """The hash of the codes that they are made with; empty without any."""
        return self.configuration.get(CODES, "")

    @property
    def home(self) -> Path:
        """The folder of all tables of the snapshot, and of the files that were made of them."""
        return home_of(self.snapshot.hash, self.version)

    @property
    def folder(self) -> Path:
        """Where they lie once they are made: all of them, or there is no such folder."""
        return self.home / str(self.standard)

    @property
    def is_ready(self) -> bool:
        """Whether they lie on this host."""
        return self.folder.exists()

    @property
    def is_kept(self) -> bool:
        """Whether every host has them, or can fetch them. Raises StoreUnavailable."""
        return kept_folders.is_kept(self.folder)

    def fetch(self) -> bool:
        """Have them on this host; whether they are made. Raises StoreUnavailable, and NotReady while another
        one of this host fetches them: they are large, and whoever waited would hold a thread."""
        try:
            return kept_folders.fetch(self.folder, waits=False)
        except BeingFetched as problem:
            raise NotReady(self, is_made=True) from problem

    def rows(self, name: str) -> Iterator[pl.DataFrame]:
        """The parts of a table, once they are made."""
        for path in sorted(self.folder.glob(f"{name}-*.parquet")):
            yield pl.read_parquet(path)


class NotReady(Exception):
    """The tables are not made yet, and are too many to be made while somebody waits for an answer; or they
    are made, and on their way to this host."""

    def __init__(self, wanted: TableSet, *, is_made: bool = False) -> None:
        super().__init__(f"the {wanted.standard} tables of {wanted.snapshot} are not here yet")
        self.wanted, self.is_made = wanted, is_made
