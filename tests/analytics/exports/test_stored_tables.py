"""Hosts that share a store and no folder: the tables that a worker of one makes are taken at another."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.exports import kept_tables, table_making
from analytics.exports.jobs.tables import clearing, making
from analytics.exports.jobs.tables.clearing import clear_what_was_left
from analytics.exports.jobs.tables.making import make_tables
from analytics.exports.jobs.tables.models import PLACE, TablesToMake
from analytics.exports.jobs.tables.planning import plan
from analytics.exports.jobs.turns import TurnOver
from analytics.exports.kept_tables import folder_of, table_sets
from analytics.exports.table_sets import TableSet
from analytics.exports.tables import Standard
from analytics.locks.models import Lock
from tests.analytics.exports.test_cut_rest import body, get
from tests.analytics.exports.test_tables_ahead import rung
from tests.trial.storage.conftest import access, host, s3_endpoint
from trial.storage import kept, kept_folders
from trial.storage.problems import StoreUnavailable

__all__ = ["access", "host", "rung", "s3_endpoint"]
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("exports")]
Host = Callable[[str], Path]


@pytest.fixture
def lock(lock: Lock, settings: Any, host: Host, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """Its snapshot lies in the store, and its shares are of five subjects."""
    before = [path for path in Path(settings.SNAPSHOT_DIR).iterdir() if path.is_file()]
    first = host("first")
    for path in before:
        os.link(path, first / path.name)
    kept.put(lock.snapshot.path)
    monkeypatch.setattr(table_making, "SUBJECTS_AT_ONCE", 5)
    return lock


def forms(lock: Lock) -> TableSet:
    return next(one for one in table_sets(lock) if one.standard is Standard.FORMS)


def stored() -> set[str]:
    """The folders that lie in the store as archives."""
    return {one.folder.name for one in kept_folders.archives("tables-")}


@pytest.mark.requirement("CP-03")
def test_shares_of_two_hosts_are_joined_and_the_tables_are_taken_at_a_third(
    lock: Lock,
    key: str,
    host: Host,
    rung: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    path, made = f"locks/{lock.pk}/tables/LAB/csv", list[str]()

    def noted(wanted: TableSet, share: Any, folder: Path, make: Any = making.make_share) -> None:
        if len(made) == 2 and host_of(folder) == "first":
            raise TurnOver
        make(wanted, share, folder)
        made.append(f"{host_of(folder)} {int(folder.name)}")

    monkeypatch.setattr(making, "make_share", noted)
    plan(forms(lock))
    row = TablesToMake.objects.get()
    assert make_tables(row.pk), "left for other work"
    host("third")
    waits: Any = get(path, key)
    assert (waits.status_code, waits["Retry-After"]) == (503, "15")
    host("second")
    with django_capture_on_commit_callbacks(execute=True):
        assert not make_tables(row.pk)
    assert made == ["first 0", "first 1", "second 2", "second 3"]
    assert stored() == {"forms"}, "the shares are gone"
    monkeypatch.setattr(kept_tables, "make", None)  # nothing is made in a request
    third = host("third")
    rung.clear()
    with kept.alone(forms(lock).folder):
        waits = get(path, key)
    assert (waits.status_code, waits["Retry-After"], rung) == (503, "15", []), "another request fetches them"
    assert get(f"locks/{lock.pk}/bundle.zip", key).status_code == 503
    assert {standard for _, standard in rung} == {*Standard} - {"forms"}, "which are to be fetched"
    assert body(get(path, key)).startswith(b"subject_id,")
    assert [one.name for one in folder_of(lock).iterdir() if one.name[:4] != "for-"] == ["forms"]
    assert not (third / PLACE).exists()
    assert get(f"locks/{lock.pk}/tables/ADSL/csv", key).status_code == 503, "what was made alone"
    host("first")
    plan(forms(lock))
    row.refresh_from_db()
    assert row.state == "done", "it is there already"


def host_of(folder: Path) -> str:
    """The host of a folder of shares."""
    return folder.parents[2].name


def put(folder: Path) -> Path:
    """Folders are what is looked at here, and not what is in them."""
    folder.mkdir(parents=True)
    (folder / "LAB-000000.parquet").write_bytes(b"")
    kept_folders.put(folder)
    return folder


def test_tables_that_the_store_lost_are_put_there_again(lock: Lock, host: Host) -> None:
    plan(forms(lock))
    put(forms(lock).folder)
    rows = TablesToMake.objects.all()
    rows.update(state="done")
    kept_folders.remove(kept_folders.archives("tables-"))
    host("second")
    assert not forms(lock).fetch()
    plan(forms(lock))
    assert rows.get().state == "waiting"
    host("first")
    assert not make_tables(rows.get().pk)
    host("second")
    assert forms(lock).fetch()


def test_a_share_that_could_not_be_put_is_put_later_and_made_once(
    lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tries = list[str](), list[str]()

    def make(_wanted: TableSet, _share: Any, folder: Path) -> None:
        made.append(folder.name)
        folder.mkdir(parents=True)

    def fails_at_first(folder: Path, put: Callable[[Path], None] = kept_folders.put) -> None:
        tries.append(folder.name)
        if len(tries) == 1:
            raise StoreUnavailable("the store is away")
        put(folder)

    monkeypatch.setattr(making, "make_share", make)
    monkeypatch.setattr(making, "join", lambda wanted, _folders: wanted.folder.mkdir(parents=True))
    monkeypatch.setattr(kept_folders, "put", fails_at_first)
    plan(forms(lock))
    row = TablesToMake.objects.get()
    for _turn in range(2):
        make_tables(row.pk)
        TablesToMake.objects.update(not_before=None)
    row.refresh_from_db()
    assert (row.state, tries[:2], len(made)) == ("done", [made[0]] * 2, len({*made}))


def test_tables_of_older_code_are_removed_from_the_store_a_day_later(
    lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(forms(lock))
    rows = TablesToMake.objects.all()
    made = put(forms(lock).folder)
    another = put(made.parent.with_name(f"tables-{'0' * 32}-{'1' * 16}") / "forms")
    wanted = put(rows.get().place / "000000")
    share = put(wanted.parent.with_name("another") / "000000")
    clear_what_was_left()
    there = [kept_folders.is_kept(folder) for folder in (made, another, wanted, share)]
    assert there == [True] * 4, "another version may still be run, or a worker of whom this was restored"
    rows.update(state="done")
    monkeypatch.setattr(clearing, "KEPT_FOR", timedelta(seconds=-5))
    clear_what_was_left()
    there = [kept_folders.is_kept(folder) for folder in (made, another, wanted, share)]
    assert there == [True, False, False, False]
    rows.update(version="another")
    clear_what_was_left()
    assert stored() == set()


def test_one_row_of_each_version_is_asked_whose_it_is(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are rows of each cut and standard that ever was, and to tell takes two hashes of all code."""
    asked, is_ours = list[int](), TablesToMake.is_ours.fget
    assert is_ours is not None
    monkeypatch.setattr(TablesToMake, "is_ours", property(lambda row: asked.append(row.pk) or is_ours(row)))
    for wanted in table_sets(lock):
        plan(wanted)
        put(wanted.folder)
    TablesToMake.objects.update(state="done")
    monkeypatch.setattr(clearing, "KEPT_FOR", timedelta(seconds=-5))
    clear_what_was_left()
    assert (len(stored()), len(asked)) == (len(Standard), 1)
