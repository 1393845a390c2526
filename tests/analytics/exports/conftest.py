"""The lock of the invented cohort, whose tables are computed once, and a table of texts that break files."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from django.conf import settings

from analytics.exports.about import About, about
from analytics.exports.disclosure import Disclosure
from analytics.exports.kept_tables import tables_of_snapshot
from analytics.exports.tables import Column, Kind, Origin, Table
from analytics.locks.models import Lock, Snapshot
from analytics.locks.snapshot import write_snapshot
from patients.entry.register import register_site
from tests.analytics.casebooks import CutContent, default_configuration, without_database
from tests.analytics.reports.conftest import CUTOFF, cohort, lock, results_of_cohort
from trial.people.access import SystemPerson
from trial.people.roles import Permission
from trial.people.tokens import Dates, issue_token
from trial.trail.actor import Source

__all__ = ["cohort", "lock", "results_of_cohort"]
HOSTILE = [
    "commas, \"quotes\", 'apostrophes'",
    "two\nlines and\ttabs",
    "慢性移植物抗宿主病",
    "emoji 🧬 and é",
    "=1+1",
    "-5",
    "@SUM(A1)",
    "'already marked",
    "＝１＋１",
    "x" * 450 + "慢" * 150,
    None,
]
"""What a coordinator may have typed, or pasted."""


@pytest.fixture(scope="session")
def cut(cohort: list[CutContent]) -> Lock:
    """The cohort cut and its tables computed, in no database."""
    sealed = write_snapshot(Path(settings.SNAPSHOT_DIR), CUTOFF, iter(cohort))
    snapshot = Snapshot(hash=sealed.hash, cutoff=CUTOFF, subjects=sealed.subjects, values=sealed.values)
    with without_database():
        tables = tables_of_snapshot(snapshot, default_configuration())
        for name in ("ADSL", "LAB", "SDTM.DM"):
            next(tables[name].parts())  # makes all of its standard
    return Lock(pk=1, snapshot=snapshot, cutoff=CUTOFF, made_at=datetime(2025, 8, 6, 9, tzinfo=UTC))


@pytest.fixture
def tables(cut: Lock) -> dict[str, Table]:
    with without_database():
        return tables_of_snapshot(cut.snapshot, default_configuration())


@pytest.fixture
def told(cut: Lock) -> About:
    return about(cut, Disclosure())


@pytest.fixture
def hostile() -> Table:
    """A table of one text for each subject, and a number, a day and a moment that are sometimes missing."""
    frame = pl.DataFrame(
        {
            "SUBJID": [f"HZ01-{number:03d}" for number in range(len(HOSTILE))],
            "TERM": HOSTILE,
            "DAYS": [number if number % 3 else None for number in range(len(HOSTILE))],
        },
        schema={"SUBJID": pl.String, "TERM": pl.String, "DAYS": pl.Int64},
    )

    def parts() -> Iterator[pl.DataFrame]:
        yield from (frame[:4], frame[4:])

    columns = (
        Column(name="SUBJID", label="Subject", kind=Kind.TEXT, origin=Origin.ASSIGNED, length=12),
        Column(name="TERM", label="Term", kind=Kind.TEXT, origin=Origin.COLLECTED, length=2000),
        Column(name="DAYS", label="Days", kind=Kind.INTEGER, origin=Origin.DERIVED),
    )
    return Table(name="TERMS", label="Terms", structure="one", keys=("SUBJID",), columns=columns, parts=parts)


@pytest.fixture
def key(lock: Lock) -> str:
    """A token that may export the site of the cohort, with dates moved and genetic data withheld."""
    return a_key()


def a_key(
    permission: Permission = Permission.EXPORT, *, dates: Dates = Dates.SHIFTED, filing: str = ""
) -> str:
    """A token for the site of the cohort."""
    sites = [register_site("HZ01", "Hangzhou", by=SystemPerson("test"), source=Source.COMMAND)]
    return issue_token(
        "sponsor", by="test", sites=sites, permissions=[permission], dates=dates, filing=filing
    )
