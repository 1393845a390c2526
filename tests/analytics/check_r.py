"""R answers here and now what the estimators answer (`make check-external`; R with survival and cmprsk).

`make test` compares them with answers of R that are stored; here the cohorts are new ones, with ties, late
entries and up to four groups, and the invented cohort of the trial at three cut-offs.
"""

import csv
import io
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from analytics.datasets.build import build_datasets
from analytics.datasets.time_to_event import EVENT
from analytics.endpoints.sets import DAYS_PER_MONTH
from analytics.survival import ConfType, cumulative_incidence, gray_test, kaplan_meier, logrank
from patients.builder.timeline import Timeline
from tests.analytics.casebooks import built, by_id, cut_at
from tests.analytics.cohorts import Cohort, random_cohort

ASK = Path(__file__).parent / "survival" / "answers.R"
CUTOFFS = [date(2024, 12, 31), date(2025, 2, 1), date(2025, 8, 5)]
SAMPLES = {
    f"{size} subjects, seed {seed}{', ties' if ties else ''}": (seed, size, ties)
    for seed, size in ((11, 12), (12, 40), (13, 150), (14, 600), (15, 5000))
    for ties in (False, True)
}
LIMITS: tuple[ConfType, ...] = ("log", "log-log", "plain")
Answers = Mapping[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64]]]


def ask(cohorts: Mapping[str, tuple[Cohort, list[str]]]) -> Mapping[str, Answers]:
    """What R answers: by cohort, then by what was asked and its cause or limit, times and values."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["cohort", "time", "entry", "status", "group"])
    for number, (cohort, groups) in enumerate(cohorts.values()):
        own = zip(cohort.time, cohort.entry, cohort.cause, groups, strict=True)
        rows.writerows(
            (number, repr(float(at)), repr(float(of)), cause, group) for at, of, cause, group in own
        )
    told = subprocess.run(
        ["Rscript", "--vanilla", str(ASK)], input=text.getvalue(), capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    found: dict[str, dict[tuple[str, str], list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    names = list(cohorts)
    for number, what, which, at, value in csv.reader(told.stdout.splitlines()):
        found[names[int(number)]][what, which].append((float(at), float("nan" if value == "NA" else value)))
    return {
        name: {asked: (np.array(pairs)[:, 0], np.array(pairs)[:, 1]) for asked, pairs in own.items()}
        for name, own in found.items()
    }


@pytest.fixture(scope="module")
def made() -> dict[str, tuple[Cohort, list[str]]]:
    found = {}
    for name, (seed, size, ties) in SAMPLES.items():
        letters = "ABCD"[: 2 + seed % 3]
        groups = np.random.default_rng(seed).choice(list(letters), size).tolist()
        found[name] = (random_cohort(seed, size, ties=ties), groups)
    return found


@pytest.fixture(scope="module")
def answers(made: dict[str, tuple[Cohort, list[str]]]) -> Mapping[str, Answers]:
    return ask(made)


def assert_close(ours: NDArray[Any], r: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(ours, r, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", SAMPLES)
def test_survival(
    name: str, made: dict[str, tuple[Cohort, list[str]]], answers: Mapping[str, Answers]
) -> None:
    cohort, r = made[name][0], answers[name]
    for limit in LIMITS:
        curve = kaplan_meier(cohort.time, cohort.event, conf_type=limit)
        at = curve.at(r["survival", ""][0])
        assert_close(at.survival, r["survival", ""][1])
        alive = at.survival > 0
        assert_close(at.std_error[alive], r["error", ""][1][alive])
        fallen = alive & (at.survival < 1)  # before that R's log-log limits are NA
        assert_close(at.lower[fallen], r["lower", limit][1][fallen])
        assert_close(at.upper[fallen], r["upper", limit][1][fallen])
        median = curve.quantile(0.5)
        ours = [np.nan if one is None else one for one in (median.value, median.lower, median.upper)]
        assert_close(np.array(ours), r["median", limit][1])
    late = kaplan_meier(cohort.time, cohort.event, entry=cohort.entry)
    assert_close(late.at(r["late survival", ""][0]).survival, r["late survival", ""][1])


@pytest.mark.parametrize("name", SAMPLES)
def test_incidence(
    name: str, made: dict[str, tuple[Cohort, list[str]]], answers: Mapping[str, Answers]
) -> None:
    cohort, r = made[name][0], answers[name]
    for cause, curve in cumulative_incidence(cohort.time, cohort.cause).items():
        times, values = r["incidence", str(cause)]
        at = curve.at(times)
        assert_close(at.incidence, values)
        assert_close(at.std_error, r["incidence error", str(cause)][1])


@pytest.mark.parametrize("name", SAMPLES)
def test_groups(name: str, made: dict[str, tuple[Cohort, list[str]]], answers: Mapping[str, Answers]) -> None:
    (cohort, groups), r = made[name], answers[name]
    ours = logrank(cohort.time, cohort.event, groups)
    (df,), (statistic,) = r["logrank", ""]
    assert (ours.df, ours.statistic) == (df, pytest.approx(statistic, rel=1e-9))
    for cause, result in gray_test(cohort.time, cohort.cause, groups).items():
        (df,), (statistic,) = r["gray", str(cause)]
        assert (result.df, result.statistic) == (df, pytest.approx(statistic, rel=1e-9))


# --- the invented cohort ----------------------------------------------------------------------------------
@pytest.mark.usefixtures("new_registry")
@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_the_figures_of_the_trial(demo_timelines: list[Timeline], cutoff: date) -> None:
    """Survival at 12 months with its limits and median, and acute GVHD at 3 months after transplantation."""
    data = build_datasets(cutoff, cut_at(built(demo_timelines), cutoff))
    figures, asked = by_id(data), {}
    for code in ("OS", "PFS", "AGV14"):
        rows = data.adtte.filter(pl.col("PARAMCD") == code).sort("SUBJID")
        cause = rows["STATUS"].to_numpy().astype(np.int64)
        days = rows["AVAL"].to_numpy().astype(float)
        asked[code] = (
            Cohort(days, cause if code == "AGV14" else (cause == EVENT) * 1, days * 0),
            [""] * days.size,
        )
    r = ask(asked)
    year, quarter = 12 * DAYS_PER_MONTH, 3 * DAYS_PER_MONTH
    for code in ("OS", "PFS"):
        for part, what in (("", ("survival", "")), ("_lo", ("lower", "log")), ("_hi", ("upper", "log"))):
            ours = figures[f"{code.lower()}_12m{part}"].value
            if ours is not None:
                assert ours == pytest.approx(100 * _step(r[code][what], year, 1.0), rel=1e-9)
        median, ours = r[code]["median", "log"][1][0], figures[f"{code.lower()}_median"].value
        assert np.isnan(median) if ours is None else ours == pytest.approx(median / DAYS_PER_MONTH)
    longest = data.adtte.filter(pl.col("PARAMCD") == "AGV14")["AVAL"].max()
    if (ours := figures["agvhd_cif_3m"].value) is None:  # R would extend the curve
        assert longest < quarter  # type: ignore[operator]
        return
    assert ours == pytest.approx(100 * _step(r["AGV14"]["incidence", "1"], quarter, 0.0), rel=1e-9)


def _step(curve: tuple[NDArray[np.float64], NDArray[np.float64]], at: float, before: float) -> float:
    times, values = curve
    known = values[times <= at]
    return float(known[-1]) if known.size else before
