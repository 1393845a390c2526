"""Real workers on real brokers: what is rung is computed once, however often a worker is killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import cycle, islice
from pathlib import Path

import pytest
from celery import Celery

from analytics.locks.cut import all_records
from analytics.locks.snapshot import write_snapshot
from patients.builder.timeline import Timeline
from tests.analytics.casebooks import CutContent, built, content, without_database
from tests.analytics.workers import LEASE, PATIENCE_S, Row, named, take_in, undisturbed, until, worker
from tests.conftest import ROOT, Registry

pytestmark = pytest.mark.one_engine

CUTOFF = date(2025, 8, 5)
BIG = 40  # subjects: so many keep a worker busy long enough to be met at work
KILLS = 5  # `make faults` kills 50 (tests/faults)


# --- killed at work ---------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def many(demo_timelines: list[Timeline]) -> list[CutContent]:
    """The invented cohort over and over, under other names."""
    with without_database():
        cohort = [content(all_records(book), CUTOFF) for book in built(demo_timelines).values()]
    return [named(one, f"HZ01-{number:04d}") for number, one in enumerate(islice(cycle(cohort), BIG))]


@pytest.mark.requirement("LK-07")
def test_a_worker_that_is_killed_again_and_again_leaves_one_result(
    registry: Registry, redis_url: str, many: list[CutContent]
) -> None:
    (row,) = take_in(registry, sealed := write_snapshot(registry.home / "snapshots", CUTOFF, many))
    bell = Celery(broker=redis_url)

    def ring() -> None:
        bell.send_task("analytics.runs.recompute", (row.number,))

    broker = {"CHIMERA_BROKER_URL": redis_url, **LEASE}
    for attempt in range(1, KILLS + 1):
        with worker(registry, **broker) as killed:
            killed.wait_until(lambda attempt=attempt: row.is_read_for_the(attempt), ring)
            time.sleep(0.03 * attempt)  # further on in its work each time
        assert (row.state, row.count("analytics_estimate")) == ("running", 0)
    with worker(registry, **broker) as last:
        last.wait_until(lambda: row.state == "done", ring)
    assert row.attempts == KILLS + 1
    assert row.result == undisturbed(sealed)
    assert row.count("analytics_run") == 1
    assert row.count("trial_trailevent", "action = 'run.finished'") == 1
    figures = row.count("analytics_estimate")
    assert figures == row.ask("SELECT count(DISTINCT figure) FROM analytics_estimate")[0] > 100
    bell.close()


# --- brokers ----------------------------------------------------------------------------------------------
def test_the_broker_of_files_rings_a_worker(registry: Registry) -> None:
    """Without any broker set, the lock rings through files in the home of the registry."""
    with worker(registry) as running:
        assert registry.run("lock", "--cutoff", str(CUTOFF), "--reason", "interim").stdout == "1\n"
        running.wait_until(lambda: Row(registry).state == "done")
    assert Row(registry).attempts == 1


def test_a_lock_survives_a_dead_broker_and_is_revived(registry: Registry, redis_url: str) -> None:
    dead = {"CHIMERA_BROKER_URL": "redis://127.0.0.1:1/0"}
    done = registry.run("lock", "--cutoff", str(CUTOFF), "--reason", "interim", env=dead)
    assert done.stdout == "1\n"
    assert "could not be rung" in done.stderr
    assert Row(registry).state == "queued"
    alive = {"CHIMERA_BROKER_URL": redis_url}
    with worker(registry, **alive) as running:
        assert registry.run("run_pending", env=alive).stdout == "1 rung\n"
        running.wait_until(lambda: Row(registry).state == "done")


# --- a worker of the command's own ------------------------------------------------------------------------
WAIT = """
from analytics.runs.models import Run
from analytics.runs.waiting import wait_for
print(wait_for(Run.objects.get(pk={number}), print).state)
"""


def processes(registry: Registry) -> set[int]:
    """Those that work on the registry, whoever their parent is."""
    home = f"CHIMERA_HOME={registry.home}".encode()
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if home in path.read_bytes().split(b"\0"):
                found.add(int(path.parent.name))
    return found


def waiting_lock(registry: Registry, cutoff: date = CUTOFF, **environment: str) -> tuple[str, str]:
    """What a lock that waits prints, and what it says beside that."""
    done = registry.run("lock", "--cutoff", str(cutoff), "--reason", "interim", "--wait", env=environment)
    return done.stdout, done.stderr


def test_a_lock_that_waits_starts_a_worker_and_leaves_none(registry: Registry) -> None:
    printed, said = waiting_lock(registry)
    assert printed == "1\n"
    (number,) = re.findall(r"no worker has claimed run 1: started one, process (\d+), log ", said)
    assert "in this process" not in said
    log = (registry.home / "worker.log").read_text()
    assert "run 1: finish 0, claim 1\n" in log, f"the worker, process {number}, computed it:\n{log}"
    assert (Row(registry).state, Row(registry).attempts) == ("done", 1)
    assert processes(registry) == set()


def test_a_lock_that_waits_starts_none_where_one_runs(registry: Registry) -> None:
    with worker(registry) as running:
        registry.run("lock", "--cutoff", str(CUTOFF), "--reason", "interim")
        running.wait_until(lambda: Row(registry).state == "done")
        printed, said = waiting_lock(registry, date(2025, 8, 6))
    assert printed == "2\n"
    assert "started one" not in said
    assert Row(registry, 2).state == "done"


def test_a_lock_that_waits_computes_by_itself_where_the_broker_is_dead(registry: Registry) -> None:
    printed, said = waiting_lock(registry, CHIMERA_BROKER_URL="redis://127.0.0.1:1/0")
    assert printed == "1\n"
    assert "that worker did not finish run 1: it is computed in this process\n" in said
    assert "claim" not in (registry.home / "worker.log").read_text()
    assert (Row(registry).state, Row(registry).attempts) == ("done", 1)
    assert processes(registry) == set()


@contextmanager
def waiter(row: Row) -> Iterator[tuple["subprocess.Popen[str]", int]]:
    """A process that waits for a run, and the id of the worker that it started; both are gone at the end."""
    with subprocess.Popen(
        [sys.executable, "-u", "manage.py", "shell", "--verbosity=0", "-c", WAIT.format(number=row.number)],
        cwd=ROOT,
        env={**os.environ, **row.registry.env, **LEASE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            (started,) = re.findall(r"process (\d+)", process.stdout.readline())
            yield process, int(started)
        finally:
            for left in processes(row.registry):
                os.kill(left, signal.SIGKILL)


def test_a_command_whose_worker_is_killed_at_work_takes_over(
    registry: Registry, many: list[CutContent]
) -> None:
    (row,) = take_in(registry, sealed := write_snapshot(registry.home / "snapshots", CUTOFF, many))
    with waiter(row) as (process, started):
        until(lambda: row.is_read_for_the(1))
        os.kill(started, signal.SIGKILL)
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert said.splitlines() == [
        f"that worker did not finish run {row.number}: it is computed in this process",
        "done",
    ]
    assert (row.attempts, row.result) == (2, undisturbed(sealed))


@pytest.mark.one_engine
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_command_that_is_stopped_leaves_no_worker(
    registry: Registry, many: list[CutContent], how: signal.Signals
) -> None:
    (row,) = take_in(registry, write_snapshot(registry.home / "snapshots", CUTOFF, many))
    with waiter(row) as (process, started):
        until(lambda: row.attempts == 1)
        assert processes(registry) == {process.pid, started}
        process.send_signal(how)
        until(lambda: not processes(registry))
    assert row.state in ("running", "done")
    assert row.count("analytics_run") == 1
