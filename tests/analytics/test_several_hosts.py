"""Hosts that share a store and no folder: each reads what another one sealed, computed and made."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from analytics.exports.files import MadeFile
from analytics.exports.jobs import making as making_exports
from analytics.exports.jobs import places
from analytics.exports.jobs.asking import expire_what_is_over
from analytics.exports.jobs.making import make_export
from analytics.exports.jobs.models import Export, ExportState, What
from analytics.exports.jobs.tasks import sweep as sweep_exports
from analytics.locks.kept_files import snapshots
from analytics.locks.models import Lock
from analytics.locks.places import chosen_subjects, places_of
from analytics.locks.seal import make_lock
from analytics.locks.snapshot import SnapshotDamaged, read_snapshot
from analytics.locks.sources import sources_of
from analytics.runs import compute, files
from analytics.runs.closing import result_hash
from analytics.runs.models import PartState, Run, RunState, Step
from analytics.runs.parts import begin, claim
from analytics.runs.tasks import sweep
from tests.analytics.computing import results_of
from tests.analytics.exports.conftest import a_key
from tests.analytics.exports.test_cut_rest import body, get, taken
from tests.analytics.test_sharing_runs import CUTOFF, run, rung
from tests.trial.storage.conftest import access, host, s3_endpoint, store_is_down
from tests.trial.storage.test_kept import Host
from trial.backup import making
from trial.backup.contents import Contents, files_here
from trial.backup.problems import BackupRefused
from trial.installation.finding import Verdict
from trial.people.access import SystemPerson
from trial.people.tokens import ExportToken
from trial.storage import kept
from trial.trail.actor import Source

__all__ = ["access", "host", "run", "rung", "s3_endpoint", "store_is_down"]
pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 300
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def lock(run: Run, host: Host) -> Lock:
    """The lock of seven subjects, made on the first host."""
    host("first")
    return make_lock(CUTOFF, "interim analysis", by=SystemPerson("lock"), source=Source.COMMAND)


@pytest.fixture
def export(lock: Lock, host: Host) -> tuple[str, Export]:
    """A file that a worker of the first host made, and the key of who asked for it."""
    key = a_key()
    export = Export.objects.create(
        lock=lock,
        token=ExportToken.objects.get(),
        what=What.TABLE,
        asked="",
        state=ExportState.RUNNING,
        dates="shifted",
    )
    return key, export


@pytest.mark.requirement("LK-07")
def test_what_one_host_sealed_another_one_reads(lock: Lock, host: Host) -> None:
    told = [subject.facts for subject in read_snapshot(lock.snapshot.path)[1]]
    chosen, sources = [told[2].subject, told[5].subject], sources_of(lock, [told[0].subject])
    second = host("second")
    places_of.cache_clear()
    assert [one.facts.subject for one in chosen_subjects(lock.snapshot.path, chosen)] == chosen
    assert [subject.facts for subject in read_snapshot(lock.snapshot.path)[1]] == told
    assert sources_of(lock, [told[0].subject]).equals(sources)
    here = {path.name for path in second.iterdir()}
    assert here == kept.names_in_store() == {
        f"{lock.snapshot.hash}.jsonl", f"places-{lock.snapshot.hash}", f"sources-{lock.sources}.parquet"
    }  # fmt: skip


def test_a_snapshot_that_is_damaged_in_the_store_is_refused(lock: Lock, host: Host, tmp_path: Path) -> None:
    bucket, path = kept.store(), host("second") / f"{lock.snapshot.hash}.jsonl"
    assert bucket is not None
    (tmp_path / "other").write_text("{}\n")
    bucket.put(path.name, tmp_path / "other")
    with pytest.raises(SnapshotDamaged, match="in the store is not what it was"):
        read_snapshot(lock.snapshot.path)
    bucket.remove([path.name])
    with pytest.raises(SnapshotDamaged, match="is gone"):
        read_snapshot(lock.snapshot.path)
    (found,) = snapshots()
    assert (found.verdict, "is missing" in found.text) == (Verdict.WRONG, True)
    host("first")
    (found,) = snapshots()
    assert "run `fill_store`" in found.text
    assert [*kept.put_what_is_missing()] == [path.name]
    assert next(iter(snapshots())).verdict is Verdict.RIGHT


def test_sources_that_are_damaged_or_gone_are_refused(lock: Lock, host: Host) -> None:
    bucket, name = kept.store(), lock.sources_path.name
    assert bucket is not None
    host("second")
    place, told = {"Bucket": bucket._bucket, "Key": bucket._key(name)}, hashlib.sha256(b"other").hexdigest()
    bucket._client.put_object(**place, Body=b"other", Metadata={"sha256": told})  # type: ignore[arg-type]
    with pytest.raises(SnapshotDamaged, match=f"{name} is not what it was"):
        sources_of(lock, [])
    bucket.remove([name])
    with pytest.raises(SnapshotDamaged, match=f"{name} is gone"):
        sources_of(lock, [])
    lock.sources_path.write_bytes(b"other")
    with pytest.raises(SnapshotDamaged, match=f"{name} is not what it was"):
        sources_of(lock, [])


@pytest.mark.requirement("LK-07")
def test_the_parts_of_a_run_are_shared_and_cleared_away(
    lock: Lock, host: Host, django_capture_on_commit_callbacks: Any
) -> None:
    run = Run.objects.get(snapshot=lock.snapshot)
    figures, exhibits = results_of(run)
    begin(run.pk)
    hosts = [host("first"), host("second")]
    with django_capture_on_commit_callbacks(execute=True):
        for number in range(9):
            host(hosts[number % 2].name)
            part = claim(run.pk)
            assert compute._compute(part) is (part.step == Step.FINISH)
    run.refresh_from_db()
    assert (run.state, run.result_hash) == (RunState.DONE, result_hash(figures))
    assert json.dumps(run.exhibits, sort_keys=True) == json.dumps(exhibits, sort_keys=True)
    assert [name for name in kept.names_in_store() if name.startswith("parts/")] == []
    assert [*(hosts[0] / "parts").iterdir()] == []
    left = [*(hosts[1] / "parts").iterdir()]
    assert left, "what another host had fetched goes at its next sweep"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "LEFT_FOR", timedelta(seconds=-5))
        host("second")
        sweep()
    assert [*(hosts[1] / "parts").iterdir()] == []


def test_without_the_store_nothing_is_locked_and_a_run_waits(
    lock: Lock, host: Host, store_is_down: Any
) -> None:
    run = Run.objects.get(snapshot=lock.snapshot)
    begin(run.pk)
    second = host("second")
    store_is_down()
    compute._compute(claim(run.pk))
    part = run.parts.get()
    assert (part.state, part.failures) == (PartState.WAITING, 1)
    assert part.trouble.startswith("StoreUnavailable: the store does not serve")
    with pytest.raises(CommandError, match="nothing was cut: the store does not serve"):
        call_command("lock", cutoff=CUTOFF, reason="another")
    assert Lock.objects.count() == 2
    assert [path for path in second.rglob("*") if path.name.startswith(".")] == []


@pytest.mark.requirement("CP-03")
def test_a_file_is_taken_at_any_host_until_it_expires(export: tuple[str, Export], host: Host) -> None:
    key, row = export
    done(row)
    assert not row.place.exists(), "it lies in the store alone"
    host("second")
    path = f"exports/{row.pk}/file"
    assert body(get(path, key)) == CONTENT
    part = get(path, key, Range="bytes=70000-70009")
    assert (part.status_code, body(part)) == (206, CONTENT[70000:70010])
    assert get(path, key, Range="bytes=99999999-").status_code == 416
    Export.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    assert expire_what_is_over() == 1
    sweep_exports()
    assert (get(path, key).status_code, kept.is_kept(row.place, DIGEST)) == (410, False)


def test_a_file_of_an_earlier_version_is_gone_and_cleared_away(
    export: tuple[str, Export], host: Host, tmp_path: Path
) -> None:
    """It is named by its export alone."""
    key, row = export
    done(row)
    (bucket := kept.store()).remove([kept.name_of(row.place)])  # type: ignore[union-attr]
    (tmp_path / "earlier").write_bytes(CONTENT)
    bucket.put(f"exports/{row.pk}", tmp_path / "earlier")  # type: ignore[union-attr]
    assert get(f"exports/{row.pk}/file", key).status_code == 410
    sweep_exports()
    assert kept.names_in_store() & {f"exports/{row.pk}"} == set()


@pytest.mark.requirement("CP-03")
def test_what_another_registry_has_in_the_store_is_neither_removed_nor_sent(
    export: tuple[str, Export], host: Host, tmp_path: Path
) -> None:
    """One that was restored from a backup of this one and has its prefix."""
    key, row = export
    done(row)
    host("second")
    bucket = kept.store()
    assert bucket is not None
    (tmp_path / "other").write_bytes(b"of another registry")
    names = {
        f"exports/{row.pk}-1",
        f"exports/{row.pk + 1}-1",
        f"exports/{row.pk + 1}",
        "exports/notes",
        f"parts/7-{DIGEST}",
        "parts/notes",
    }
    for name in names:
        bucket.put(name, tmp_path / "other")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "LEFT_FOR", timedelta(seconds=-5))
        sweep()
    sweep_exports()
    files.clear({8})
    assert names <= kept.names_in_store()
    before = len(taken())
    assert get(f"exports/{row.pk}/file", key).status_code == 410
    assert len(taken()) == before, "nothing left"


@pytest.mark.requirement("CP-03")
def test_a_file_is_put_while_its_row_is_free_and_one_of_a_claim_before_is_cleared_away(
    export: tuple[str, Export], host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first worker is silent for so long that a second makes the file, and then puts what it has."""
    _key, row = export
    Export.objects.update(state=ExportState.WAITING)
    in_transaction = list[bool]()

    def written(export: Export, path: Path, watch: Any) -> MadeFile:
        path.write_bytes(CONTENT + bytes([export.attempts]))
        return MadeFile(path, "x.csv", "text/csv", "", 1)

    def slow(draft: Path, path: Path, move: Any = kept.move) -> None:
        in_transaction.append(bool(connection.savepoint_ids))
        if len(in_transaction) == 1:
            Export.objects.update(heartbeat=timezone.now() - timedelta(hours=1))
            assert not make_export(row.pk)
        move(draft, path)

    monkeypatch.setattr(making_exports, "write_wished", written)
    monkeypatch.setattr(kept, "move", slow)
    assert not make_export(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts, in_transaction) == (ExportState.DONE, 2, [False, False])
    names = {f"exports/{row.pk}-1", f"exports/{row.pk}-2"}
    assert names <= kept.names_in_store()
    sweep_exports()
    assert names & kept.names_in_store() == {f"exports/{row.pk}-2"}
    assert (row.size, b"".join(kept.read(row.place, 0, row.size))) == (len(CONTENT) + 1, CONTENT + b"\2")
    assert kept.is_kept(row.place, row.digest)


@pytest.mark.requirement("LK-07")
def test_a_cut_is_put_into_the_store_before_its_rows_and_outside_of_a_transaction(
    run: Run, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host("first")
    locks, found = Lock.objects.count(), list[tuple[bool, int]]()

    def noted(path: Path, put: Any = kept.put) -> None:
        found.append((bool(connection.savepoint_ids), Lock.objects.count()))
        put(path)

    monkeypatch.setattr(kept, "put", noted)
    make_lock(CUTOFF, "interim analysis", by=SystemPerson("lock"), source=Source.COMMAND)
    assert found == [(False, locks)] * 3
    assert Lock.objects.count() == locks + 1


def test_who_asks_for_a_file_while_the_store_is_away_is_told_to_come_again(
    export: tuple[str, Export], host: Host, store_is_down: Any, client: Any
) -> None:
    key, row = export
    done(row)
    host("second")
    before = len(taken())
    store_is_down()
    client.raise_request_exception = False
    answer = client.get(f"/api/v1/exports/{row.pk}/file", headers={"Authorization": f"Token {key}"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "storage does not answer" in answer.json()["detail"]
    assert len(taken()) == before, "nothing left"


def done(row: Export) -> None:
    """The worker has made it."""
    row.attempts = 1
    places.draft_of(row).write_bytes(CONTENT)
    row.state, row.name, row.media_type, row.digest = ExportState.DONE, "x.csv", "text/csv", DIGEST
    row.expires_at = timezone.now() + timedelta(hours=1)
    row.save()
    places.put(row)


@pytest.mark.requirement("RB-03")
def test_a_backup_holds_what_only_the_store_has(lock: Lock, host: Host) -> None:
    host("second")
    names = {name for name, _path in files_here() if name.startswith("snapshots/")}
    assert names == {f"snapshots/{lock.snapshot.hash}.jsonl", f"snapshots/sources-{lock.sources}.parquet"}


@pytest.mark.requirement("RB-03")
def test_a_backup_without_the_store_says_what_is_away(
    host: Host, store_is_down: Any, settings: Any, tmp_path: Path
) -> None:
    settings.BACKUP_RECIPIENTS = [str(pyrage.x25519.Identity.generate().to_public())]
    (tmp_path / "database").write_bytes(b"all that stands in it")
    host("second")
    store_is_down()
    contents = Contents("2026-01-01T00:00:00+00:00", "sqlite", {}, 0, {}, {}, {})
    with pytest.raises(BackupRefused, match=r"^the store does not serve"):
        making._write(tmp_path / "backup.tar.age", contents, tmp_path / "database")
    assert [path for path in tmp_path.iterdir() if "age" in path.name] == []
