"""Rates, times and subgroups: against statsmodels on the invented cohort, and where there is nobody."""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff
from statsmodels.stats.proportion import proportion_confint

from analytics.datasets.build import Datasets, build_datasets
from analytics.datasets.parameters import PARAMETERS
from analytics.endpoints.exhibits import exhibits_of
from analytics.endpoints.figures import compute_figures
from analytics.endpoints.listed import read_exhibits
from analytics.endpoints.needed import by_place, needed
from analytics.endpoints.populations import populations_of
from analytics.endpoints.rates import rates_of
from analytics.endpoints.sets import Set
from analytics.endpoints.subgroups import GROUPS, subgroups_of
from analytics.endpoints.times import times_of
from analytics.survival import gray_test
from patients.builder.timeline import Timeline
from patients.casebook.answers import Record
from tests.analytics.casebooks import (
    assessed,
    built,
    by_id,
    cohort,
    contact,
    cut_at,
    day,
    died,
    enrolled,
    grafted,
    infused,
    relapsed,
    row,
)
from tests.analytics.conftest import DEMO_CUTOFF
from tests.patients.builder.strategies import cohorts

SLOW = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
CUTOFF = date.fromisoformat(DEMO_CUTOFF)
MONTH = 30.4375


pytestmark = pytest.mark.usefixtures("new_registry")


@pytest.fixture(scope="module")
def demo(demo_timelines: list[Timeline], new_registry: None) -> Datasets:
    return build_datasets(CUTOFF, cut_at(built(demo_timelines), CUTOFF))


def by_code(told: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in told}


# --- populations ------------------------------------------------------------------------------------------
def test_who_is_in_a_set_and_who_is_outside_are_the_whole_cut(demo: Datasets) -> None:
    everybody = sorted(demo.adsl["SUBJID"])
    told = populations_of(demo)
    assert [one["set"] for one in told] == [one.name for one in Set]
    for one in told:
        outside = [subject for reason in one["excluded"] for subject in reason["subjects"]]
        assert sorted([*one["subjects"], *outside]) == everybody, one["set"]


def test_each_reason_has_its_subjects() -> None:
    told = {one["set"]: one for one in populations_of(cohort(infused(), enrolled(), enrolled()))}
    assert told["SAF"] == {
        "set": "SAF",
        "subjects": ["HZ01-001"],
        "excluded": [{"reason": "not_infused", "subjects": ["HZ01-002", "HZ01-003"]}],
    }


# --- rates ------------------------------------------------------------------------------------------------
def test_rates_have_the_limits_of_statsmodels(demo: Datasets) -> None:
    for one in rates_of(demo):
        lower, upper = proportion_confint(one["n"], one["size"], method="beta")
        assert one["estimate"] == one["n"] / one["size"]
        assert (one["lower"], one["upper"]) == pytest.approx((lower, upper), abs=1e-9)
        assert (len(one["subjects"]), len(one["of"])) == (one["n"], one["size"])
        assert set(one["subjects"]) <= set(one["of"])


def test_the_rates_of_the_invented_cohort(demo: Datasets) -> None:
    """Full chimerism 16 of 17, chronic GVHD 1 of 13, all grafted; one remission of 19 came on day 30."""
    found = {one["code"]: (one["n"], one["size"]) for one in rates_of(demo)}
    assert found == {
        "remission_by_day_28": (18, 19),
        "mrd_negative_remission_by_day_28": (18, 19),
        "strict_remission_by_day_28": (11, 19),
        "full_chimerism": (16, 17),
        "transplanted": (19, 19),
        "manufactured": (19, 19),
        "cd7_negative_relapse": (5, 5),
        "chronic_gvhd": (1, 13),
    }


@pytest.mark.parametrize(
    ("story", "code", "expected"),
    [
        ([*infused(), assessed(28, 2)], "remission_by_day_28", (1, 1)),
        ([*infused(), assessed(28, 60), assessed(29, 2)], "remission_by_day_28", (0, 1)),
        ([*infused(), died(9)], "remission_by_day_28", (0, 1)),
        (infused(), "remission_by_day_28", (0, 0)),
        ([*infused(), assessed(14, 2)], "strict_remission_by_day_28", (0, 1)),
        ([*infused(), relapsed(60, cd7="positive")], "cd7_negative_relapse", (0, 1)),
        (
            [*infused(), row("RLP", day(60), rlp_dt=day(60), rlp_type="morphological_relapse")],
            "cd7_negative_relapse",
            (0, 1),
        ),
        ([*enrolled(), row("MFG", day(-5), key="1", mfg_success=True)], "manufactured", (1, 1)),
        (enrolled(), "manufactured", (0, 1)),
    ],
    ids=[
        "on day 28",
        "on day 29",
        "died before",
        "not assessed",
        "without counts",
        "positive",
        "not tested",
        "manufactured",
        "no batch",
    ],
)
def test_a_rate(story: list[Record], code: str, expected: tuple[int, int]) -> None:
    one = by_code(rates_of(cohort(story)))[code]
    assert (one["n"], one["size"]) == expected


# --- times ------------------------------------------------------------------------------------------------
def rows_of(data: Datasets, code: str) -> tuple[Any, Any]:
    rows = data.adtte.filter(pl.col("PARAMCD") == code)
    return rows["AVAL"].to_numpy().astype(float), rows["STATUS"].to_numpy().astype(int)


def read(knots: Any, values: Any, at: float, before: float) -> float:
    """A step function."""
    return float(np.append(before, values)[np.searchsorted(knots, at, side="right")])


def test_every_endpoint_is_told_in_order(demo: Datasets) -> None:
    assert [one["code"] for one in times_of(demo)] == [one.code for one in PARAMETERS]


@pytest.mark.parametrize("code", [one.code for one in PARAMETERS])
def test_an_endpoint_is_that_of_statsmodels(code: str, demo: Datasets) -> None:
    one = by_code(times_of(demo))[code]
    times, status = rows_of(demo, code)
    assert (one["size"], one["events"], one["competing"]) == (
        times.size,
        int((status == 1).sum()),
        int((status == 2).sum()),
    )
    assert sorted(zip(one["days"], one["status"], strict=True)) == sorted(zip(times, status, strict=True))
    for at in (*one["times"], one["at_longest"]):
        assert at["n_risk"] == sum(time >= at["day"] for time in times)
        if at["day"] > times.max():
            assert (at["estimate"], at["lower"], at["upper"], at["reason"]) == (None, None, None, "beyond")
            continue
        assert at["estimate"] == pytest.approx(expected(one["method"], times, status, at["day"]), abs=1e-9)


def expected(method: str, times: Any, status: Any, at: float) -> float:
    if method == "kaplan_meier":
        curve = SurvfuncRight(times, (status == 1).astype(int))
        return read(curve.surv_times, curve.surv_prob, at, 1.0)
    if not (status == 1).any():
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):  # its variance, where all at risk have an event
        curves = CumIncidenceRight(times, status)
    return read(curves.times, curves.cinc[0], at, 0.0)


def test_limits_and_medians_are_those_of_the_figures(demo: Datasets) -> None:
    """The figures are held against the published ones."""
    figures, told = by_id(demo), by_code(times_of(demo))
    for code in ("os", "pfs"):
        one = told[code.upper()]
        (year,) = (at for at in one["times"] if at["day"] == 12 * MONTH)
        for part, suffix in (("estimate", ""), ("lower", "_lo"), ("upper", "_hi")):
            assert 100 * year[part] == pytest.approx(figures[f"{code}_12m{suffix}"].value)
        assert one["median"]["estimate"] / MONTH == pytest.approx(figures[f"{code}_median"].value)
    (hundred,) = (at for at in told["AGV34"]["times"] if at["day"] == 100)
    assert 100 * hundred["estimate"] == pytest.approx(figures["agvhd34_cif_100d"].value)


def test_an_endpoint_of_nobody_says_so() -> None:
    for one in times_of(cohort(enrolled())):
        if one["code"] != "OSENR":
            assert (one["size"], one["at_longest"], one["median"]["estimate"]) == (0, None, None)
            assert {(at["n_risk"], at["estimate"], at["reason"]) for at in one["times"]} == {
                (0, None, "empty")
            }


def test_without_any_event_the_incidence_is_0() -> None:
    one = by_code(times_of(cohort([*infused(), grafted(16), contact(200)])))["AGV14"]
    assert [(at["estimate"], at["upper"]) for at in one["times"] if at["day"] == 100] == [(0, 0)]


# --- subgroups --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", list(GROUPS))
def test_the_tests_are_those_of_statsmodels_and_of_gray(code: str, demo: Datasets) -> None:
    told = subgroups_of(demo)
    assert told["exploratory"] is True
    found = by_code(told["groupings"])[code]
    label = {subject: group["group"] for group in found["members"] for subject in group["subjects"]}
    assert set(label) == set(demo.adsl["SUBJID"])
    for name in ("os", "pfs"):
        rows = demo.adtte.filter(pl.col("PARAMCD") == name.upper())
        groups = np.array([label[subject] for subject in rows["SUBJID"]])
        times, status = rows_of(demo, name.upper())
        statistic, p_value = survdiff(times, status, groups)
        test = found[name]["test"]
        assert (test["statistic"], test["p_value"]) == pytest.approx((statistic, p_value), abs=1e-9)
        for one in found[name]["groups"]:
            own = groups == one["group"]
            at = one["times"][0]
            assert one["size"] == own.sum()
            assert at["estimate"] is None or at["estimate"] == pytest.approx(
                expected("kaplan_meier", times[own], status[own], 12 * MONTH)
            )
    rows = demo.adtte.filter(pl.col("PARAMCD") == "AGV14")
    test = gray_test(*rows_of(demo, "AGV14"), [label[subject] for subject in rows["SUBJID"]])[1]
    assert found["acute_gvhd"]["test"]["p_value"] == pytest.approx(test.p_value)
    assert sum(one["n"] for one in found["remission"]["groups"]) == 19
    assert found["remission"]["test"] is None


def test_one_group_alone_is_not_compared() -> None:
    found = by_code(subgroups_of(cohort(infused(), [*infused(), died(9)]))["groupings"])["diagnosis"]
    assert [one["group"] for one in found["os"]["groups"]] == ["aml"]
    assert found["os"]["test"] is found["acute_gvhd"]["test"] is None
    assert found["acute_gvhd"]["groups"] == []


def test_who_has_no_diagnosis_is_in_a_group_of_their_own() -> None:
    bare = [record for record in infused() if record.form != "DX"]
    found = by_code(subgroups_of(cohort([*infused(), contact(9)], [*bare, died(9)]))["groupings"])
    assert [one["group"] for one in found["diagnosis"]["os"]["groups"]] == ["", "aml"]


# --- all of it --------------------------------------------------------------------------------------------
def test_everything_is_plain_json_and_the_order_of_subjects_does_not_matter(
    demo: Datasets, demo_timelines: list[Timeline]
) -> None:
    casebooks = dict(reversed(built(demo_timelines).items()))
    again = build_datasets(CUTOFF, cut_at(casebooks, CUTOFF))
    ours = exhibits_of(demo)
    assert json.loads(json.dumps(ours, allow_nan=False)) == ours
    assert exhibits_of(again) == ours
    json.dumps(exhibits_of(cohort()), allow_nan=False)


def test_what_a_run_holds_comes_to_the_same(demo: Datasets) -> None:
    """It leaves out what no estimate is made of, and holds each subject as a place."""
    assert exhibits_of(by_place(needed(demo))) == exhibits_of(demo)
    assert compute_figures(by_place(needed(demo))) == compute_figures(demo)


@SLOW
@given(cohorts(max_size=5), st.integers(0, 1200))
def test_any_cohort_is_told_whole(subjects: list[Timeline], days: int) -> None:
    """On any cut-off everything is plain JSON, and each subject of a set stands in one row of each table."""
    cutoff = date(2021, 11, 1) + timedelta(days)
    data = build_datasets(cutoff, cut_at(built(subjects), cutoff))
    kept = exhibits_of(data)
    json.dumps(kept, allow_nan=False)
    told = read_exhibits(kept)
    members = {one["set"]: one["subjects"] for one in told["populations"]}
    for table in told["safety"]["grades"]:
        assert sorted(one for line in table["rows"] for one in line["subjects"]) == members[table["set"]]
    for rule in told["stopping"]["rules"]:
        assert set(rule["subjects"]) <= set(rule["evaluated_subjects"])
        assert rule["crossed"] == (rule["probability"] > 0.8 and rule["evaluated"] > 0)
