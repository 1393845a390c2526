"""The estimators against R's stored answers (R 4.2.2, survival 3.5-3, etm, cmprsk), number by number.

`survival/data` holds what went in, `survival/json` and `survival/binomial.json` what R answered; null is R's
NA. Ours are Kaplan-Meier, its quantiles and its reverse, Aalen-Johansen with Aalen's variance, the log-rank
test and binomial intervals; what the files hold of Cox, Peto-Peto and the variance of cmprsk is not ours.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analytics.survival import (
    ConfType,
    IncidenceCurve,
    SurvivalCurve,
    binomial_interval,
    cumulative_incidence,
    kaplan_meier,
    logrank,
    reverse_kaplan_meier,
)

HERE = Path(__file__).parent / "survival"
NAMES = sorted(path.stem for path in (HERE / "json").glob("*.json"))
CONF_TYPES: tuple[ConfType, ...] = ("log", "log-log", "plain")
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Given:
    time: NDArray[np.float64]
    status: NDArray[np.int64]
    entry: NDArray[np.float64] | None
    group: NDArray[np.str_] | None

    def of_group(self, label: str) -> "Given":
        """The subjects of one group; `all` is everybody."""
        if label == "all":
            return self
        assert self.group is not None
        own = self.group == label
        return Given(self.time[own], self.status[own], None, self.group[own])

    def curve(self, conf_type: ConfType) -> SurvivalCurve:
        return kaplan_meier(self.time, self.status > 0, entry=self.entry, conf_type=conf_type)


@cache
def given(name: str) -> Given:
    with (HERE / "data" / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    column = {key: [row[key] for row in rows] for key in rows[0]}
    return Given(
        time=np.array(column["time"], dtype=float),
        status=np.array(column["status"], dtype=int),
        entry=np.array(column["entry"], dtype=float) if "entry" in column else None,
        group=np.array(column["group"]) if "group" in column else None,
    )


@cache
def answer(name: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads((HERE / "json" / f"{name}.json").read_text())
    return read


def numbers(answers: Sequence[float | None]) -> NDArray[np.float64]:
    """R's answers, NA as NaN."""
    return np.array(answers, dtype=float)


def assert_same(ours: NDArray[Any], r: Sequence[float | None]) -> None:
    """Equal within the tolerance, and undefined in the same places."""
    np.testing.assert_allclose(ours, numbers(r), rtol=0, atol=TOLERANCE, equal_nan=True)


CURVES = [(name, label) for name in NAMES for label in answer(name)["km_any_event"]]
INCIDENCES = [
    (name, int(cause))
    for name in NAMES
    if "cif" in answer(name)
    for cause in answer(name)["cif"]["all"]["cause"]
]
BINOMIALS = json.loads((HERE / "binomial.json").read_text())


def test_every_stored_answer_takes_part() -> None:
    assert len(NAMES) == 10
    assert len(CURVES) == 12
    assert len(INCIDENCES) == 4
    assert len(BINOMIALS) == 49
    assert sum("logrank" in answer(name) for name in NAMES) == 1
    assert sum("entry" in (HERE / "data" / f"{name}.csv").read_text() for name in NAMES) == 1


# ---- Kaplan-Meier ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "label"), CURVES)
def test_the_curve_at_chosen_times_is_that_of_r(name: str, label: str) -> None:
    r = answer(name)["km_any_event"][label]
    at = given(name).of_group(label).curve("log").at(r["times"])
    assert_same(at.n_risk, r["n_risk"])
    assert_same(at.survival, r["surv"])
    assert_same(at.std_error, r["se_surv"])


@pytest.mark.parametrize("conf_type", CONF_TYPES)
@pytest.mark.parametrize(("name", "label"), CURVES)
def test_the_limits_are_those_of_r(name: str, label: str, conf_type: ConfType) -> None:
    r = answer(name)["km_any_event"][label]
    at = given(name).of_group(label).curve(conf_type).at(r["times"])
    for ours, theirs in ((at.lower, r["ci"][conf_type]["lower"]), (at.upper, r["ci"][conf_type]["upper"])):
        expected = numbers(theirs)
        if conf_type == "log-log":
            # The one deliberate difference: while S is still 1 after a censoring, log(-log S) does not exist
            # and R gives NA. Nobody has had the event yet, so we give 1, as both other scales do.
            expected[(numbers(r["surv"]) == 1) & np.isnan(expected)] = 1
        np.testing.assert_allclose(ours, expected, rtol=0, atol=TOLERANCE, equal_nan=True)


def test_the_deliberate_difference_to_r_is_met_in_the_stored_answers() -> None:
    """R's NA at S = 1 is there (after the first censoring), and ours is 1 and 1."""
    r = answer("x04_all_censored")["km_any_event"]["all"]
    assert r["surv"][1] == 1
    assert r["ci"]["log-log"]["lower"][1] is None
    at = given("x04_all_censored").curve("log-log").at(r["times"])
    np.testing.assert_array_equal(at.lower, 1)
    np.testing.assert_array_equal(at.upper, 1)


@pytest.mark.parametrize("conf_type", CONF_TYPES)
@pytest.mark.parametrize(("name", "label"), CURVES)
def test_quantiles_and_their_limits_are_those_of_r(name: str, label: str, conf_type: ConfType) -> None:
    r = answer(name)["km_any_event"][label]["quantiles"][conf_type]
    curve = given(name).of_group(label).curve(conf_type)
    for p, value, lower, upper in zip(r["p"], r["q"], r["lower"], r["upper"], strict=True):
        ours = curve.quantile(p)
        assert_same(np.array([ours.value, ours.lower, ours.upper], dtype=float), [value, lower, upper])


@pytest.mark.parametrize("name", [name for name in NAMES if "steps" in answer(name)["km_any_event"]["all"]])
def test_every_step_of_the_curve_is_that_of_r(name: str) -> None:
    steps = answer(name)["km_any_event"]["all"]["steps"]
    curve = given(name).curve("log")
    assert_same(curve.time, steps["time"])
    assert_same(curve.n_risk, steps["n_risk"])
    assert_same(curve.n_event, steps["n_event"])
    assert_same(curve.n_censor, steps["n_censor"])
    assert_same(curve.survival, steps["surv"])
    assert_same(curve.std_error, steps["se_surv"])
    assert_same(curve.lower, steps["lower_log"])
    assert_same(curve.upper, steps["upper_log"])


@pytest.mark.parametrize(
    ("name", "label"),
    [pair for pair in CURVES if "reverse_km_median" in answer(pair[0])["km_any_event"][pair[1]]],
)
def test_the_median_of_the_reverse_curve_is_that_of_r(name: str, label: str) -> None:
    """R's flipped fit: at ties those under observation come first. The other convention is not ours."""
    r = answer(name)["km_any_event"][label]["reverse_km_median"]
    own = given(name).of_group(label)
    median = reverse_kaplan_meier(own.time, own.status > 0).quantile(0.5)
    ours = np.array([median.value, median.lower, median.upper], dtype=float)
    assert_same(ours, [r["survfit_flipped"], r["survfit_lower_log"], r["survfit_upper_log"]])


# ---- competing risks ---------------------------------------------------------------------------------------


def incidence_curve(name: str, cause: int) -> IncidenceCurve:
    own = given(name)
    return cumulative_incidence(own.time, own.status, entry=own.entry)[cause]


@pytest.mark.parametrize(("name", "cause"), INCIDENCES)
def test_the_incidence_is_that_of_survfit_and_of_etm(name: str, cause: int) -> None:
    r = answer(name)["cif"]["all"]
    at = incidence_curve(name, cause).at(r["times"])
    assert_same(at.incidence, r["cause"][str(cause)]["est"])
    assert_same(at.incidence, r["cause"][str(cause)]["est_etm"])


@pytest.mark.parametrize(("name", "cause"), INCIDENCES)
def test_the_variance_is_aalens(name: str, cause: int) -> None:
    r = answer(name)["cif"]["all"]
    at = incidence_curve(name, cause).at(r["times"])
    assert_same(at.std_error**2, r["cause"][str(cause)]["var_etm_aalen"])
    assert_same(at.std_error, r["cause"][str(cause)]["se_survfit_ij"])


@pytest.mark.parametrize(("name", "cause"), INCIDENCES)
def test_the_limits_of_an_incidence_are_those_of_survfit_on_the_log_scale(name: str, cause: int) -> None:
    r = answer(name)["cif"]["all"]
    at = incidence_curve(name, cause).at(r["times"])
    for ours, side in ((at.lower, "lower"), (at.upper, "upper")):
        # While F is still 0 there is no log F: R gives NA after time 0, we give 0.
        expected = np.nan_to_num(numbers(r["cause"][str(cause)]["ci_survfit"]["log"][side]), nan=0.0)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", [name for name in NAMES if "cif" in answer(name)])
def test_every_step_of_every_incidence_is_that_of_r(name: str) -> None:
    steps = answer(name)["cif"]["all"]["steps"]
    for cause, states in enumerate(steps["pstate"], start=1):
        curve = incidence_curve(name, cause)
        assert_same(curve.time, steps["time"])
        assert_same(curve.n_risk, steps["n_risk"])
        assert_same(curve.incidence, states)
        assert curve.n_event.sum() == answer(name)["cif"]["all"]["cause"][str(cause)]["events"]


def test_the_variance_is_not_that_of_cmprsk() -> None:
    """Both formulas are in use: a report must name its own, and they differ by more than printing hides."""
    r = answer("syn19_agvhd")["cif"]["all"]["cause"]["1"]
    assert r["var_cuminc"][6] ** 0.5 - r["var_etm_aalen"][6] ** 0.5 > 0.004


# ---- tests and proportions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if "logrank" in answer(name)])
def test_the_logrank_test_is_that_of_survdiff(name: str) -> None:
    r, own = answer(name)["logrank"], given(name)
    assert own.group is not None
    result = logrank(own.time, own.status > 0, own.group)
    assert result.statistic == pytest.approx(r["chisq"], abs=TOLERANCE)
    assert result.df == r["df"]
    assert result.p_value == pytest.approx(r["p"], abs=TOLERANCE)


@pytest.mark.parametrize("r", BINOMIALS, ids=[f"{r['x']} of {r['n']}" for r in BINOMIALS])
def test_binomial_intervals_are_those_of_r(r: Mapping[str, Any]) -> None:
    exact = binomial_interval(r["x"], r["n"])
    assert_same(np.array([exact.estimate, exact.lower, exact.upper]), [r["est"], *r["clopper_pearson"]])
    narrower = binomial_interval(r["x"], r["n"], level=0.90)
    assert_same(np.array([narrower.lower, narrower.upper]), r["clopper_pearson_90"])
    score = binomial_interval(r["x"], r["n"], method="wilson")
    assert_same(np.array([score.estimate, score.lower, score.upper]), [r["est"], *r["wilson"]])
