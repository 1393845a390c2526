"""Real workers of a registry, and the rows of its runs as a connection of our own reads them."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg

from analytics.datasets.build import build_datasets
from analytics.endpoints.figures import compute_figures
from analytics.locks.cut import Value
from analytics.locks.snapshot import Sealed, read_snapshot
from analytics.runs.closing import result_hash
from tests.analytics.casebooks import CutContent, without_database
from tests.conftest import ROOT, Registry

PATIENCE_S = 60
LEASE = {"CHIMERA_RUN_LEASE_SECONDS": "1"}
# What `make_lock` leaves behind of snapshots that lie there already.
TAKE_IN = """
from datetime import date
from analytics.locks.models import Lock, Snapshot
from analytics.runs.start import waiting_run
cutoff = date(2025, 8, 5)
for hash, subjects, values in {sealed}:
    counts = dict(cutoff=cutoff, subjects=subjects, values=values)
    snapshot, _ = Snapshot.objects.get_or_create(hash=hash, defaults=counts)
    Lock.objects.create(snapshot=snapshot, cutoff=cutoff, reason="a big one", made_by="test")
    print(waiting_run(snapshot).pk)
"""


@dataclass(frozen=True)
class Row:
    """The row of a run, read by a connection of our own."""

    registry: Registry
    number: int = 1

    def ask(self, sql: str) -> tuple[Any, ...]:
        url = self.registry.database_url
        if url.startswith("sqlite"):
            connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=20)
        else:
            connection = psycopg.connect(url)
        try:
            found: tuple[Any, ...] = connection.execute(sql).fetchone()
            return found
        finally:
            connection.close()

    @property
    def state(self) -> str:
        return str(self.ask(f"SELECT state FROM analytics_run WHERE id = {self.number}")[0])

    @property
    def attempts(self) -> int:
        return int(self.ask(f"SELECT attempts FROM analytics_run WHERE id = {self.number}")[0])

    @property
    def result(self) -> str:
        return str(self.ask(f"SELECT result_hash FROM analytics_run WHERE id = {self.number}")[0])

    def is_read_for_the(self, time: int) -> bool:
        """Whether somebody is at its only slice of subjects, the longest part of it, and for which time.

        Who is killed between two parts leaves nothing to take over.
        """
        claimed = f"run_id = {self.number} AND step = 'datasets' AND state = 'running' AND attempts = {time}"
        return self.count("analytics_runpart", claimed) == 1

    def count(self, table: str, where: str = "1 = 1") -> int:
        return int(self.ask(f"SELECT count(*) FROM {table} WHERE {where}")[0])


@dataclass(frozen=True)
class Worker:
    """A Celery worker of a registry with its children: a process group of their own."""

    process: subprocess.Popen[bytes]
    log: Path

    def wait_until(self, holds: Callable[[], bool], ring: Callable[[], object] = lambda: None) -> None:
        """Wait, and ring every second, as the sweeper does every half minute."""
        begun = next_ring = time.monotonic()
        while not holds():
            now = time.monotonic()
            assert self.process.poll() is None, f"the worker ended:\n{self.log.read_text()}"
            assert now < begun + PATIENCE_S, f"nothing happened:\n{self.log.read_text()}"
            if now >= next_ring:
                next_ring = now + 1
                ring()
            time.sleep(0.005)

    @property
    def child(self) -> int:
        """The process that computes, of a worker with one."""
        found: list[int] = []

        def is_there() -> bool:
            found[:] = self._living()
            return bool(found)

        self.wait_until(is_there)
        return found[-1]

    def _living(self) -> list[int]:
        """Its children without those that have ended and still have a number."""
        own = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in own if "VmSize" in _status_of(pid)]

    def kill(self) -> None:
        """All of it, at once and for good."""
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _status_of(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""


@contextmanager
def worker(registry: Registry, *, children: int = 1, **environment: str) -> Iterator[Worker]:
    """A worker of the registry, killed at the end."""
    command = [sys.executable, "-m", "celery", "-A", "trial", "worker", "--concurrency", str(children)]
    # The checks of a start were made when the registry was migrated; there are no other workers to greet.
    own = {**registry.env, "CELERY_SKIP_CHECKS": "yes", **environment}
    log = registry.home / "site-worker.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, "--without-mingle", "--without-gossip", "--without-heartbeat"],
            cwd=ROOT,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Worker(process, log)
    try:
        yield running
    finally:
        running.kill()


def named(told: CutContent, code: str) -> CutContent:
    """The same content of a subject of another code."""
    facts, values = told
    return replace(facts, subject=code), [
        Value(code, v.visit, v.form, v.row_key, v.item, v.value, v.unit, v.missing) for v in values
    ]


def take_in(registry: Registry, *sealed: Sealed) -> list[Row]:
    """The registry with a lock of each snapshot, its run waiting."""
    told = [(one.hash, one.subjects, one.values) for one in sealed]
    done = registry.run("shell", "--verbosity=0", "-c", TAKE_IN.format(sealed=told))
    return [Row(registry, int(number)) for number in done.stdout.split()[-len(sealed) :]]


def undisturbed(sealed: Sealed) -> str:
    """The hash of the result that this process comes to."""
    with without_database():
        return result_hash(compute_figures(build_datasets(*read_snapshot(sealed.path))))


def until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for something that must happen in this time."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.005)
