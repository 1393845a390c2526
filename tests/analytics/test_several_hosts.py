"""Hosts that share a store and no folder: each reads what another one sealed, computed and made."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analytics.exports.jobs import places
from analytics.exports.jobs.asking import expire_what_is_over
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
from trial.backup.contents import files_here
from trial.installation.finding import Verdict
from trial.people.access import SystemPerson
from trial.people.tokens import ExportToken
from trial.storage import kept
from trial.storage.problems import StoreUnavailable
from trial.trail.actor import Source

__all__ = ["access", "host", "run", "rung", "s3_endpoint", "store_is_down"]
pytestmark = pytest.mark.django_db
CONTENT = bytes(range(256)) * 300


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
        f"{lock.snapshot.hash}.jsonl", f"places-{lock.snapshot.hash}", f"sources-{lock.pk}.parquet"
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
    with pytest.raises(StoreUnavailable):
        make_lock(CUTOFF, "another", by=SystemPerson("lock"), source=Source.COMMAND)
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
    assert (get(path, key).status_code, kept.is_kept(row.place)) == (410, False)


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
    row.state, row.name, row.media_type, row.digest = ExportState.DONE, "x.csv", "text/csv", "d" * 64
    row.expires_at = timezone.now() + timedelta(hours=1)
    row.save()
    places.put(row)


@pytest.mark.requirement("RB-03")
def test_a_backup_holds_what_only_the_store_has(lock: Lock, host: Host) -> None:
    host("second")
    names = {name for name, _path in files_here() if name.startswith("snapshots/")}
    assert names == {f"snapshots/{lock.snapshot.hash}.jsonl", f"snapshots/sources-{lock.pk}.parquet"}
