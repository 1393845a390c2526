"""How many are at risk, and how many leave."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from analytics.survival.arrays import Counts, Floats


@dataclass(frozen=True, slots=True, eq=False)
class RiskTable:
    """The distinct observed times, how many are at risk just before each, how many leave at it."""

    time: Floats
    n_risk: Counts
    n_leave: Counts


def risk_table(times: Floats, entries: Floats | None) -> RiskTable:
    """Of the times of all subjects, and of their entries where they came late."""
    ordered = np.sort(times)
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    distinct = ordered[first]
    n_risk = times.size - first
    if entries is not None:
        n_risk = n_risk - at_or_after(distinct, np.sort(entries))  # who enters at t is not at risk at t
    return RiskTable(time=distinct, n_risk=n_risk, n_leave=np.diff(np.append(first, times.size)))


def at_or_after(when: Floats, ordered: Floats) -> Counts:
    """How many of the ordered values lie at or after each moment."""
    return ordered.size - np.searchsorted(ordered, when, side="left")


def count_at(when: Floats, values: Floats) -> Counts:
    """How many of the values fall on each of the ordered moments, which hold them all."""
    return np.diff(np.searchsorted(np.sort(values), when, side="right"), prepend=0)


def step(knots: Floats, values: Floats, when: Floats, *, before: float) -> Floats:
    """A right-continuous step function, which is `before` ahead of its first knot."""
    read: Floats = np.append(before, values)[np.searchsorted(knots, when, side="right")]
    return read


def normal_quantile(level: float) -> float:
    """The z of a two-sided level, as 1.96 of 0.95."""
    if not 0 < level < 1:
        raise ValueError(f"level: {level} is not between 0 and 1")
    return float(ndtri((1 + level) / 2))
