"""Random cohorts for the tests of the estimators."""

from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from numpy.typing import NDArray

# Slowness is no reason to fail.
unhurried = settings(deadline=None)

MONTH_DAYS = 30.4375


@dataclass(frozen=True)
class Cohort:
    """Days from the origin, and how each subject left: 0 censored, 1 and 2 by one of two causes."""

    time: NDArray[np.float64]
    cause: NDArray[np.int64]
    entry: NDArray[np.float64]

    @property
    def event(self) -> NDArray[np.bool_]:
        return self.cause > 0

    def reordered(self, order: NDArray[np.int64]) -> "Cohort":
        return Cohort(self.time[order], self.cause[order], self.entry[order])


@st.composite
def cohorts(draw: st.DrawFn, *, largest_day: int = 12, smallest: int = 1) -> Cohort:
    """Up to 40 subjects; few distinct days, so that ties of every kind are common."""
    subjects = draw(
        st.lists(
            st.tuples(st.integers(1, largest_day), st.integers(0, 2), st.integers(0, largest_day)),
            min_size=smallest,
            max_size=40,
        )
    )
    time, cause, waiting = np.array(subjects).T
    return Cohort(time.astype(np.float64), cause, np.minimum(waiting, time - 1).astype(np.float64))


def random_cohort(seed: int, size: int, *, ties: bool) -> Cohort:
    """Exponential times, whole where ties are wanted, and censored at the last of them.

    Where all who are left have an event, statsmodels divides by 0.
    """
    rng = np.random.default_rng(seed)
    time = rng.exponential(200, size) + 1
    time = np.ceil(time / 20) if ties else time
    entry = time * rng.uniform(0, 0.5, size)
    cause = np.where(time == time.max(), 0, rng.integers(0, 3, size))
    return Cohort(time, cause, np.floor(entry) if ties else entry)
