"""Workers that are killed, rung ten times or out of memory: one result, or a reason (F01, F02, F03, F20)."""

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from celery import Celery
from redis import Redis

from tests.analytics.workers import LEASE, Row, Worker, take_in, undisturbed, worker
from tests.conftest import Registry
from tests.faults.studies import heavy, studies
from tests.faults.web import answers, web_server

pytestmark = [pytest.mark.requirement("LK-07"), pytest.mark.django_db]
KILLS = int(os.environ.get("KILLS", "2"))  # 50 in `make faults`
LOSSES = int(os.environ.get("LOSSES", "1"))  # 20
DELIVERIES = int(os.environ.get("DELIVERIES", "1"))  # 20, of ten each
EXHAUSTIONS = int(os.environ.get("EXHAUSTIONS", "1"))  # 10
# Python says so itself; who builds a table is ended by the library that does.
OUT_OF_MEMORY = (
    "MemoryError",
    "RuntimeError: can't start new thread",
    "WorkerLost: the process that computed was ended, or had no memory left",
)
LONGEST_S = 0.8  # about as long as a study is computed
SHARED = {"CHIMERA_RUN_SLICE_SUBJECTS": "50", "CHIMERA_RUN_RETRY_SECONDS": "0.01", **LEASE}
PATIENT = {"CHIMERA_RUN_LEASE_SECONDS": "60"}  # so that nothing is taken over for silence alone


class Bell:
    """What rings the workers of a broker."""

    def __init__(self, url: str) -> None:
        self._celery = Celery(broker=url)
        self._redis = Redis.from_url(url)

    def ring(self, row: Row) -> None:
        self._celery.send_task("analytics.runs.recompute", (row.number,))

    def sweep(self) -> None:
        """As the clock does every quarter of a minute."""
        self._celery.send_task("analytics.runs.sweep")

    @property
    def is_silent(self) -> bool:
        """Whether all that was rung has been answered."""
        return not self._redis.llen("celery") and not self._redis.hlen("unacked")

    def close(self) -> None:
        self._celery.close()
        self._redis.close()


@pytest.fixture
def bell(redis_url: str) -> Iterator[Bell]:
    bell = Bell(redis_url)
    yield bell
    bell.close()


@pytest.fixture
def start(registry: Registry, redis_url: str) -> Callable[..., AbstractContextManager[Worker]]:
    """A worker of the registry that this broker rings."""

    def started(children: int = 1, **environment: str) -> AbstractContextManager[Worker]:
        own = SHARED | {"CHIMERA_BROKER_URL": redis_url} | environment
        return worker(registry, children=children, **own)

    return started


def assert_one_result_each(rows: list[Row], expected: str) -> None:
    """And nothing of the work is left behind."""
    (first, *_others) = rows
    assert {row.result for row in rows} == {expected}
    assert first.count("analytics_run") == first.count("analytics_run", "state = 'done'") == len(rows)
    assert first.count("trial_trailevent", "action = 'run.finished'") == len(rows)
    assert first.count("analytics_runpart") == 0
    figures = first.ask("SELECT count(DISTINCT figure) FROM analytics_estimate")[0]
    assert first.count("analytics_estimate") == figures * len(rows) > 100


@pytest.mark.postgresql
def test_a_child_that_is_killed_at_any_moment_leaves_one_result(
    registry: Registry,
    bell: Bell,
    start: Callable[..., AbstractContextManager[Worker]],
    tried: Callable[[int], None],
) -> None:
    tried(KILLS)
    rows = take_in(registry, *(sealed := studies(registry, KILLS)))
    moments = random.Random(1)
    with start(**PATIENT) as running:
        for row in rows:
            bell.ring(row)
            running.wait_until(lambda row=row: row.state != "queued")
            time.sleep(moments.uniform(0, LONGEST_S))
            os.kill(running.child, signal.SIGKILL)
            running.wait_until(lambda row=row: row.state == "done", lambda row=row: bell.ring(row))
    assert_one_result_each(rows, undisturbed(sealed[0]))


@pytest.mark.postgresql
def test_the_sweeper_revives_what_a_lost_machine_held(
    registry: Registry,
    bell: Bell,
    start: Callable[..., AbstractContextManager[Worker]],
    tried: Callable[[int], None],
) -> None:
    tried(LOSSES)
    rows: list[Row] = []
    for one in (sealed := studies(registry, LOSSES)):
        (row,) = take_in(registry, one)
        rows.append(row)
        with start() as lost:
            bell.ring(row)
            lost.wait_until(lambda row=row: row.state == "running")
        with start() as other:
            other.wait_until(lambda row=row: row.state == "done", bell.sweep)
    assert_one_result_each(rows, undisturbed(sealed[0]))


@pytest.mark.postgresql
def test_ten_deliveries_at_once_come_to_one_result(
    registry: Registry,
    bell: Bell,
    start: Callable[..., AbstractContextManager[Worker]],
    tried: Callable[[int], None],
) -> None:
    tried(10 * DELIVERIES)
    rows = take_in(registry, *(sealed := studies(registry, DELIVERIES)))
    with start(children=10, **PATIENT) as running:
        for row in rows:
            for _delivery in range(10):
                bell.ring(row)
            running.wait_until(lambda row=row: row.state == "done")
        running.wait_until(lambda: bell.is_silent)
    assert "Traceback" not in running.log.read_text()
    assert [row.attempts for row in rows] == [1] * len(rows), "no part was computed twice"
    assert_one_result_each(rows, undisturbed(sealed[0]))


@pytest.mark.postgresql
def test_a_run_without_memory_fails_with_its_reason_and_runs_where_there_is_some(
    registry: Registry,
    bell: Bell,
    start: Callable[..., AbstractContextManager[Worker]],
    tried: Callable[[int], None],
) -> None:
    tried(EXHAUSTIONS)
    rows = take_in(registry, *(sealed := heavy(registry, EXHAUSTIONS)))
    with web_server(registry) as web, start(**PATIENT) as running:
        for row in rows:
            leave_memory(running, 8 * 2**20)
            bell.ring(row)
            running.wait_until(lambda row=row: row.state == "failed", lambda row=row: bell.ring(row))
            error, tries = row.ask(f"SELECT error, attempts FROM analytics_run WHERE id = {row.number}")
            assert error in [f"{said} (tried 4 times)" for said in OUT_OF_MEMORY]
            assert tries == 4
            assert answers(web.address)
        assert rows[0].count("analytics_run", "state IN ('queued', 'running')") == 0
        leave_memory(running, None)
        (again, *_others) = take_in(registry, sealed[0])
        bell.ring(again)
        running.wait_until(lambda: again.state == "done", bell.sweep)


def leave_memory(running: Worker, more: int | None) -> None:
    """Worker and child may take so many bytes more than they have, or whatever there is."""
    for pid in (running.process.pid, running.child):
        limit = resource.RLIM_INFINITY if more is None else held_by(pid) + more
        resource.prlimit(pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def held_by(pid: int) -> int:
    """The address space of a process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmSize")) * 1024
