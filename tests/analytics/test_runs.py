"""Runs: computed once, by whoever holds the last claim, whatever becomes of workers and broker."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from analytics.endpoints.figure import Figure, figure
from analytics.locks import sources
from analytics.locks.models import Lock, Snapshot
from analytics.locks.seal import make_lock
from analytics.runs import start, steps, waiting
from analytics.runs.closing import close, result_hash
from analytics.runs.compute import compute_run
from analytics.runs.files import write_plain
from analytics.runs.models import Estimate, Run, RunPart, RunState, Step
from analytics.runs.parts import claim
from analytics.runs.results import NoSuchLock, NotFinished, estimates_of, find_lock
from analytics.runs.ring import ring_waiting
from analytics.runs.start import run_of
from analytics.runs.tasks import recompute, sweep
from analytics.runs.waiting import wait_for
from tests.analytics.computing import results_of
from trial.people.access import SystemPerson
from trial.protocol.models import ConfigValue
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
CUTOFF = date(2025, 8, 5)
WORKERS = 10


def lock(cutoff: date = CUTOFF, reason: str = "interim analysis") -> Lock:
    return make_lock(cutoff, reason, by=SystemPerson("lock"), source=Source.COMMAND)


def figures_of(run: Run) -> list[Figure]:
    figures, _ = results_of(run)
    return figures


def waiting_lock(cutoff: date = CUTOFF) -> Run:
    """The run of a new lock."""
    return run_of(lock(cutoff).snapshot)


def events(action: str) -> int:
    return TrailEvent.objects.filter(action=action).count()


def all_at_once(act: Callable[[], Any], times: int) -> list[Any]:
    """What each of so many threads, let go together, got for the act; connections are closed."""
    results: list[Any] = []
    together = threading.Barrier(times)

    def one() -> None:
        together.wait()
        try:
            results.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Run], list[Figure]]], None]:
    """Put another computation of the figures in the place of the real one, once."""

    def place(act: Callable[[Run], list[Figure]]) -> None:
        def once(part: RunPart) -> str:
            monkeypatch.setitem(steps.COMPUTED_BY, Step.FIGURES, steps.of_the_whole)
            return write_plain(part, [asdict(one) for one in act(part.run)])

        monkeypatch.setitem(steps.COMPUTED_BY, Step.FIGURES, once)

    return place


def give_up(run: Run) -> None:
    """Nothing was heard of the workers for more than a lease."""
    silent = timedelta(seconds=django_settings.RUN_LEASE_SECONDS + 1)
    RunPart.objects.filter(run=run).update(heartbeat=timezone.now() - silent)


# --- one result -------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_of_ten_workers_at_once_one_computes() -> None:
    run = waiting_lock()
    outcomes = all_at_once(lambda: compute_run(run.pk), WORKERS)
    assert sorted(outcomes) == [False] * (WORKERS - 1) + [True]
    run.refresh_from_db()
    assert (run.state, run.attempts, events("run.finished")) == (RunState.DONE, 1, 1)
    assert Estimate.objects.filter(run=run).count() == len(figures_of(run))
    figures, exhibits = results_of(run)
    assert (run.result_hash, run.exhibits) == (result_hash(figures), exhibits)


def test_a_finished_run_is_left_alone() -> None:
    run = waiting_lock()
    assert [compute_run(run.pk), compute_run(run.pk), recompute(run.pk)] == [True, False, None]
    assert Run.objects.get(pk=run.pk).attempts == 1


def test_a_run_that_nobody_knows_is_left_alone() -> None:
    assert compute_run(4711) is False


def test_the_same_content_is_a_new_lock_with_the_same_run() -> None:
    first = lock()
    compute_run(run_of(first.snapshot).pk)
    again = lock(reason="once more")
    assert again.pk != first.pk
    assert again.snapshot == first.snapshot
    assert (Snapshot.objects.count(), Run.objects.count()) == (1, 1)
    assert list(estimates_of(again)) == list(estimates_of(first))
    assert events("lock.made") == 2


@pytest.mark.django_db(transaction=True)
def test_locks_made_at_once_share_snapshot_and_run() -> None:
    made = all_at_once(lock, 4)
    assert len({one.pk for one in made}) == 4
    assert (Snapshot.objects.count(), Run.objects.count(), events("lock.made")) == (1, 1, 4)


def test_other_content_has_another_run() -> None:
    assert waiting_lock().snapshot_id != waiting_lock(CUTOFF + timedelta(1)).snapshot_id


# --- lost workers -----------------------------------------------------------------------------------------
def test_a_worker_that_was_given_up_writes_nothing(instead: Any) -> None:
    run = waiting_lock()

    def too_late(held: Run) -> list[Figure]:
        give_up(held)
        assert compute_run(held.pk), "another worker takes over and finishes"
        return [figure("enrolled_n", 4711)]

    instead(too_late)
    assert compute_run(run.pk) is False
    run.refresh_from_db()
    assert (run.attempts, events("run.finished")) == (2, 1)
    assert run.result_hash == result_hash(figures_of(run))
    assert not Estimate.objects.filter(value=4711).exists()


def test_a_worker_that_was_given_up_does_not_finish_for_its_successor(instead: Any) -> None:
    run = waiting_lock()
    successors: list[RunPart] = []

    def too_late(held: Run) -> list[Figure]:
        give_up(held)
        successors.append(claim(held.pk))
        return [figure("enrolled_n", 4711)]

    instead(too_late)
    assert compute_run(run.pk) is False
    run.refresh_from_db()
    assert (run.state, run.attempts, Estimate.objects.count()) == (RunState.RUNNING, 2, 0)
    (successor,) = successors
    assert close(successor, steps.of_the_whole(successor)) is False, "the others are still to come"
    assert compute_run(run.pk) is True


def test_a_worker_that_was_given_up_fails_nothing(instead: Any) -> None:
    run = waiting_lock()

    def too_late(held: Run) -> list[Figure]:
        give_up(held)
        assert compute_run(held.pk)
        raise MemoryError

    instead(too_late)
    assert compute_run(run.pk) is False
    run.refresh_from_db()
    assert (run.state, run.error, events("run.failed")) == (RunState.DONE, "", 0)


def test_a_worker_that_is_silent_for_less_than_a_lease_keeps_its_run(instead: Any) -> None:
    run = waiting_lock()
    instead(lambda held: [figure("enrolled_n", 3)] if not compute_run(held.pk) else [])
    assert compute_run(run.pk) is True
    assert [estimate.value for estimate in Estimate.objects.filter(run=run)] == [3]


@pytest.mark.django_db(transaction=True)
def test_a_long_computation_keeps_its_run_by_its_heartbeat(instead: Any, settings: Any) -> None:
    settings.RUN_LEASE_SECONDS = 0.3
    run = waiting_lock()
    pause = threading.Event()

    def long(held: Run) -> list[Figure]:
        lease = timedelta(seconds=settings.RUN_LEASE_SECONDS)
        begun = held.parts.get(step=Step.FIGURES).heartbeat
        while held.parts.get(step=Step.FIGURES).heartbeat <= begun + 2 * lease:
            pause.wait(0.02)
        return figures_of(held)

    instead(long)
    assert compute_run(run.pk) is True
    assert Run.objects.get(pk=run.pk).attempts == 1


def test_the_sweeper_rings_what_waits_and_what_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(recompute, "apply_async", lambda arguments, **options: rung.extend(arguments))
    waits, lost, held, done, failed = (waiting_lock(CUTOFF - timedelta(days)) for days in range(5))
    for run, state in ((lost, "running"), (held, "running"), (done, "done"), (failed, "failed")):
        Run.objects.filter(pk=run.pk).update(state=state)
    for run in (lost, held):
        RunPart.objects.create(run=run, step=Step.SLICES, state="running", heartbeat=timezone.now())
    give_up(lost)
    sweep()
    assert sorted(rung) == [waits.pk, lost.pk]
    assert ring_waiting() == 2


# --- failure ----------------------------------------------------------------------------------------------
def broken(run: Run) -> list[Figure]:
    raise ZeroDivisionError("division by zero")


def test_a_failed_run_says_why(instead: Any, caplog: pytest.LogCaptureFixture) -> None:
    run = waiting_lock()
    instead(broken)
    assert compute_run(run.pk) is True
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.FAILED, "ZeroDivisionError: division by zero")
    assert run.finished_at is not None
    assert TrailEvent.objects.get(action="run.failed").reason == run.error
    assert "division by zero" in caplog.text
    assert compute_run(run.pk) is False, "it is not tried again by itself"


def test_a_damaged_snapshot_fails_the_run() -> None:
    run = waiting_lock()
    run.snapshot.path.unlink()
    run.snapshot.path.write_bytes(b"{}\n")
    compute_run(run.pk)
    run.refresh_from_db()
    assert (run.state, run.error) == (
        RunState.FAILED,
        f"SnapshotDamaged: {run.snapshot.hash}.jsonl is not what it was",
    )
    lock()  # seals the same content again
    assert compute_run(run.pk) is True
    assert Run.objects.get(pk=run.pk).state == RunState.DONE


def test_a_lock_after_a_failure_tries_again(instead: Any) -> None:
    run = waiting_lock()
    instead(broken)
    compute_run(run.pk)
    assert waiting_lock() == run
    run.refresh_from_db()
    assert (run.state, run.error, run.finished_at) == (RunState.QUEUED, "", None)
    assert compute_run(run.pk) is True
    assert (events("run.failed"), events("run.finished")) == (1, 1)


def test_a_lock_that_waits_for_a_failing_run_exits_1_and_says_why(
    instead: Any, own_worker: "OwnWorker"
) -> None:
    own_worker.ended = 1
    instead(broken)
    out = StringIO()
    with pytest.raises(CommandError, match="ZeroDivisionError: division by zero") as problem:
        call_command("lock", cutoff=CUTOFF, reason="interim", wait=True, stdout=out, stderr=StringIO())
    assert problem.value.returncode == 1
    assert out.getvalue() == f"{Lock.objects.get().pk}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cutoff", "2025-08-05"],
        ["--reason", "x"],
        ["--cutoff", "5/8/2025", "--reason", "x"],
        ["--cutoff", "2025-08-05", "--reason", " "],
    ],
    ids=["no reason", "no cut-off", "a date that may be two", "a blank reason"],
)
def test_a_lock_needs_a_date_and_a_reason(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("lock", *arguments)
    assert Lock.objects.count() == 0


def test_a_lock_that_cannot_be_written_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(sources.pl.LazyFrame, "sink_parquet", full)
    with pytest.raises(OSError, match="disk full"):
        lock()
    assert (Lock.objects.count(), Snapshot.objects.count(), Run.objects.count()) == (0, 0, 0)
    assert events("lock.made") == 0


# --- the broker -------------------------------------------------------------------------------------------
def test_a_dead_broker_does_not_break_the_lock(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def dead(*arguments: Any, **options: Any) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch, django_capture_on_commit_callbacks(execute=True):
        patch.setattr(recompute, "apply_async", dead)
        run = waiting_lock()
    assert run.state == RunState.QUEUED
    assert "could not be rung: connection refused" in caplog.text
    rung: list[Any] = []
    monkeypatch.setattr(recompute, "apply_async", lambda arguments, **options: rung.append(arguments))
    out = StringIO()
    call_command("run_pending", stdout=out)
    assert (out.getvalue(), rung) == ("1 rung\n", [(run.pk,)])


def test_the_worker_is_rung_only_when_the_lock_stands(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    rung: list[Any] = []
    monkeypatch.setattr(recompute, "apply_async", lambda arguments, **options: rung.append(arguments))
    with django_capture_on_commit_callbacks() as callbacks:
        run = waiting_lock()
        assert rung == []
    for callback in callbacks:
        callback()
    assert rung == [(run.pk,)]


# --- waiting ----------------------------------------------------------------------------------------------
@dataclass
class OwnWorker:
    """The worker that a waiting command would start; `poll` says whether it has ended, as a process does."""

    ended: int | None = None
    started: int = 0
    stopped: int = 0
    pid: int = 4711

    def poll(self) -> int | None:
        return self.ended

    @contextmanager
    def __call__(self) -> Iterator["OwnWorker"]:
        self.started += 1
        try:
            yield self
        finally:
            self.stopped += 1


@pytest.fixture
def own_worker(monkeypatch: pytest.MonkeyPatch) -> OwnWorker:
    """In place of a worker's process, which would not see this transaction. No time is spent on waiting."""
    worker = OwnWorker()
    monkeypatch.setattr(waiting, "own_worker", worker)
    for name in ("UNCLAIMED_SECONDS", "RING_SECONDS", "POLL_SECONDS"):
        monkeypatch.setattr(waiting, name, 0)
    return worker


def test_a_worker_is_started_for_what_nobody_claims_and_rung_until_it_does(
    own_worker: OwnWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, rung, said = waiting_lock(), [], []

    def ring(run_id: int) -> None:
        rung.append((run_id, own_worker.started, own_worker.stopped))
        if len(rung) == 3:
            compute_run(run_id)

    monkeypatch.setattr(waiting, "ring", ring)
    assert wait_for(run, said.append).state == RunState.DONE
    assert rung == [(run.pk, 1, 0)] * 3
    assert own_worker.stopped == 1
    assert said == [
        f"no worker has claimed run {run.pk}: started one, process 4711, "
        f"log {django_settings.CHIMERA_HOME}/worker.log"
    ]


def test_no_worker_is_started_for_a_run_that_one_holds(
    own_worker: OwnWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = waiting_lock()
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING)
    RunPart.objects.create(run=run, step=Step.SLICES, state="running", heartbeat=timezone.now())
    looks: list[float] = []

    def finished_by_another(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            Run.objects.filter(pk=run.pk).update(state=RunState.DONE)

    monkeypatch.setattr(waiting, "time", SimpleNamespace(monotonic=time.monotonic, sleep=finished_by_another))
    assert wait_for(run, pytest.fail).state == RunState.DONE
    assert (len(looks), own_worker.started) == (3, 0)


def test_who_waits_computes_what_its_own_worker_leaves(own_worker: OwnWorker) -> None:
    own_worker.ended = 1
    run, said = waiting_lock(), []
    assert wait_for(run, said.append).state == RunState.DONE
    assert own_worker.stopped == 1, "before the run is computed here"
    assert said[1:] == [f"that worker did not finish run {run.pk}: it is computed in this process"]
    assert Run.objects.get(pk=run.pk).attempts == 1


def test_who_waits_computes_what_its_own_worker_never_claims(
    own_worker: OwnWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WORKER_SECONDS", 0)
    assert wait_for(waiting_lock(), lambda said: None).state == RunState.DONE
    assert (own_worker.started, own_worker.stopped) == (1, 1)


def test_who_computes_itself_still_leaves_a_run_to_the_worker_that_holds_it(
    own_worker: OwnWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_worker.ended = 1
    looks: list[int] = []

    def claimed_by_another(run_id: int) -> bool:
        looks.append(run_id)
        if len(looks) == 3:
            Run.objects.filter(pk=run_id).update(state=RunState.DONE)
        return False

    monkeypatch.setattr(waiting, "compute_run", claimed_by_another)
    run = waiting_lock()
    assert wait_for(run, lambda said: None).state == RunState.DONE
    assert looks == [run.pk] * 3


# --- versions ---------------------------------------------------------------------------------------------
def configure(key: str, value: str) -> None:
    ConfigValue.objects.create(
        key=key,
        version=ConfigValue.objects.filter(key=key).count() + 1,
        value=value,
        reason="amendment",
        approver="sponsor",
        in_force_from=timezone.now(),
        made_by="system:test",
    )


def test_another_version_of_the_code_is_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    first = lock()
    before = run_of(first.snapshot)
    compute_run(before.pk)
    monkeypatch.setattr(start, "sources_digest", lambda: "changed")
    after = waiting_lock()
    assert (after.pk != before.pk, after.snapshot_id) == (True, before.snapshot_id)
    compute_run(after.pk)
    assert estimates_of(first).first().run == after, "the newest result is shown"
    assert Estimate.objects.filter(run=before).exists(), "the older one stays"


def test_another_configuration_is_another_run() -> None:
    before = waiting_lock()
    configure("dose_tol", "30")
    after = waiting_lock()
    assert (after.pk != before.pk, after.snapshot_id) == (True, before.snapshot_id)
    assert (before.configuration["dose_tol"], after.configuration["dose_tol"]) == ("20", "30")


def test_a_run_is_computed_under_the_configuration_of_its_lock() -> None:
    run = waiting_lock()
    configure("dose_tol", "30")
    assert compute_run(run.pk) is True


def test_a_run_of_another_version_waits_for_its_worker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = waiting_lock()
    with monkeypatch.context() as patch:
        patch.setattr(start, "sources_digest", lambda: "changed")
        assert compute_run(run.pk) is False
    assert "waits for another version of the code" in caplog.text
    run.refresh_from_db()
    assert (run.state, run.attempts) == (RunState.QUEUED, 0)
    assert compute_run(run.pk) is True


def test_the_version_covers_code_catalogue_and_libraries(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("a.py", "b.json", "c.txt"):
        (tmp_path / name).write_text("1")
    monkeypatch.setattr(start, "_ROOT", tmp_path)
    monkeypatch.setattr(start, "_COMPUTING", ("",))
    digest = start.sources_digest.__wrapped__
    seen = [digest()]
    for name in ("a.py", "b.json", "c.txt"):
        (tmp_path / name).write_text("2")
        seen.append(digest())
    monkeypatch.setattr(start, "version", lambda library: "9.9")
    seen.append(digest())
    assert len(set(seen)) == 4
    assert seen[2] == seen[3], "a file of another kind does not count"


def test_every_place_that_the_numbers_depend_on_is_there() -> None:
    assert all((start._ROOT / place).exists() for place in start._COMPUTING)


# --- finding results --------------------------------------------------------------------------------------
def test_latest_is_the_newest_lock_that_is_finished() -> None:
    with pytest.raises(NoSuchLock, match="no finished lock"):
        find_lock("latest")
    first, second = lock(), lock(CUTOFF + timedelta(1))
    compute_run(run_of(first.snapshot).pk)
    assert find_lock("latest") == first
    assert find_lock(str(second.pk)) == second
    with pytest.raises(NotFinished, match=f"lock {second.pk} are not finished"):
        estimates_of(second)
    compute_run(run_of(second.snapshot).pk)
    assert find_lock("latest") == second


@pytest.mark.parametrize("name", ["0", "-1", "x", "", "1.0", "²", "9" * 40, "Latest"])
def test_no_lock_has_such_a_name(name: str) -> None:
    compute_run(waiting_lock().pk)
    with pytest.raises(NoSuchLock):
        find_lock(name)


def test_the_act_is_in_the_trail_with_hash_and_reason() -> None:
    made = lock()
    event = TrailEvent.objects.get(action="lock.made")
    assert (event.about, event.reason, event.source) == (f"lock {made.pk}", "interim analysis", "command")
    changes = {change.item: change.new for change in event.changes.all()}
    known = made.known_at.isoformat()
    told = {"cutoff": "2025-08-05", "known_at": known, "scope": "study", "hash": made.snapshot.hash}
    assert changes == told | {"sources": made.sources, "subjects": "0", "values": "0"}
