"""From a sealed snapshot to its finished estimates, by workers on Redis, beside one reading of its lines.

`python -m benchmarks.locked [SUBJECTS] [WORKERS]`: the invented cohort over and over under other names, in a
registry of its own that is thrown away. Prints seconds until the run is done, of the processors that the
workers took, and the memory of the largest process. Goal (B9): 100,000 subjects in minutes and 2 GiB on two
cores, and growing no faster than the rows.
"""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from analytics.locks.snapshot import Sealed

CUTOFF = "2025-08-05"
_FIRST = b"HZ01-001"
COLUMNS = (
    "subjects", "values", "workers", "s", "s of processors", "ms a subject", "reading, s", "MiB", "state",
)  # fmt: skip


def main(size: int, workers: int) -> None:
    from tests import services
    from tests.analytics.workers import Row, take_in, worker
    from tests.conftest import Registry

    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as folder, ExitStack() as stack:
        registry = Registry(Path(folder), f"sqlite:///{folder}/chimera.sqlite3")
        registry.run("migrate", "--verbosity=0")
        sealed = enlarged(Path(folder) / "snapshots", size)
        (row,) = take_in(registry, sealed)
        read = reading(sealed.path)
        broker = {"CHIMERA_BROKER_URL": stack.enter_context(services.redis())}
        started = time.monotonic()
        running = [stack.enter_context(worker(registry, children=1, **broker)) for _ in range(workers)]
        registry.run("run_pending", env=broker)
        largest = 0.0
        while (state := Row(registry, row.number).state) not in ("done", "failed"):
            largest = max([largest, *(peak(one.process.pid) for one in running)])
            time.sleep(0.5)
        spent = time.monotonic() - started
        processors = sum(seconds(one.process.pid) for one in running)
    figures = (f"{size:,}", f"{sealed.values:,}", workers, f"{spent:.0f}", f"{processors:.0f}")
    costs = (f"{processors / size * 1000:.1f}", f"{read:.1f}", f"{largest:.0f}", state)
    for cells in (COLUMNS, ("---",) * len(COLUMNS), (*figures, *costs)):
        print("|", " | ".join(map(str, cells)), "|")


def enlarged(folder: Path, size: int) -> "Sealed":
    """A snapshot of so many subjects."""
    from analytics.locks.cut import all_records
    from analytics.locks.snapshot import Sealed as Written
    from analytics.locks.snapshot import write_snapshot
    from patients.builder.timelines import read_timelines
    from tests.analytics.casebooks import built, content, without_database
    from tests.analytics.conftest import DEMO

    with without_database():
        books = built(read_timelines(DEMO)).items()
        cohort = [content(all_records(book), date.fromisoformat(CUTOFF), code) for code, book in books]
    small = write_snapshot(folder, date.fromisoformat(CUTOFF), cohort)
    header, *lines = small.path.read_bytes().splitlines(keepends=True)
    blocks = list(_subjects(lines))
    digest, draft = hashlib.sha256(header), folder / "draft"
    with draft.open("wb") as file:
        file.write(header)
        for number in range(size):
            text = blocks[number % len(blocks)].replace(_FIRST, b"HZ01-%06d" % (number + 1))
            digest.update(text)
            file.write(text)
    path = draft.rename(folder / f"{digest.hexdigest()}.jsonl")
    return Written(path.stem, path, size, small.values * size // len(blocks))


def _subjects(lines: list[bytes]) -> Iterator[bytes]:
    """The text of each subject, all under one name."""
    starts = [at for at, line in enumerate(lines) if line.startswith(b"{")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        text = b"".join(lines[start:end])
        code = text.partition(b'"subject":"')[2].partition(b'"')[0]
        yield text.replace(code, _FIRST)


def reading(path: Path) -> float:
    """Seconds of one reading of all lines."""
    started = time.monotonic()
    with path.open("rb") as file:
        for _line in file:
            pass
    return time.monotonic() - started


def peak(group: int) -> float:
    """MiB at most of the largest process of a group."""
    return max((_status(pid, "VmHWM") / 1024 for pid in _members(group)), default=0.0)


def seconds(group: int) -> float:
    """Of the processor, of all processes of a group."""
    ticks = os.sysconf("SC_CLK_TCK")
    times = (
        Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15] for pid in _members(group)
    )
    return sum(sum(map(int, each)) for each in times) / ticks


def _members(group: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(path.name)) == group:
                found.append(int(path.name))
        except ProcessLookupError:
            continue
    return found


def _status(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-tests-"))
    django.setup()
    given = [int(text) for text in islice(sys.argv[1:], 2)]
    main(*given, *(1000, 2)[len(given) :])
