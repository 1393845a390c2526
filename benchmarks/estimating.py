"""Estimators beside those of others (B10, B11), and how long Chimera takes to start (B12).

`python -m benchmarks.estimating`: Kaplan-Meier with its variance, cumulative incidence of two causes, and a
bootstrap of S(12 months) with 1,000 replicates, on simulated times; each side in a process of its own that
prints the median of its rounds. R and lifelines where they are (`scripts/bring r`, `make .venv-readers`).
lifelines has no bootstrap: a loop over its fitter is timed for 20 replicates, and told for 1,000.
Goals: faster than R and lifelines at every size; the bootstrap 1,000 times a loop over lifelines for 19
subjects, 50 times for 100,000; `django.setup()` below 2 s, an empty registry below 20 s.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 100_000, 1_000_000)
RESAMPLED = (19, 100_000)
ROUNDS, REPLICATES, LOOPED = 15, 1_000, 20
SEED = 20250805
OTHERS = ROOT / ".venv-readers" / "bin" / "python"
IN_R = """
library(survival)
d <- read.csv(commandArgs(TRUE)[1]); n <- as.integer(commandArgs(TRUE)[2])
took <- function(f) median(replicate(n, system.time(f())[["elapsed"]]))
cat(took(function() survfit(Surv(time, event) ~ 1, d)), "")
cat(took(function() survfit(Surv(time, factor(cause, 0:2)) ~ 1, d)), "\\n")
"""
IN_LIFELINES = """
import sys, time, statistics, warnings
import pandas as pd, numpy as np
from lifelines import KaplanMeierFitter, AalenJohansenFitter
warnings.simplefilter("ignore")
d, n, what = pd.read_csv(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def took(f, rounds):
    def once():
        t = time.perf_counter(); f(); return time.perf_counter() - t
    return statistics.median(once() for _ in range(rounds))
def resampled():
    rows = np.random.default_rng(1).integers(0, len(d), len(d))
    KaplanMeierFitter().fit(d.time.values[rows], d.event.values[rows]).survival_function_at_times(12)
if what == "estimates":
    fit = AalenJohansenFitter(calculate_variance=True, jitter_level=1e-9)
    print(took(lambda: KaplanMeierFitter().fit(d.time, d.event), n),
          took(lambda: fit.fit(d.time, d.cause, event_of_interest=1), 1) if len(d) <= 1000 else float("nan"))
else:
    print(took(resampled, n))
"""


def subjects(size: int, folder: Path) -> Path:
    """Times to the day over three years, some censored, two causes."""
    draw = np.random.default_rng(SEED)
    months = np.ceil(draw.exponential(14, size) * 30.4375) / 30.4375
    end = np.ceil(draw.uniform(3, 36, size) * 30.4375) / 30.4375
    event = months <= end
    cause = np.where(event, draw.integers(1, 3, size), 0)
    path = folder / f"{size}.csv"
    rows = np.column_stack((np.minimum(months, end), event, cause))
    np.savetxt(path, rows, fmt=("%.6f", "%d", "%d"), delimiter=",", header="time,event,cause", comments="")
    return path


def took(act: Callable[[], object], rounds: int) -> float:
    """The median of its seconds."""

    def once() -> float:
        started = time.perf_counter()
        act()
        return time.perf_counter() - started

    return statistics.median(once() for _ in range(rounds))


def estimates(path: Path, rounds: int) -> Iterator[tuple[str, float, float]]:
    """Seconds of Kaplan-Meier and of two incidence curves, ours first."""
    from analytics.survival import cumulative_incidence, kaplan_meier

    times, event, cause = np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)
    died, why = event.astype(int), cause.astype(int)
    ours = (lambda: kaplan_meier(times, died), lambda: cumulative_incidence(times, why))
    yield "ours", took(ours[0], rounds), took(ours[1], rounds)
    if rscript := shutil.which("Rscript"):
        survival, incidence = _said([rscript, "-e", IN_R, str(path), str(rounds)])
        yield "R survfit", survival, incidence
    if OTHERS.exists():
        survival, incidence = _said([str(OTHERS), "-c", IN_LIFELINES, str(path), str(rounds), "estimates"])
        yield "lifelines", survival, incidence


def resampling(path: Path) -> Iterator[tuple[str, float]]:
    from analytics.bootstrap import bootstrap_survival

    times, event, _cause = np.loadtxt(path, delimiter=",", skiprows=1, unpack=True)
    died = event.astype(int)
    yield "ours", took(lambda: bootstrap_survival(times, died, 12, seed=1, replicates=REPLICATES), ROUNDS)
    if OTHERS.exists():
        [each] = _said([str(OTHERS), "-c", IN_LIFELINES, str(path), str(LOOPED), "bootstrap"])
        yield "a loop over lifelines", each * REPLICATES


def starting() -> Iterator[tuple[str, float]]:
    """Seconds of `django.setup()` and of the first command in an empty home, in processes of their own."""
    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as home:
        env = {**os.environ, "CHIMERA_HOME": home, "DJANGO_SETTINGS_MODULE": "trial.settings"}
        env.pop("DATABASE_URL", None)
        setup = [sys.executable, "-c", "import django; django.setup()"]
        yield "django.setup()", took(lambda: subprocess.run(setup, cwd=ROOT, env=env, check=True), 5)
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        yield "an empty registry", took(lambda: subprocess.run(migrate, cwd=ROOT, env=env, check=True), 1)
        yield "tables", float(_tables(Path(home) / "chimera.sqlite3"))


def _tables(path: Path) -> int:
    import sqlite3

    with sqlite3.connect(path) as database:
        asked = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return int(database.execute(asked).fetchone()[0])


def _said(command: list[str]) -> list[float]:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def _lines(rows: Iterator[tuple[object, ...]], *heads: str) -> None:
    for cells in (heads, ("---",) * len(heads), *rows):
        shown = (f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells)
        print("|", " | ".join(shown), "|", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="chimera-bench-") as folder:
        made = {size: subjects(size, Path(folder)) for size in {*SIZES, *RESAMPLED}}
        rows = (
            (f"{size:,}", *row)
            for size in SIZES
            for row in estimates(made[size], ROUNDS if size < SIZES[-1] else 3)
        )
        _lines(rows, "subjects", "by", "Kaplan-Meier, s", "Aalen-Johansen, s")
        _lines(
            ((f"{size:,}", *row) for size in RESAMPLED for row in resampling(made[size])),
            "subjects", "1,000 replicates by", "s",
        )  # fmt: skip
    _lines(starting(), "start", "s")


if __name__ == "__main__":
    main()
