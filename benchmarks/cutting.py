"""A data cut, and a lock by two people, for a registry of any size: time and memory.

`python -m benchmarks.cutting [SUBJECTS ...]`: the invented cohort is imported once and copied in SQL (see
`benchmarks.enlarged`), 0.7 MB a subject; each step is made in a process of its own: the cut, the casebook
directory of the registry and of the cut, what two people ask for (one look of the gate), and its approval,
which looks again, locks every page and cuts. Terms have no codes in it. Goal (B9): 100,000 subjects within
minutes and 2 GiB.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import date
from math import ceil
from pathlib import Path
from shutil import copytree, rmtree

import django

from benchmarks.enlarged import COHORT, enlarge, environment_of, import_cohort
from benchmarks.journey import CUTOFF, ROOT

COLUMNS = ("subjects", "step", "s", "s of a processor", "ms a subject", "MiB")


def main(sizes: Sequence[int]) -> None:
    for cells in (COLUMNS, ("---",) * len(COLUMNS)):
        print("|", " | ".join(cells), "|")
    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as name:
        first, folder = Path(name) / "first", Path(name) / "enlarged"
        import_cohort(first)
        for size in sizes:
            copytree(first, folder)
            copies = ceil(size / COHORT) - 1
            enlarge(folder, copies)
            for step in STEPS:
                _print(folder, step, COHORT * (copies + 1))
            rmtree(folder)


def _print(folder: Path, step: str, subjects: int) -> None:
    """One step in a process of its own. Raises CalledProcessError if it fails."""
    started = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.cutting", step]
    process = subprocess.Popen(command, cwd=ROOT, env=environment_of(folder))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    spent, processor = time.monotonic() - started, usage.ru_utime + usage.ru_stime
    told = (f"{spent:.0f}", f"{processor:.0f}", f"{processor / subjects * 1000:.1f}")
    print("|", " | ".join((f"{subjects:,}", step, *told, f"{usage.ru_maxrss / 1024:.0f}")), "|", flush=True)


def _cut() -> None:
    from analytics.locks.seal import make_lock
    from trial.people.access import SystemPerson
    from trial.trail.actor import Source

    make_lock(date.fromisoformat(CUTOFF), "benchmark", by=SystemPerson("lock"), source=Source.COMMAND)


def _export() -> None:
    from patients.entry.exporting import export_registry

    with tempfile.TemporaryDirectory(dir=os.environ["CHIMERA_HOME"]) as folder:
        export_registry(Path(folder))


def _export_cut() -> None:
    from analytics.locks.export import export_lock
    from analytics.locks.models import Lock

    lock = Lock.objects.latest("pk")
    with tempfile.TemporaryDirectory(dir=os.environ["CHIMERA_HOME"]) as folder:
        export_lock(lock, Path(folder))
    Path(lock.snapshot.path).unlink()


def _ask() -> None:
    from patients.entry.locking import Extent, Wish, ask_for_lock
    from trial.people.access import SystemPerson
    from trial.people.demo import demo_accounts
    from trial.people.models import Account
    from trial.people.roles import Role

    deque(demo_accounts(by=SystemPerson("demo")), maxlen=0)
    by = Account.objects.get(user_name=f"demo.{Role.DATA_MANAGER}")
    ask_for_lock(Extent(), date.fromisoformat(CUTOFF), Wish("benchmark", "it is invented"), by=by)


def _approve() -> None:
    from analytics.locks.locking import approve_lock
    from patients.oversight.casebook_locks import LockRequest
    from trial.people.models import Account
    from trial.people.roles import Role

    by = Account.objects.get(user_name=f"demo.{Role.PRINCIPAL_INVESTIGATOR}")
    approve_lock(LockRequest.objects.get(), by=by)


STEPS: dict[str, Callable[[], None]] = {
    "cut": _cut,
    "export": _export,
    "export-cut": _export_cut,
    "ask": _ask,
    "approve": _approve,
}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in STEPS:
        os.environ["DJANGO_SETTINGS_MODULE"] = "trial.settings"
        django.setup()
        STEPS[sys.argv[1]]()
    else:
        main([int(size) for size in sys.argv[1:]] or [1_000])
