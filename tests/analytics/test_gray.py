"""Gray's test against R's stored answers, and what must hold of it on any data."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analytics.survival import gray_test, logrank
from tests.analytics.cohorts import Cohort, cohorts, unhurried

HERE = Path(__file__).parent / "survival" / "gray"
R = json.loads((HERE / "answers.json").read_text())["answers"]


def data(name: str) -> tuple[NDArray[np.float64], NDArray[np.int64], list[str]]:
    with (HERE / f"{name}.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    times, causes = [float(row["time"]) for row in rows], [int(row["status"]) for row in rows]
    return np.array(times), np.array(causes), [row["group"] for row in rows]


@pytest.mark.parametrize("name", ["follic", "made", "three"])
def test_the_answer_is_that_of_r(name: str) -> None:
    ours = gray_test(*data(name))
    assert set(R[name]) == {"1", "2"} == set(map(str, ours))
    for cause, r in R[name].items():
        result = ours[int(cause)]
        assert (result.statistic, result.p_value) == pytest.approx((r["chisq"], r["p"]), rel=1e-9)
        assert result.df == r["df"]


def test_one_of_the_answers_has_ties() -> None:
    times, _, _ = data("follic")
    assert np.unique(times).size < times.size


@pytest.mark.parametrize(
    ("causes", "groups", "expected"),
    [
        ([0, 0, 0, 0], "AABB", {}),
        ([1, 1, 1, 1], "ABAB", {1: 1}),
        ([2, 0, 2, 0], "AABB", {2: 1}),
        ([1, 2, 0, 1, 1, 2, 2, 1, 0], "ABCABCABC", {1: 2, 2: 2}),
    ],
    ids=["no event", "one cause", "a cause without the first", "three groups"],
)
def test_each_cause_that_occurs_has_an_answer(
    causes: list[int], groups: str, expected: dict[int, int]
) -> None:
    found = gray_test([*range(len(causes))], causes, list(groups))
    assert {cause: result.df for cause, result in found.items()} == expected


def test_there_is_no_answer_once_the_pooled_incidence_is_1() -> None:
    """R divides by 0."""
    found = gray_test([1, 2, 3, 4], [1, 1, 1, 1], list("AABB"))[1]
    assert found.df == 1
    assert np.isnan([found.statistic, found.p_value]).all()


def test_equal_groups_do_not_differ() -> None:
    found = gray_test([1, 2, 3, 1, 2, 3], [1, 2, 0, 1, 2, 0], list("AAABBB"))
    assert [round(result.statistic, 12) for result in found.values()] == [0, 0]
    assert [result.p_value for result in found.values()] == pytest.approx([1, 1])


def test_without_another_cause_it_comes_near_the_logrank_test() -> None:
    """The scores are the same; the variance of one is hypergeometric, of the other asymptotic."""
    times, causes, groups = data("follic")
    died = (causes > 0).astype(int)
    ours, theirs = gray_test(times, died, groups)[1], logrank(times, died, groups)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=0.05)


@pytest.mark.parametrize(
    ("time", "cause", "group", "message"),
    [
        ([], [], [], "time: empty"),
        ([1, -1], [1, 1], ["A", "B"], "time: -1.0 at position 1"),
        ([1, 2], [1, 0.5], ["A", "B"], "cause: 0.5 at position 1"),
        ([1, 2], [1], ["A", "B"], "cause: 1 values"),
        ([1, 2], [1, 1], ["A", "A"], "group: A is the only group"),
        ([1, 2], [1, 1], ["A", None], "group: None at position 1"),
    ],
)
def test_what_is_refused(time: list[float], cause: list[float], group: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gray_test(time, cause, group)


@unhurried
@given(cohorts(smallest=6), st.data())
def test_neither_the_order_nor_the_names_of_groups_matter(cohort: Cohort, choice: st.DataObject) -> None:
    """The score leaves one group out; which one it is must not show."""
    size = cohort.time.size
    group = np.array(choice.draw(st.lists(st.sampled_from("ABC"), min_size=size, max_size=size)))
    assume(np.unique(group).size > 1)
    order = np.array(choice.draw(st.permutations(range(size))))
    renamed = np.array([{"A": "Z", "B": "Y", "C": "X"}[one] for one in group.tolist()])
    shuffled = cohort.reordered(order)
    plain, other = (
        gray_test(cohort.time, cohort.cause, group),
        gray_test(shuffled.time, shuffled.cause, renamed[order]),
    )
    assert plain.keys() == other.keys()
    for cause, result in plain.items():
        assert not result.p_value < 0
        assert not result.p_value > 1
        if result.df == np.unique(group).size - 1 == other[cause].df:
            assert result.statistic == pytest.approx(other[cause].statistic, rel=1e-6, abs=1e-9, nan_ok=True)
