"""The whole way of a large cohort: timelines, casebook, registry, lock and figures, in seconds and memory.

`python -m benchmarks.journey [SUBJECTS]` in an empty registry of its own. Goal: 500 subjects in 15 minutes
and 1 GiB on two cores.
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "patients" / "builder" / "demo" / "timelines.csv"
CUTOFF = "2025-08-05"


@dataclass(frozen=True, slots=True)
class Step:
    """One command: how long it took, and the memory of its largest process in MiB."""

    name: str
    seconds: float
    mebibytes: float


def cohort(size: int) -> Iterator[dict[str, str]]:
    """The invented cohort again and again, each time a day earlier."""
    with DEMO.open(encoding="utf-8", newline="") as file:
        patients = list(csv.DictReader(file))
    for number in range(size):
        earlier = timedelta(number // len(patients))
        facts = {name: _shifted(cell, earlier) for name, cell in patients[number % len(patients)].items()}
        yield facts | {"patient_id": f"SYN-{number + 1:05d}"}


def _shifted(cell: str, by: timedelta) -> str:
    try:
        return str(date.fromisoformat(cell) - by)
    except ValueError:
        return cell


def journey(folder: Path, size: int) -> Iterator[Step]:
    timelines = folder / "timelines.csv"
    with timelines.open("w", encoding="utf-8", newline="") as file:
        rows = list(cohort(size))
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    environment["CHIMERA_HOME"] = str(folder / "home")
    yield _timed(environment, "build_casebook", str(timelines), str(folder / "casebook"))
    yield _timed(environment, "import_casebook", str(folder / "casebook"))
    yield _timed(environment, "lock", "--cutoff", CUTOFF, "--reason", "benchmark", "--wait")


def _timed(environment: Mapping[str, str], *command: str) -> Step:
    """Run a command of the registry to its end. Raises CalledProcessError if it fails."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "manage.py", *command], cwd=ROOT, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Step(command[0], time.monotonic() - started, usage.ru_maxrss / 1024)


def main(arguments: Sequence[str]) -> None:
    size = int(arguments[0]) if arguments else 500
    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as folder:
        steps = list(journey(Path(folder), size))
    print(f"\n{size} subjects\n{'step':18}{'seconds':>10}{'MiB':>8}")
    for step in steps:
        print(f"{step.name:18}{step.seconds:10.1f}{step.mebibytes:8.0f}")
    largest = max(step.mebibytes for step in steps)
    print(f"{'together':18}{sum(step.seconds for step in steps):10.1f}{largest:8.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
