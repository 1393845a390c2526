"""One experiment is run: how often it was tried, what came out badly, and whether it left something."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.table import POSTGRESQL, Experiment

ROOT = Path(__file__).resolve().parents[2]
_PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 5.0


@dataclass(frozen=True)
class Outcome:
    """What came of an experiment: `n` trials, how many were bad, and how long it took."""

    id: str
    n: int
    violations: int
    seconds: float

    def __add__(self, other: "Outcome") -> "Outcome":
        n, violations = self.n + other.n, self.violations + other.violations
        return Outcome(self.id, n, violations, self.seconds + other.seconds)

    def as_data(self) -> dict[str, object]:
        return asdict(self) | {"seconds": round(self.seconds, 1)}


def adopt_orphans() -> None:
    """Whatever a test starts and forgets becomes a child of this process, and is found (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def run(experiment: Experiment, *, short: bool) -> Outcome:
    """On each of its engines. Nothing tried is bad, too, and so is a process that is still there."""
    came = Outcome(experiment.id, 0, 0, 0.0)
    for engine in experiment.engines:
        left = 0
        with _own_folder() as folder:
            try:
                came += _on(engine, experiment, folder, short=short)
            finally:
                left = end_orphans()
        came += Outcome(experiment.id, 0, left, 0.0)
    return came


def _on(engine: str, experiment: Experiment, folder: Path, *, short: bool) -> Outcome:
    report, began = folder / "report.xml", time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *experiment.targets]
    command += ["-k", experiment.only] if experiment.only else []
    command += [f"--junitxml={report}", f"--basetemp={folder / 'tests'}"]
    if engine == POSTGRESQL:
        command = [sys.executable, "-m", "tests.services", *command]
    often = {} if short else {name: str(number) for name, number in experiment.often.items()}
    here = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    done = subprocess.run(command, cwd=ROOT, env={**here, **often, "TMPDIR": str(folder)}, check=False)
    n, bad = read_report(report) if report.is_file() else (0, 0)
    if not n or (done.returncode and not bad):
        bad += 1
    return Outcome(experiment.id, n, bad, time.monotonic() - began)


def read_report(path: Path) -> tuple[int, int]:
    """Trials and bad outcomes of a report of pytest: a test that failed has at least one."""
    n = bad = 0
    for case in ElementTree.parse(path).iter("testcase"):
        told = {one.get("name"): int(one.get("value") or 0) for one in _counts(case)}
        failed = case.find("failure") is not None or case.find("error") is not None
        n += told.get("trials", 1)
        bad += max(told.get("violations", 0), int(failed))
    return n, bad


def _counts(case: ElementTree.Element) -> list[ElementTree.Element]:
    names = ("trials", "violations")
    return [one for one in case.iter("property") if one.get("name") in names]


def end_orphans() -> int:
    """How many processes an experiment has left behind; each is ended, by its own number."""
    deadline = time.monotonic() + PATIENCE_S
    while (left := _children()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    return len(left)


def _children() -> list[int]:
    """Those that still run; who has ended is let go."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    try:
        return [int(pid) for pid in Path("/proc/thread-self/children").read_text().split()]
    except OSError:
        return []


@contextmanager
def _own_folder() -> Iterator[Path]:
    """All that an experiment puts anywhere lies in it; other accounts may pass through to their servers."""
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir="/tmp"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
