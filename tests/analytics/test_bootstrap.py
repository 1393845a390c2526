"""The bootstrap against a plain loop, and what must hold of it for all data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.bootstrap import bootstrap_survival, replicated_survival
from analytics.survival import kaplan_meier
from tests.analytics.cohorts import Cohort, cohorts, random_cohort, unhurried

SEED = 20_250_805


def plain_survival(subjects: list[tuple[float, bool]], at: float) -> float:
    """Kaplan-Meier as in a textbook: one death day after the other."""
    survival = 1.0
    for day in sorted({time for time, died in subjects if died and time <= at}):
        at_risk = sum(time >= day for time, _died in subjects)
        deaths = sum(died and time == day for time, died in subjects)
        survival *= 1 - deaths / at_risk
    return survival


def plain_replicates(cohort: Cohort, at: float, replicates: int) -> list[float]:
    """Each replicate as a list of subjects, as many of each kind as the same generator draws."""
    subjects = list(zip(cohort.time.tolist(), cohort.event.tolist(), strict=True))
    kinds = sorted({(time, died) if time <= at else (np.inf, False) for time, died in subjects})
    of_kind = [
        sum(((time, died) if time <= at else (np.inf, False)) == kind for time, died in subjects)
        for kind in kinds
    ]
    drawing = np.random.Generator(np.random.PCG64(SEED))
    found = []
    for _replicate in range(replicates):
        drawn = drawing.multinomial(len(subjects), np.array(of_kind) / len(subjects))
        sample = [kind for kind, times in zip(kinds, drawn.tolist(), strict=True) for _ in range(times)]
        found.append(plain_survival(sample, at))
    return found


@unhurried
@given(cohorts(), st.integers(0, 14))
def test_each_replicate_is_that_of_a_plain_loop(cohort: Cohort, at: int) -> None:
    ours = replicated_survival(cohort.time, cohort.event, at, seed=SEED, replicates=5)
    assert ours == pytest.approx(plain_replicates(cohort, at, 5), abs=1e-12)


def test_the_limits_are_those_of_subjects_drawn_with_replacement() -> None:
    """By another way of drawing, so within the error of two simulations."""
    cohort, at = random_cohort(3, 60, ties=True), 12.0
    drawing, subjects = np.random.default_rng(5), np.arange(60)
    drawn = []
    for _replicate in range(1_000):
        chosen = drawing.choice(subjects, 60)
        drawn.append(plain_survival(list(zip(cohort.time[chosen], cohort.event[chosen], strict=True)), at))
    ours = bootstrap_survival(cohort.time, cohort.event, at, seed=SEED)
    assert (ours.lower, ours.upper) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.02)
    assert (ours.replicates, ours.seed, ours.level) == (1_000, SEED, 0.95)


@unhurried
@given(cohorts(), st.integers(0, 14), st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_bytes_in_any_order_of_subjects(
    cohort: Cohort, at: int, seed: int
) -> None:
    other = cohort.reordered(np.arange(cohort.time.size)[::-1])
    first, second = (
        replicated_survival(one.time, one.event, at, seed=seed, replicates=20) for one in (cohort, other)
    )
    assert first.tobytes() == second.tobytes()


@unhurried
@given(cohorts(), st.integers(0, 14))
def test_the_limits_are_ordered_shares_and_the_estimate_is_that_of_the_curve(cohort: Cohort, at: int) -> None:
    found = bootstrap_survival(cohort.time, cohort.event, at, seed=SEED, replicates=50)
    assert 0 <= found.lower <= found.upper <= 1
    assert found.survival == kaplan_meier(cohort.time, cohort.event).at([at]).survival[0]
    if not (cohort.event & (cohort.time <= at)).any():
        assert (found.lower, found.upper) == (1, 1), "nobody died in any replicate"


def test_replicates_in_blocks_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cohort = random_cohort(7, 500, ties=False)
    whole = replicated_survival(cohort.time, cohort.event, 150, seed=SEED, replicates=30)
    monkeypatch.setattr("analytics.bootstrap._NUMBERS_AT_ONCE", 1)
    assert replicated_survival(cohort.time, cohort.event, 150, seed=SEED, replicates=30).tobytes() == (
        whole.tobytes()
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"replicates": 0}, "replicates: 0"),
        ({"level": 1.0}, "level: 1.0"),
        ({"time": [], "event": []}, "time: "),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bootstrap_survival(**{"time": [1.0], "event": [1], "at": 1.0, "seed": 1} | arguments)
