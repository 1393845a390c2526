"""The percentile bootstrap of a survival probability: arrays in, frozen dataclasses out.

Efron, J Am Stat Assoc 1981;76:312; percentile limits as in Efron and Tibshirani, An Introduction to the
Bootstrap, 1993, 13.3. To draw n subjects with replacement is to draw how often each distinct (time, event)
occurs, from a multinomial distribution, so a replicate costs the number of such cells and not n. What happens
after the time asked about is one cell: it counts at risk alone.

The same data, seed and version of NumPy give the same bytes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analytics.survival import kaplan_meier

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

REPLICATES = 1_000
_NUMBERS_AT_ONCE = 4_000_000  # held of all replicates: 32 MB


@dataclass(frozen=True, slots=True)
class Resampled:
    """S(t) of the data with the percentile limits of its replicates; what they were drawn with."""

    survival: float
    lower: float
    upper: float
    replicates: int
    seed: int
    level: float


def bootstrap_survival(
    time: ArrayLike,
    event: ArrayLike,
    at: float,
    *,
    seed: int,
    replicates: int = REPLICATES,
    level: float = 0.95,
) -> Resampled:
    """S(`at`) by Kaplan-Meier, with the percentiles (R's type 7) of its replicates.

    A replicate whose longest time is before `at` keeps its last step. Raises ValueError for a wrong argument.
    """
    if not 0 < level < 1:
        raise ValueError(f"level: {level} is not between 0 and 1")
    survival = float(kaplan_meier(time, event).at([at]).survival[0])
    drawn = replicated_survival(time, event, at, seed=seed, replicates=replicates)
    lower, upper = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Resampled(survival, float(lower), float(upper), replicates, seed, level)


def replicated_survival(
    time: ArrayLike, event: ArrayLike, at: float, *, seed: int, replicates: int = REPLICATES
) -> Floats:
    """S(`at`) of each replicate, in the order in which they are drawn."""
    if replicates < 1:
        raise ValueError(f"replicates: {replicates} is none")
    cells = _cells(np.asarray(time, np.float64), np.asarray(event).astype(bool), at)
    drawing = np.random.Generator(np.random.PCG64(seed))
    together = max(1, _NUMBERS_AT_ONCE // cells.count.size)
    blocks = [
        cells.survival_of(drawing.multinomial(cells.size, cells.share, min(together, replicates - first)))
        for first in range(0, replicates, together)
    ]
    return np.concatenate(blocks)


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The distinct (time, event) up to a time, in the order in which they count, then all that is later.

    `starts` are the first cells of the distinct times, `died` those with the events at each, of as many.
    """

    count: Counts
    is_event: NDArray[np.bool_]
    starts: NDArray[Any]

    @property
    def size(self) -> int:
        return int(self.count.sum())

    @property
    def share(self) -> Floats:
        return self.count / self.size

    def survival_of(self, drawn: Counts) -> Floats:
        """The product limit of each row of counts."""
        if not self.starts.size:
            return np.ones(len(drawn))
        at_risk = np.cumsum(drawn[:, ::-1], axis=1)[:, ::-1][:, self.starts]
        died = np.add.reduceat(drawn * self.is_event, self.starts, axis=1)
        hazard = np.divide(died, at_risk, out=np.zeros(died.shape), where=at_risk > 0)
        return np.asarray(np.prod(1 - hazard, axis=1, dtype=np.float64))


def _cells(time: Floats, event: NDArray[np.bool_], at: float) -> _Cells:
    """An infinite time stands for all that are later than `at`, so that they come last."""
    if not time.size:
        raise ValueError("time: nobody is in it")
    until = np.where(time <= at, time, np.inf)
    pairs, count = np.unique(np.column_stack([until, event & (time <= at)]), axis=0, return_counts=True)
    times = pairs[:, 0]
    starts = np.flatnonzero(np.diff(times, prepend=-np.inf) > 0)
    return _Cells(count.astype(np.int64), pairs[:, 1] == 1, starts[np.isfinite(times[starts])])
