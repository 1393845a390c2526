"""The memory of the making of a data cut, for a registry of any size.

`python -m benchmarks.cutting [SUBJECTS ...]`: the invented cohort is imported once into a registry of its
own. Each cut reads its casebooks from the database again and again, each time under another name, and seals
them in a process of its own; the registry and what is sealed (300 kB a subject) are thrown away. Terms have
no codes in it. Goal (B9): 100,000 subjects within 2 GiB.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from copy import copy
from datetime import date
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

import django

from benchmarks.journey import CUTOFF, DEMO, ROOT

if TYPE_CHECKING:
    from patients.casebook.page import Subject

COLUMNS = ("subjects", "s", "MiB", "kB a subject")


def main(sizes: Sequence[int]) -> None:
    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as folder:
        environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
        environment["CHIMERA_HOME"] = f"{folder}/home"
        for command in (
            ("manage.py", "build_casebook", str(DEMO), f"{folder}/casebook"),
            ("manage.py", "import_casebook", f"{folder}/casebook"),
        ):
            subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True, stdout=2)
        for cells in (COLUMNS, ("---",) * len(COLUMNS)):
            print("|", " | ".join(cells), "|")
        least = 0.0
        for size in sizes:
            seconds, peak = _apart(environment, size)
            growth = f"{(peak - least) * 1024 / (size - sizes[0]):.1f}" if least else ""
            least = least or peak
            print("|", " | ".join((f"{size:,}", f"{seconds:.0f}", f"{peak:.0f}", growth)), "|", flush=True)


def _apart(environment: dict[str, str], size: int) -> tuple[float, float]:
    """Seconds and MiB at most of a process that makes one cut. Raises CalledProcessError if it fails."""
    started = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.cutting", "cut", str(size)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.monotonic() - started, usage.ru_maxrss / 1024


def cut(size: int) -> None:
    """Cut a study of so many, and remove its snapshot."""
    from analytics.locks.seal import make_lock
    from patients.casebook.page import SubjectQuerySet
    from trial.people.access import SystemPerson
    from trial.trail.actor import Source

    in_turn = SubjectQuerySet.in_turn

    def again_and_again(everybody: SubjectQuerySet) -> "Iterator[Subject]":
        for number, subject in enumerate(islice(cycle(in_turn(everybody)), size), 1):
            another = copy(subject)
            another.code = f"HZ01-{number:06d}"
            yield another

    setattr(SubjectQuerySet, "in_turn", again_and_again)  # noqa: B010
    lock = make_lock(date.fromisoformat(CUTOFF), "benchmark", by=SystemPerson("lock"), source=Source.COMMAND)
    if lock.snapshot.subjects != size:
        raise RuntimeError(f"{lock.snapshot.subjects} of {size} subjects were cut")
    Path(lock.snapshot.path).unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == ["cut"]:
        os.environ["DJANGO_SETTINGS_MODULE"] = "trial.settings"
        django.setup()
        cut(int(sys.argv[2]))
    else:
        main([int(size) for size in sys.argv[1:]] or [1_000, 5_000])
