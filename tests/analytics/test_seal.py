"""What a lock seals is what is recorded; who changed it when, and how often, is outside of its hash."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analytics.locks.models import Lock
from analytics.locks.seal import make_lock
from analytics.locks.sources import ROWS_AT_ONCE, SOURCES, SourcesDraft, sources_of
from patients.casebook.page import Page
from tests.patients.entry import desk
from trial.people.access import SystemPerson
from trial.trail.actor import Source
from trial.trail.models import TrailEvent
from trial.trail.seals import Seal

pytestmark = pytest.mark.django_db


def sealed() -> str:
    """The hash of what is recorded now."""
    lock = make_lock(date(2025, 1, 1), "interim", by=SystemPerson("lock"), source=Source.COMMAND)
    return str(lock.snapshot.hash)


def test_a_header_changed_and_changed_back_gives_the_same_hash() -> None:
    page = desk.page_of(desk.infused(), "DX")
    header = {"form_date": desk.CONSENT, "src_doc": "emr"}
    desk.save(page, header=header)
    before, versions = sealed(), Page.objects.get(pk=page.pk).header_versions
    desk.save(page, header={"form_date": "2023-12-10", "src_doc": ""}, why=desk.BECAUSE)
    assert sealed() != before
    desk.save(page, header=header, why=desk.BECAUSE)
    assert Page.objects.get(pk=page.pk).header_versions != versions
    assert sealed() == before


def test_the_trail_is_sealed_with_the_lock(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sealed()
    last = Seal.objects.last()
    assert last is not None
    locked = TrailEvent.objects.get(action="lock.made")
    assert last.first <= locked.leaf.seq <= last.last


def test_rows_that_came_in_parts_are_one_table_in_their_order(tmp_path: Path, settings: Any) -> None:
    settings.SNAPSHOT_DIR = tmp_path / "snapshots"
    lock, parts = Lock(pk=7), tmp_path / "parts"
    parts.mkdir()
    draft, rows = SourcesDraft(parts), []
    for subject in ("HZ01-002", "HZ01-001", "HZ02-001"):
        here = [(subject, "", "LAB", str(key), key, key or None) for key in range(ROWS_AT_ONCE - 1)]
        draft.add(here)
        rows += here
    assert not settings.SNAPSHOT_DIR.exists(), "nothing has its name before it is whole"
    lock.sources = draft.seal(settings.SNAPSHOT_DIR)
    assert list(settings.SNAPSHOT_DIR.iterdir()) == [lock.sources_path]
    assert pl.read_parquet(lock.sources_path).equals(pl.DataFrame(rows, schema=SOURCES, orient="row"))
    assert sources_of(lock, {"HZ01-001"}).rows() == [row for row in rows if row[0] == "HZ01-001"]


def test_a_cut_leaves_no_draft(settings: Any, tmp_path: Path) -> None:
    settings.SNAPSHOT_DIR = tmp_path
    desk.consented()
    hash = sealed()
    sources = Lock.objects.get().sources
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{hash}.jsonl",
        f"places-{hash}",
        f"sources-{sources}.parquet",
    }
