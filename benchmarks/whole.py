"""The memory of each step of a run that holds all subjects at once, for a cohort of any size.

`python -m benchmarks.whole [SUBJECTS ...]`: the datasets of the invented cohort, its subjects again and again
in an order drawn by lot under other names, are written as the parts of a run write them, 100 subjects each;
each step then reads them in a process of its own. A snapshot of so many (3 GB for 10,000) is not made.
Goal (B9): 100,000 subjects within 2 GiB.
"""

import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import django

if TYPE_CHECKING:
    import polars as pl

CUTOFF = date(2025, 8, 5)
AT_ONCE = 100
COLUMNS = ("subjects", "step", "s", "MiB", "kB a subject", "MB kept")
T = TypeVar("T")
_Places = list[tuple[int, str]]  # number of a part and the hash of its file


def main(sizes: Sequence[int]) -> None:
    for cells in (COLUMNS, ("---",) * len(COLUMNS)):
        print("|", " | ".join(cells), "|")
    smallest: dict[str, tuple[int, float]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="chimera-bench-") as folder:
            (places,) = _apart(_write, folder, size)
            for step in ("figures", "exhibits", "bootstrap"):
                spent, peak, written = _apart(_compute, folder, step, places)
                first, least = smallest.setdefault(step, (size, peak))
                growth = f"{(peak - least) * 1024 / (size - first):.1f}" if size > first else ""
                told = (f"{size:,}", step, f"{spent:.1f}", f"{peak:.0f}", growth, f"{written / 1e6:.2f}")
                print("|", " | ".join(told), "|", flush=True)


def _apart(do: Callable[..., T], *given: object) -> T:
    """What a function comes to in a fresh process, whose memory is its own."""
    with get_context("spawn").Pool(1, _begin) as pool:
        return pool.apply(do, given)


def _begin() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ.setdefault("CHIMERA_HOME", tempfile.mkdtemp(prefix="chimera-tests-"))
    django.setup()


def _write(folder: str, size: int) -> tuple[_Places]:
    """The files of the parts."""
    from django.test import override_settings

    from analytics.runs.files import write_tables
    from analytics.runs.models import RunPart, Step

    made: _Places = []
    with override_settings(SNAPSHOT_DIR=Path(folder)):
        for number, tables in enumerate(_slices(size), 1):
            part = RunPart(pk=number, step=Step.DATASETS)
            made.append((number, write_tables(part, tables)))
    return (made,)


def _slices(size: int) -> Iterator[list["pl.DataFrame"]]:
    """The tables of so many subjects at a time."""
    import polars as pl

    from analytics.datasets.build import build_datasets, tables_of
    from analytics.endpoints.needed import needed
    from analytics.locks.cut import all_records
    from analytics.locks.snapshot import CutSubject, casebook_of
    from patients.builder.timelines import read_timelines
    from tests.analytics.casebooks import built, content, without_database
    from tests.analytics.conftest import DEMO

    with without_database():
        books = built(read_timelines(DEMO)).items()
        cohort = [content(all_records(book), CUTOFF, code) for code, book in books]
        subjects = (CutSubject(facts, casebook_of(facts, values)) for facts, values in cohort)
        small = tables_of(needed(build_datasets(CUTOFF, subjects, with_trace=False)))
    drawn = random.Random(size).choices([facts.subject for facts, _values in cohort], k=size)  # noqa: S311
    for first in range(0, size, AT_ONCE):
        some = drawn[first : first + AT_ONCE]
        names = [f"HZ01-{first + place:06d}" for place in range(1, len(some) + 1)]
        new = pl.DataFrame({"SUBJID": some, "named": names})
        yield [
            new.join(table, on="SUBJID", maintain_order="left_right")
            .with_columns(SUBJID=pl.col("named"))
            .select(table.columns)
            for table in small
        ]


def _compute(folder: str, step: str, places: _Places) -> tuple[float, float, int]:
    """Seconds, MiB at most, and bytes of what a step keeps."""
    from django.test import override_settings

    from analytics.datasets.build import joined
    from analytics.endpoints.needed import by_place
    from analytics.runs.files import read_tables
    from analytics.runs.models import RunPart, Step
    from analytics.runs.steps import OF_THE_WHOLE
    from tests.analytics.casebooks import without_database

    started = time.monotonic()
    with override_settings(SNAPSHOT_DIR=Path(folder)), without_database():
        tables = (read_tables(RunPart(pk=number, hash=hash)) for number, hash in places)
        whole = by_place(joined(CUTOFF, tables))
        content = json.dumps(OF_THE_WHOLE[Step(step)](whole), ensure_ascii=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return time.monotonic() - started, peak, len(content.encode())


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [1_000, 10_000])
