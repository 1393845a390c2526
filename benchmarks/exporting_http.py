"""A table of a million values as CSV over HTTP, beside COPY of PostgreSQL (B6), and a client that is killed.

`python -m tests.services python -m benchmarks.exporting_http [COPIES]`: the laboratory results of the
invented cohort, copied, locked, and asked for with a token of gunicorn as a site runs it. The tables of the
forms are made ahead, as a worker makes them; before that the answer is when to ask again. The first answer
writes the CSV, and keeps it; later ones are sent as they lie. COPY sends the same cells out of a table of
texts.
"""

import csv
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psycopg

from benchmarks.enlarged import enlarge, environment_of, import_cohort
from benchmarks.journey import CUTOFF, ROOT

COPIES = 25
ROUNDS = 7
STARTED_WITHIN_S = 60
CHUNK = 65_536
AHEAD = """
import resource, time
from analytics.exports.jobs.tables.making import make_tables
from analytics.exports.jobs.tables.models import TablesToMake
from analytics.exports.jobs.tables.planning import plan
from analytics.exports.kept_tables import table_sets
from analytics.locks.models import Lock
lock = Lock.objects.get()
for wanted in table_sets(lock):
    if wanted.standard == "forms":
        plan(wanted)
before = time.process_time(), time.monotonic()
make_tables(TablesToMake.objects.get().pk)
spent, passed = time.process_time() - before[0], time.monotonic() - before[1]
most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
each = spent / lock.snapshot.subjects * 1000
print(f"the forms of {lock.snapshot.subjects} subjects in {passed:.0f} s", end=", ")
print(f"{spent:.0f} s of a processor ({each:.0f} ms a subject), {most:.0f} MiB at most", end="")
"""
"""What a worker does for the tables of the forms."""


def main(copies: int) -> None:
    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as name:
        folder = Path(name)
        import_cohort(folder)
        enlarge(folder, copies)
        manage = [sys.executable, "manage.py"]
        lock = _said(folder, *manage, "lock", f"--cutoff={CUTOFF}", "--reason=benchmark").split()[-1]
        key = _said(folder, *manage, "issue_token", "bench", "--site=HZ01", "--permission=export")
        headers = {"Authorization": f"Token {key}"}
        with served(folder) as (place, process):
            path = f"/api/v1/locks/{lock}/tables/LAB/csv"

            def fetched() -> int:
                return fetch(place, path, headers)

            waiting = timed(lambda: _is_told_to_wait(place, path, headers))
            ahead = _said(folder, *manage, "shell", "--verbosity=0", "-c", AHEAD)
            content = folder / "LAB.csv"
            fetch(place, path, headers, content)
            before, files = peak_mib(process), open_files(process)
            values, copied = copied_out(content)
            spent: dict[str, list[float]] = {"written and sent": [], "sent again": [], "COPY": []}
            for _round in range(ROUNDS):
                _forget_files(folder)
                for side, act in zip(spent, (fetched, fetched, copied), strict=True):
                    spent[side].append(timed(act))
            after = peak_mib(process)
            killed(place, path, headers)
            left = open_files(process) - files
    medians = {side: statistics.median(times) for side, times in spent.items()}
    for cells in (
        ("LAB as CSV over HTTP", "values", "s", "times COPY"),
        ("---",) * 4,
        *(
            (side, f"{values:,}", f"{median:.3f}", f"{median / medians['COPY']:.1f}")
            for side, median in medians.items()
        ),
    ):
        print("|", " | ".join(cells), "|")
    print(f"\nMade ahead: {ahead}. Told to wait before that: {waiting * 1000:.0f} ms.")
    print(f"Memory of the web process: {before:.0f} MiB at most after the first, {after:.0f} after {ROUNDS}.")
    print(f"Files that it has open after a client that was killed in the middle, more than before: {left}.")


def _forget_files(folder: Path) -> None:
    """The tables stay; the files that were written of them go."""
    for kept in folder.glob("home/snapshots/tables-*/for-*"):
        shutil.rmtree(kept)


def _is_told_to_wait(place: str, path: str, headers: dict[str, str]) -> None:
    connection = HTTPConnection(place, timeout=600)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    if answer.status != 503 or not answer.getheader("Retry-After"):
        raise OSError(f"{path}: {answer.status}")
    connection.close()


def _said(folder: Path, *command: str) -> str:
    env = environment_of(folder)
    return subprocess.run(
        command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.strip()


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, int]]:
    """Host and port, and the number of the one process that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "trial.wsgi", "--config=deploy/gunicorn.conf.py"]
    env = environment_of(folder)
    with subprocess.Popen(
        [*command, f"--bind={place}", "--workers=1"], cwd=ROOT, env=env, stderr=2
    ) as process:
        try:
            until = time.monotonic() + STARTED_WITHIN_S
            while not _answers(place) and time.monotonic() < until:
                time.sleep(0.2)
            yield place, _child_of(process.pid)
        finally:
            process.terminate()


def _answers(place: str) -> bool:
    try:
        return fetch(place, "/health/live/", {}) >= 0
    except OSError:
        return False


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()[0])


def fetch(place: str, path: str, headers: dict[str, str], into: Path | None = None) -> int:
    """The bytes of an answer. Raises OSError for one that is none."""
    connection = HTTPConnection(place, timeout=600)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise OSError(f"{path}: {answer.status}")
    size = 0
    with (into or Path(os.devnull)).open("wb") as file:
        while some := answer.read(CHUNK):
            size += file.write(some)
    connection.close()
    return size


def killed(place: str, path: str, headers: dict[str, str]) -> None:
    """Begin to read, and go without a word."""
    host, _, port = place.partition(":")
    with socket.create_connection((host, int(port))) as line:
        lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {place}\r\n{lines}\r\n".encode())
        line.recv(CHUNK)
    time.sleep(2)


def open_files(process: int) -> int:
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


def peak_mib(process: int) -> float:
    told = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", told)
    return int(found[1]) / 1024 if found else 0.0


def copied_out(content: Path) -> tuple[int, Callable[[], int]]:
    """How many cells the file has, and COPY of the same out of a table."""
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    with content.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    names = ", ".join(f"c{number} text" for number in range(len(rows[0])))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE sent ({names})")
        with cursor.copy("COPY sent FROM STDIN") as copy:
            for row in rows[1:]:
                copy.write_row(row)

    def copy_out() -> int:
        with connection.cursor() as cursor, cursor.copy("COPY sent TO STDOUT (FORMAT csv)") as out:
            return sum(len(bytes(chunk)) for chunk in out)

    return (len(rows) - 1) * len(rows[0]), copy_out


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COPIES)
