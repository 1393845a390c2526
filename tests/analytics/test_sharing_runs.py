"""A run is shared by workers, slice by slice and the rest after, and survives a passing trouble."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from analytics.locks import seal
from analytics.locks.seal import make_lock
from analytics.locks.snapshot import SnapshotDamaged, read_slice, read_snapshot, slices_of
from analytics.runs import compute, failure, files, ring, steps, waiting
from analytics.runs.closing import result_hash
from analytics.runs.compute import compute_run
from analytics.runs.models import Estimate, PartState, Run, RunPart, RunState, Step
from analytics.runs.parts import begin, claim
from analytics.runs.start import run_of
from analytics.runs.stopping import cancel_run
from analytics.runs.tasks import recompute, sweep
from tests.analytics.casebooks import CutContent, contact, content, cut_instead, died, infused, relapsed
from tests.analytics.computing import results_of
from tests.analytics.test_runs import all_at_once
from tests.patients.web import people
from trial.people.access import SystemPerson
from trial.people.roles import Role
from trial.trail.actor import Source
from trial.trail.models import TrailEvent

pytestmark = pytest.mark.django_db
CUTOFF = date(2026, 8, 5)
SUBJECTS = 7


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that were rung, in order; nobody comes."""
    found: list[int] = []
    monkeypatch.setattr(recompute, "apply_async", lambda arguments, **options: found.extend(arguments))
    return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, settings: Any, rung: list[int], tmp_path: Path) -> Run:
    """The run of a lock of seven subjects, in slices of two."""
    settings.SNAPSHOT_DIR = tmp_path
    settings.RUN_SLICE_SUBJECTS = 2
    told = [relapsed(200), died(300), contact(500, free_on=400), contact(700, free_on=700)]
    several: list[CutContent] = [
        content([*infused(), told[number % 4]], CUTOFF, f"HZ01-{number:03d}") for number in range(SUBJECTS)
    ]
    monkeypatch.setattr(seal, "_cut", cut_instead(several))
    lock = make_lock(CUTOFF, "interim analysis", by=SystemPerson("lock"), source=Source.COMMAND)
    return run_of(lock.snapshot)


def files_left() -> list[Path]:
    return list(files.folder().iterdir()) if files.folder().exists() else []


def step_of(run: Run) -> set[str]:
    """The steps that can be claimed."""
    return set(RunPart.objects.claimable().filter(run=run).values_list("step", flat=True))


# --- slices -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("size", [1, 2, 3, SUBJECTS, 100])
def test_slices_are_the_whole_in_its_order(run: Run, size: int) -> None:
    path = run.snapshot.path
    slices = slices_of(path, size)
    assert [one.subjects for one in slices[:-1]] == [size] * (len(slices) - 1)
    assert 0 < slices[-1].subjects <= size
    read = [subject.facts for one in slices for subject in read_slice(path, one)]
    assert read == [subject.facts for subject in read_snapshot(path)[1]]


def test_a_slice_that_is_not_what_it_was_is_refused(run: Run) -> None:
    first, second, *_ = slices_of(run.snapshot.path, 2)
    text = run.snapshot.path.read_bytes()
    at = text.index(b"HZ01-002")
    run.snapshot.path.chmod(0o640)
    run.snapshot.path.write_bytes(text[:at] + b"HZ01-009" + text[at + 8 :])
    assert len(list(read_slice(run.snapshot.path, first))) == 2
    with pytest.raises(SnapshotDamaged, match="is not what it was"):
        read_slice(run.snapshot.path, second)


# --- shared -----------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_however_many_workers_share_a_run_it_comes_to_the_same(run: Run) -> None:
    figures, exhibits = results_of(run)
    outcomes = all_at_once(lambda: compute_run(run.pk), 4)
    assert sorted(outcomes) == [False] * 3 + [True]
    run.refresh_from_db()
    assert (run.state, run.attempts, run.progress) == (RunState.DONE, 1, {})
    assert run.result_hash == result_hash(figures)
    assert json.dumps(run.exhibits, sort_keys=True) == json.dumps(exhibits, sort_keys=True)
    kept = [(one.figure, one.value, list(one.counted)) for one in Estimate.objects.filter(run=run)]
    assert kept == [(each.id, each.value, list(each.subjects)) for each in figures]
    assert TrailEvent.objects.filter(action="run.finished").count() == 1
    assert (RunPart.objects.count(), files_left()) == (0, [])


def test_the_estimates_wait_for_all_slices_and_the_end_for_all_of_them(
    run: Run, rung: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    begin(run.pk)
    assert step_of(run) == {Step.SLICES}
    with django_capture_on_commit_callbacks(execute=True):
        compute._compute(claim(run.pk))
    assert run.parts.filter(step=Step.DATASETS).count() == 4
    assert rung == [run.pk] * 3, "one for each slice but that of who goes on"
    *others, last = [claim(run.pk) for _slice in range(4)]
    for part in others:
        compute._compute(part)
    assert step_of(run) == set()
    with django_capture_on_commit_callbacks(execute=True):
        compute._compute(last)
    assert step_of(run) == {Step.FIGURES, Step.EXHIBITS, Step.BOOTSTRAP}
    assert len(rung) == 5
    for _part in range(3):
        assert compute._compute(claim(run.pk)) is False
    assert step_of(run) == {Step.FINISH}
    assert compute._compute(claim(run.pk)) is True


def test_a_study_of_one_slice_rings_nobody_else(
    run: Run, rung: list[int], settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.RUN_SLICE_SUBJECTS = 100
    with django_capture_on_commit_callbacks(execute=True):
        assert compute_run(run.pk) is True
    assert rung == []


def test_a_long_run_is_left_for_a_moment_and_rung_again(
    run: Run, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.runs.tasks.TURN_SECONDS", -1.0)
    recompute(run.pk)
    assert (rung, run.parts.get(step=Step.SLICES).state) == ([run.pk], PartState.DONE)
    for _turn in range(8):
        recompute(run.pk)
    assert Run.objects.get(pk=run.pk).state == RunState.DONE
    assert len(rung) == 8, "the last turn has nothing left to ring for"


def test_what_a_cancelled_run_has_made_is_cleared_away(
    run: Run, django_capture_on_commit_callbacks: Any
) -> None:
    begin(run.pk)
    compute._compute(claim(run.pk))
    late = claim(run.pk)
    compute._compute(claim(run.pk))
    assert len(files_left()) == 1
    people.a_site("HZ01")
    with django_capture_on_commit_callbacks(execute=True):
        cancel_run(run, by=people.a_member(Role.DATA_MANAGER), site="HZ01")
    assert (files_left(), RunPart.objects.count()) == ([], 0)
    assert compute._compute(late) is False
    assert claim(run.pk) is None


def test_the_sweeper_removes_what_a_worker_left_that_was_given_up(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(run.pk)
    part = claim(run.pk)
    kept, left = files.write_plain(part, 1), files.write_plain(RunPart(pk=part.pk + 1000, run=run), 2)
    sweep()
    assert len(files_left()) == 2, "it may be being written"
    monkeypatch.setattr(files, "LEFT_FOR", timedelta(seconds=-5))
    sweep()
    assert [file.name for file in files_left()] == [f"{part.pk}-{kept}"]
    assert left not in kept
    files.clear({part.pk})


def test_a_file_that_is_not_what_it_was_fails_the_run(run: Run) -> None:
    begin(run.pk)
    for _part in range(5):
        compute._compute(claim(run.pk))
    damaged = files_left()[0]
    damaged.chmod(0o640)
    damaged.write_bytes(damaged.read_bytes() + b" ")
    assert compute_run(run.pk) is True
    run.refresh_from_db()
    assert run.error.startswith("PartDamaged: the file of part")


# --- troubles ---------------------------------------------------------------------------------------------
def comes_between(monkeypatch: pytest.MonkeyPatch, problem: Exception, times: int) -> None:
    """The estimates are computed with this failure so many times, and then as they should."""
    left = [problem] * times

    def computed(part: RunPart) -> str:
        if left:
            raise left.pop()
        return steps.of_the_whole(part)

    monkeypatch.setitem(steps.COMPUTED_BY, Step.FIGURES, computed)


def later(run: Run) -> None:
    """The time has come to try again."""
    RunPart.objects.filter(run=run).exclude(not_before=None).update(not_before=timezone.now())


@pytest.mark.parametrize(
    "problem", [MemoryError(), OSError("share is gone"), OperationalError("server closed the connection")]
)
def test_a_passing_trouble_is_tried_again_later_each_time(
    run: Run, monkeypatch: pytest.MonkeyPatch, rung: list[int], problem: Exception
) -> None:
    comes_between(monkeypatch, problem, times=failure.RETRIES)
    waits: list[timedelta] = []
    for number in range(1, failure.RETRIES + 1):
        before = timezone.now()
        assert compute_run(run.pk) is False
        part = run.parts.get(step=Step.FIGURES)
        assert (part.state, part.failures) == (PartState.WAITING, number)
        waits.append(part.not_before - before)
        assert ring.ring_waiting() == 0, "its time has not come"
        run.refresh_from_db()
        assert run.progress["trouble"] == failure.reason(problem)
        later(run)
        assert ring.ring_waiting() == 1
    assert waits[0] < waits[1] < waits[2]
    assert compute_run(run.pk) is True
    run.refresh_from_db()
    assert (run.state, run.error, run.attempts) == (RunState.DONE, "", 1 + failure.RETRIES)


def test_a_trouble_that_does_not_pass_fails_the_run(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    comes_between(monkeypatch, MemoryError(), times=failure.RETRIES + 1)
    for _try in range(failure.RETRIES):
        assert compute_run(run.pk) is False
        later(run)
    assert compute_run(run.pk) is True
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.FAILED, "MemoryError (tried 4 times)")
    assert TrailEvent.objects.get(action="run.failed").reason == run.error


def test_a_definite_failure_ends_the_run_and_says_where_without_values(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(part: RunPart) -> str:
        try:
            return {}["HZ01-001 died"]
        except KeyError as problem:
            raise ValueError("no such figure") from problem

    monkeypatch.setitem(steps.COMPUTED_BY, Step.FIGURES, broken)
    assert compute_run(run.pk) is True
    run.refresh_from_db()
    assert (run.state, run.error) == (RunState.FAILED, "ValueError: no such figure")
    told = [line.strip() for line in run.traceback.splitlines()]
    assert told[-1] == "ValueError"
    assert "KeyError" in told
    assert any(line.startswith('File "analytics/runs/compute.py", line ') for line in told)
    assert "no such figure" not in run.traceback.replace('raise ValueError("no such figure")', "")
    assert f"'{'HZ01-001 died'}'" not in run.traceback


def test_a_part_that_takes_down_every_worker_fails_the_run(run: Run) -> None:
    begin(run.pk)
    for _worker in range(failure.LOST_AT_MOST + 1):
        assert claim(run.pk) is not None
        RunPart.objects.update(heartbeat=timezone.now() - timedelta(hours=1))
    assert compute_run(run.pk) is True
    run.refresh_from_db()
    assert run.error == "WorkersLost: 11 workers were lost at slices 0"


def test_a_message_that_comes_again_has_lost_its_worker(run: Run) -> None:
    """The part that it held waits to be tried again, and its late worker writes nothing."""
    begin(run.pk)
    lost, other = claim(run.pk, "message 1"), RunPart(run=run, step=Step.DATASETS, holder="message 2")
    other.state = PartState.RUNNING
    other.save()
    recompute.push_request(id="message 1", delivery_info={"redelivered": True})
    try:
        recompute.run(run.pk)
    finally:
        recompute.pop_request()
    lost.refresh_from_db()
    assert (lost.state, lost.failures) == (PartState.WAITING, 1)
    assert lost.trouble.startswith("WorkerLost: the process that computed was ended")
    other.refresh_from_db()
    assert (other.state, other.failures) == (PartState.RUNNING, 0)


# --- waiting for it ---------------------------------------------------------------------------------------
def test_a_run_that_somebody_is_at_is_waited_for_while_other_parts_wait(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits would else start workers of its own beside those that there are."""
    begin(run.pk)
    compute._compute(claim(run.pk))
    assert claim(run.pk) is not None
    assert run.parts.filter(state=PartState.WAITING).count() > 1
    over = Run.objects.filter(pk=run.pk)
    looks = iter([lambda: None, lambda: over.update(state=RunState.CANCELLED)])
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: next(looks)())
    assert waiting._ends(run, 0)
    over.update(state=RunState.RUNNING)
    RunPart.objects.update(heartbeat=timezone.now() - timedelta(days=1))
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: None)
    assert not waiting._ends(run, 0), "nobody has been heard of for a lease"
