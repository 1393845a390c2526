"""The tables of a cut are made by a worker: ahead, or once somebody has asked for them."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import polars as pl
import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from analytics.exports import table_making
from analytics.exports.jobs.making import make_export
from analytics.exports.jobs.models import Export, ExportState
from analytics.exports.jobs.tables import answers, making, tasks
from analytics.exports.jobs.tables.clearing import clear_what_was_left, give_up_old_code
from analytics.exports.jobs.tables.making import make_tables
from analytics.exports.jobs.tables.models import PLACE, TablesToMake
from analytics.exports.jobs.tables.planning import TRIED_AGAIN_AFTER, TablesFailed, plan, plan_ahead
from analytics.exports.jobs.tables.tasks import asked
from analytics.exports.kept_tables import folder_of, table_sets, tables_of_lock
from analytics.exports.problems import MEDIA_TYPE
from analytics.exports.table_sets import TableSet
from analytics.exports.tables import Standard
from analytics.locks.models import Lock, Snapshot
from analytics.locks.snapshot import write_snapshot
from analytics.runs.failure import RETRIES
from analytics.runs.models import Run, RunState
from patients.oversight.casebook_locks import Scope
from tests.analytics.exports.test_cut_rest import body, get
from trial.people.token_rates import TAKEN_IN_AN_HOUR
from trial.people.tokens import ExportToken, digest_of

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("exports")]
SHARES = 4


@pytest.fixture
def lock(lock: Lock, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """In a folder with the snapshots and no tables, and shares of five subjects."""
    for path in Path(settings.SNAPSHOT_DIR).iterdir():
        if path.is_file():
            os.link(path, tmp_path / path.name)
    settings.SNAPSHOT_DIR = tmp_path
    monkeypatch.setattr(table_making, "SUBJECTS_AT_ONCE", 5)
    return lock


@pytest.fixture
def rung(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """A cut of 19 is a large one, and who is told that somebody asks for its tables."""
    settings.TABLES_AT_ONCE_SUBJECTS = 18
    found: list[tuple[int, str]] = []
    monkeypatch.setattr(answers, "ask_for", lambda wanted: found.append((wanted.lock, str(wanted.standard))))
    return found


def forms(lock: Lock) -> TableSet:
    return next(one for one in table_sets(lock) if one.standard is Standard.FORMS)


def planned(lock: Lock) -> TablesToMake:
    """The row of the forms, which nobody has begun."""
    plan(forms(lock))
    return TablesToMake.objects.get()


def frames(lock: Lock) -> dict[str, pl.DataFrame]:
    """All rows of forms and domains."""
    tables = tables_of_lock(lock).items()
    return {key: one.frame() for key, one in tables if one.standard in (Standard.FORMS, Standard.SDTM)}


# --- ahead --------------------------------------------------------------------------------------------------
@pytest.mark.one_engine
def test_the_tables_of_the_newest_cut_are_made_ahead_and_are_those_made_at_once(lock: Lock) -> None:
    at_once = frames(lock)
    folder_of(lock).rename(folder_of(lock).with_name("aside"))
    Run.objects.update(state=RunState.RUNNING)
    plan_ahead()
    assert TablesToMake.objects.count() == 0, "the numbers come first"
    Run.objects.update(state=RunState.DONE)
    Run.objects.update(state=RunState.RUNNING)
    Run.objects.update(code_version="another")  # nobody here will ever compute it
    plan_ahead()
    assert list(TablesToMake.objects.values_list("standard", flat=True)) == [str(one) for one in Standard]
    for row in TablesToMake.objects.filter(standard__in=("forms", "sdtm")):
        assert not make_tables(row.pk)
    done = TablesToMake.objects.filter(state="done")
    assert {(row.standard, row.done, row.of) for row in done} == {
        ("forms", SHARES, SHARES),
        ("sdtm", SHARES, SHARES),
    }
    assert sorted(path.name for path in folder_of(lock).iterdir()) == ["forms", "sdtm"]
    made = frames(lock)
    assert made.keys() == at_once.keys()
    assert [key for key in made if not made[key].equals(at_once[key])] == []
    plan_ahead()
    assert TablesToMake.objects.count() == len(Standard)


def test_each_standard_of_the_cut_of_a_site_is_made_ahead(lock: Lock) -> None:
    told = {"cutoff": lock.cutoff, "reason": "at the end", "made_by": "test"}
    Lock.objects.create(snapshot=lock.snapshot, scope=Scope.SITE, of="HZ01", **told)
    newer = Snapshot.objects.create(hash="0" * 64, cutoff=lock.cutoff, subjects=0, values=0)
    Lock.objects.create(snapshot=newer, **told)
    planned(lock)  # somebody asked for its forms
    plan_ahead()
    assert TablesToMake.objects.filter(snapshot=lock.snapshot).count() == len(Standard)


def test_a_worker_that_leaves_or_is_lost_keeps_what_it_made(
    lock: Lock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, numbers = planned(lock), list[str]()

    def noted(wanted: TableSet, share: Any, folder: Path, make: Any = making.make_share) -> None:
        make(wanted, share, folder)
        numbers.append(folder.name)
        if len(numbers) == 2:  # silent for too long: another begins where it was, and ends
            silent = timezone.now() - timedelta(hours=1)
            TablesToMake.objects.filter(pk=row.pk).update(heartbeat=silent)
            assert not make_tables(row.pk)

    monkeypatch.setattr(making, "make_share", noted)
    assert not make_tables(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.done) == ("done", 2, SHARES)
    assert numbers == [f"{number:06d}" for number in range(SHARES)]
    assert [path.name for path in folder_of(lock).iterdir()] == ["forms"]
    (tmp_path / PLACE / "99").mkdir(parents=True)
    clear_what_was_left()
    assert list((tmp_path / PLACE).iterdir()) == []


def test_a_long_making_is_left_for_other_work(lock: Lock) -> None:
    row = planned(lock)
    assert make_tables(row.pk, seconds=0.0)
    row.refresh_from_db()
    assert (row.state, row.turns, forms(lock).is_ready) == ("waiting", 1, False)
    while make_tables(row.pk, seconds=0.05):
        pass
    row.refresh_from_db()
    assert (row.state, forms(lock).is_ready) == ("done", True)


def test_rows_are_rung_one_at_a_time_and_none_is_begun_while_numbers_wait(
    lock: Lock, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(tasks.make, "apply_async", lambda told, **how: sent.extend(told))
    monkeypatch.setattr(tasks, "TURN_SECONDS", 0.0)
    plan_ahead()
    first, second, *_others = TablesToMake.objects.values_list("pk", flat=True)
    Run.objects.update(state=RunState.QUEUED)
    tasks.make.apply((first,))
    assert (TablesToMake.objects.get(pk=first).attempts, sent) == (0, [])
    Run.objects.update(state=RunState.DONE)
    tasks.make.apply((first,))
    assert (TablesToMake.objects.get(pk=first).turns, sent) == (1, [second])
    tasks.sweep()
    assert sent == [second] * 2, "whom nobody has been at yet"
    assert tasks.make._get_exec_options()["expires"] == 15.0, "and whoever is busy leaves the ring"
    sweeps = [one for one in settings.CELERY_BEAT_SCHEDULE.values() if one["schedule"] == 15.0]
    assert [one["options"]["expires"] for one in sweeps] == [15] * 3


@pytest.mark.one_engine
def test_a_cut_without_subjects_has_the_design_of_the_trial_once(
    lock: Lock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[str] = set()
    sealed = write_snapshot(tmp_path, lock.cutoff, iter(()))
    empty = Snapshot.objects.create(hash=sealed.hash, cutoff=lock.cutoff, subjects=0, values=0)
    (wanted,) = (replace(one, snapshot=empty) for one in table_sets(lock) if one.standard is Standard.SDTM)
    monkeypatch.setattr(
        os, "fsync", lambda handle: synced.add(Path(f"/proc/self/fd/{handle}").readlink().name)
    )
    table_making.make(wanted)
    assert synced >= {path.name for path in wanted.folder.iterdir()}
    once = pl.concat(wanted.rows("TA"))
    wanted.folder.rename(tmp_path / "aside")
    plan(wanted)
    assert not make_tables(TablesToMake.objects.get().pk)
    ahead = pl.concat(wanted.rows("TA"))
    assert (once.height > 0, once.unique().height, ahead.equals(once)) == (True, once.height, True)


def test_troubles_are_forgiven_once_a_share_is_made(lock: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    row, tries = planned(lock), list[str]()

    def fails_at_first(wanted: TableSet, share: Any, folder: Path, make: Any = making.make_share) -> None:
        tries.append(folder.name)
        if tries.count(folder.name) <= RETRIES:
            raise OSError("the disk is full")
        make(wanted, share, folder)

    monkeypatch.setattr(making, "make_share", fails_at_first)
    while row.state != "done":
        make_tables(row.pk)
        TablesToMake.objects.update(not_before=None)
        row.refresh_from_db()
        assert row.error == ""
    assert (len(tries), row.shares) == (SHARES * (RETRIES + 1), [])


def test_what_nobody_goes_on_with_is_removed(lock: Lock, tmp_path: Path) -> None:
    row, draft = planned(lock), folder_of(lock) / ".tables-killed"
    on_its_way = draft.with_name(".fetch-large")
    for left in (row.place, row.place.with_name("99"), draft, on_its_way):
        left.mkdir(parents=True)
    long_ago = timezone.now() - timedelta(days=2)
    hours_ago = timezone.now() - timedelta(hours=3)
    TablesToMake.objects.update(state="failed", finished_at=timezone.now())
    clear_what_was_left()
    assert (list((tmp_path / PLACE).iterdir()), draft.exists()) == ([row.place], True), "both just now"
    TablesToMake.objects.update(finished_at=long_ago)
    for left in (draft, on_its_way):
        os.utime(left, (hours_ago.timestamp(),) * 2)
    clear_what_was_left()
    assert (list((tmp_path / PLACE).iterdir()), draft.exists(), on_its_way.exists()) == ([], False, True)
    os.utime(on_its_way, (long_ago.timestamp(),) * 2)
    clear_what_was_left()
    assert not on_its_way.exists()


def test_a_row_of_another_version_of_the_code_waits_no_longer_than_a_day(lock: Lock) -> None:
    planned(lock)
    rows = TablesToMake.objects.all()
    rows.update(asked_at=timezone.now() - timedelta(days=2))
    give_up_old_code()
    assert rows.count() == 1, "it is of this one"
    rows.update(version="another", state="running", heartbeat=timezone.now())
    give_up_old_code()
    assert rows.count() == 1, "its worker is alive"
    rows.update(state="waiting", asked_at=timezone.now())
    give_up_old_code()
    assert rows.count() == 1, "an upgrade goes on"
    rows.update(asked_at=timezone.now() - timedelta(days=2))
    give_up_old_code()
    assert rows.count() == 0


# --- asked for ----------------------------------------------------------------------------------------------
def redcap(key: str) -> HttpResponseBase:
    form = urlencode({"token": key, "content": "record", "format": "json"})
    return Client().post("/redcap/api/", form, content_type="application/x-www-form-urlencoded")


def test_who_asks_for_a_table_of_a_large_cut_is_told_when_to_come_again(
    lock: Lock, key: str, rung: list[tuple[int, str]]
) -> None:
    path = f"locks/{lock.pk}/tables/LAB/csv"
    assert get(f"locks/{lock.pk}/tables", key).status_code == 200, "names need no rows"
    waits: Any = get(path, key)
    assert (waits.status_code, waits["Retry-After"], waits["Content-Type"]) == (503, "15", MEDIA_TYPE)
    dataset = Client().get(
        "/dataset-json/studies/NCT05827835/datasets/IG.FORMS.LAB", headers={"api-key": key}
    )
    for other in (dataset, redcap(key)):
        assert (other.status_code, other["Retry-After"]) == (503, "15")
    assert rung == [(lock.pk, "forms")] * 3
    assert TablesToMake.objects.count() == 0, "who reads writes nothing"
    asked(*rung[0])
    row = TablesToMake.objects.get()
    make_tables(row.pk, seconds=0.05)
    assert f"of {SHARES} parts" in get(path, key).json()["detail"]  # type: ignore[attr-defined]
    make_tables(row.pk)
    assert body(get(path, key)).startswith(b"subject_id,")
    assert redcap(key).status_code == 200
    assert get(f"locks/{lock.pk}/tables/ADSL/csv", key).status_code == 503, "what was asked for alone"


def test_who_asks_for_an_archive_waits_once_for_all_its_tables_and_has_taken_nothing(
    lock: Lock, key: str, rung: list[tuple[int, str]]
) -> None:
    for _ in range(TAKEN_IN_AN_HOUR + 1):
        assert get(f"locks/{lock.pk}/bundle.zip", key).status_code == 503
    assert {standard for _, standard in rung} == set(Standard)


def test_tables_that_were_removed_are_made_again_and_those_that_fail_say_why(
    lock: Lock, key: str, rung: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = planned(lock)
    TablesToMake.objects.update(state="done", attempts=2, done=4, of=4)
    plan(forms(lock))
    row.refresh_from_db()
    assert (row.state, row.attempts, row.turns, row.done, row.of) == ("waiting", 2, 2, 0, 0)

    def fails(wanted: TableSet, share: Any, folder: Path) -> None:
        raise ValueError("no such day")

    monkeypatch.setattr(making, "make_share", fails)
    assert not make_tables(row.pk)
    refused: Any = get(f"locks/{lock.pk}/tables/LAB/csv", key)
    assert (refused.status_code, "no such day" in refused.json()["detail"]) == (409, False)
    assert "log of the registry" in refused.json()["detail"], "a token is told of no value"
    assert "Retry-After" not in redcap(key)
    with pytest.raises(TablesFailed):
        plan(forms(lock))
    TablesToMake.objects.update(finished_at=timezone.now() - TRIED_AGAIN_AFTER * 2)
    plan(forms(lock))
    assert TablesToMake.objects.get().state == "waiting"


def test_a_file_of_a_large_cut_waits_for_its_tables(
    lock: Lock, key: str, rung: list[tuple[int, str]]
) -> None:
    wanted = {"what": "table", "options": {"name": "LAB", "suffix": "csv"}}
    token = ExportToken.objects.get(digest=digest_of(key))
    export = Export.objects.create(lock=lock, token=token, dates="shifted", asked="", **wanted)
    assert make_export(export.pk)
    assert not make_export(export.pk), "its time has not come"
    make_tables(TablesToMake.objects.get().pk)
    Export.objects.update(not_before=None)
    assert not make_export(export.pk)
    export.refresh_from_db()
    assert (export.state, export.turns, export.rows > 0) == (ExportState.DONE, 1, True)
