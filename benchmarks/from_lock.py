"""From a lock to its estimates, whole: simulated subjects, `lock --cutoff DATE --wait`, workers on Redis.

`python -m benchmarks.from_lock [SUBJECTS ...]`: each size in a registry of its own that is thrown away
(`benchmarks.simulated`; 100,000 take some 15 GB, and 7 GB of snapshot). Two workers wait before the command
begins. Beside it the same rows are read once: those of pages and forms by SQL, and the lines of the snapshot.
Goal (B9): grows no faster than the rows; 100,000 subjects within minutes and 2 GiB on two cores.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django

from benchmarks.journey import CUTOFF, ROOT
from benchmarks.locked import peak, reading, seconds
from benchmarks.simulated import import_simulated

WORKERS = 2
LOOK_SECONDS = 0.5
COLUMNS = (
    "subjects", "values each", "part", "s", "s of processors", "ms a subject", "MiB", "load",
)  # fmt: skip


def main(sizes: Sequence[int]) -> None:
    for cells in (COLUMNS, ("---",) * len(COLUMNS)):
        print("|", " | ".join(cells), "|", flush=True)
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="chimera-bench-") as folder:
            measure(Path(folder), import_simulated(Path(folder), size))


def measure(folder: Path, size: int) -> None:
    """Lock a registry of so many, and print a line for each part."""
    from tests import services
    from tests.analytics.workers import worker
    from tests.conftest import Registry

    home = folder / "home"
    registry = Registry(home, f"sqlite:///{home}/chimera.sqlite3")
    with ExitStack() as stack:
        broker = {"CHIMERA_BROKER_URL": stack.enter_context(services.redis())}
        running = [stack.enter_context(worker(registry, children=1, **broker)) for _ in range(WORKERS)]
        groups = [one.process.pid for one in running if one.child]
        stages = list(_stages(home / "chimera.sqlite3", {**os.environ, **registry.env, **broker}, groups))
    (snapshot,) = (home / "snapshots").glob("*.jsonl")
    values = _asked(home / "chimera.sqlite3", 'SELECT sum("values") FROM analytics_snapshot') / size
    for stage in (*stages, *_read_once(home / "chimera.sqlite3", snapshot)):
        told = (f"{stage.seconds:.1f}", f"{stage.processors:.1f}", f"{stage.processors / size * 1000:.2f}")
        memory = f"{stage.mebibytes:.0f}" if stage.mebibytes else ""
        cells = (f"{size:,}", f"{values:.0f}", stage.name, *told, memory, f"{stage.load:.1f}")
        print("|", " | ".join(cells), "|", flush=True)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a part took, the memory of its largest process, and the load of the machine at its end."""

    name: str
    seconds: float
    processors: float
    mebibytes: float
    load: float


def _stages(database: Path, environment: dict[str, str], workers: Sequence[int]) -> Iterator[Stage]:
    command = [sys.executable, "manage.py", "lock", "--cutoff", CUTOFF, "--reason", "benchmark", "--wait"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    groups = (process.pid, *workers)
    for name, ended in _ENDS.items():
        with _watched(groups) as largest:
            started, before, spent = time.monotonic(), [seconds(group) for group in groups], 0.0
            while process.poll() is None and not ended(database):
                spent = max(spent, _spent(groups, before))
                time.sleep(LOOK_SECONDS)
        taken = time.monotonic() - started
        yield Stage(name, taken, spent, max(largest, default=0.0), os.getloadavg()[0])
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command)


def _spent(groups: Sequence[int], before: Sequence[float]) -> float:
    return sum(max(0.0, seconds(group) - was) for group, was in zip(groups, before, strict=True))


@contextmanager
def _watched(groups: Sequence[int]) -> Iterator[list[float]]:
    """The memory of the largest process of these groups, looked at as long as this lasts."""
    found, over = list[float](), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            found.append(max(peak(group) for group in groups))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def _cut_is_there(database: Path) -> bool:
    return _asked(database, "SELECT count(*) FROM analytics_lock") > 0


def _datasets_are_there(database: Path) -> bool:
    later = "SELECT count(*) FROM analytics_runpart WHERE step IN ('figures', 'exhibits', 'bootstrap')"
    return _asked(database, later) > 0 or _run_is_over(database)


def _run_is_over(database: Path) -> bool:
    return _asked(database, "SELECT count(*) FROM analytics_run WHERE finished_at IS NOT NULL") > 0


_ENDS: dict[str, Callable[[Path], bool]] = {
    "the cut": _cut_is_there,
    "dividing, and the datasets": _datasets_are_there,
    "estimates, exhibits, bootstrap, results": _run_is_over,
}


def _asked(database: Path, sql: str) -> float:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
        return float(connection.execute(sql).fetchone()[0] or 0)


def _read_once(database: Path, snapshot: Path) -> Iterator[Stage]:
    """One reading of the rows of pages and forms, and one of the lines of the snapshot."""
    from patients.casebook.form import declared_forms
    from patients.casebook.page import Page

    started, before = time.monotonic(), time.process_time()
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
        models: list[Any] = [Page, *declared_forms()]
        for table in (model._meta.db_table for model in models):
            for _row in connection.execute(f"SELECT * FROM {table}"):
                pass
    spent, processors = time.monotonic() - started, time.process_time() - before
    yield Stage("the rows read once", spent, processors, 0, os.getloadavg()[0])
    before = time.process_time()
    spent = reading(snapshot)
    processors = time.process_time() - before
    yield Stage("the lines read once", spent, processors, 0, os.getloadavg()[0])


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-tests-"))
    django.setup()
    main([int(size) for size in sys.argv[1:]] or [19, 1_000, 100_000])
