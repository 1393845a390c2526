"""Haematotoxicity after immune effector cells: ICAHT of neutrophils, T-ICAHT of platelets.

ICAHT: EHA/EBMT (Rejeski et al., Blood 2023;142:865), by the algorithm of E. Liang's public code. T-ICAHT: the
table of ash-sap view-large/12809257. Day 0 is the infusion; early is day 0 to 30, late day 31 to 100.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from patients.grading.counts import Count, lowest_by_day
from patients.grading.result import Graded, worst

VERSION = "EHA/EBMT 2023 ICAHT/1"
VERSION_PLATELETS = "T-ICAHT/1"
EARLY_LAST_DAY = 30
LATE_FIRST_DAY, LATE_LAST_DAY = 31, 100
INTERPOLATED_DAYS = 7  # missing days between two counts, at most
BRIDGED_DAYS = 2  # of recovery between two runs of neutropenia, at most
NEVER_RECOVERED_FROM_DAY = 3  # a run that began by this day and has not ended

SEVERE_UP_TO_10E9_PER_L = Decimal("0.5")
PROFOUND_UP_TO_10E9_PER_L = Decimal("0.1")
SEVERE_FROM_DAYS = (1, 7, 14, 31)  # grades 1, 2, 3 and 4
PROFOUND_FROM_DAYS = (7, 14)  # grades 3 and 4
LATE_UP_TO_10E9_PER_L = (Decimal("1.5"), Decimal("1.0"), Decimal("0.5"), Decimal("0.1"))  # grades 1 to 4
NEUTROPHIL_STEP = Decimal("0.01")  # an interpolated count is rounded to 10/µL

PLATELETS_LATE_BELOW_10E9_PER_L = (Decimal(100), Decimal(50))  # grades 1 and 2
PLATELETS_BELOW_10E9_PER_L = Decimal(50)
PLATELETS_FROM_DAYS = (1, 7)  # grades 1 and 2
PLATELETS_DEEP_BELOW_10E9_PER_L = Decimal(20)
PLATELETS_DEEP_FROM_DAYS = (1, 14)  # grades 3 and 4


def icaht_early_all(neutrophils: Iterable[Count]) -> Graded:
    """Early ICAHT over day 0 to 30, whether or not the counts are those of a graft."""
    return _early(neutrophils, EARLY_LAST_DAY, never_recovered=True)


def icaht_early_pre(neutrophils: Iterable[Count], graft_day: int | None) -> Graded:
    """Early ICAHT up to the day before the graft: what the cells did by themselves.

    The counts stop there because of the graft, so that "never recovered" says nothing.
    """
    last = EARLY_LAST_DAY if graft_day is None else min(graft_day - 1, EARLY_LAST_DAY)
    return _early(neutrophils, last, never_recovered=last == EARLY_LAST_DAY)


def icaht_late(neutrophils: Iterable[Count], last_day: int = LATE_LAST_DAY) -> Graded:
    """Late ICAHT, day 31 to 100, by the lowest count; a low one alone among better ones is transient.

    `last_day` is the last of follow-up, before progression and new therapy.
    """
    lowest = sorted(_within(neutrophils, LATE_FIRST_DAY, min(last_day, LATE_LAST_DAY)).values())
    if not lowest:
        return Graded(None, "ICAHT-LATE-EMPTY", VERSION)
    if len(lowest) > 1 and lowest[1] > LATE_UP_TO_10E9_PER_L[0]:
        return Graded("0", "ICAHT-LATE-TRANSIENT", VERSION, ("neutrophils",))
    grade = sum(lowest[0] <= limit for limit in LATE_UP_TO_10E9_PER_L)
    return Graded(str(grade), f"ICAHT-LATE-{grade}", VERSION, ("neutrophils",))


def t_icaht_early(platelets: Iterable[Count]) -> Graded:
    """Early T-ICAHT by the number of days below 50 and below 20, day 0 to 30."""
    daily = _interpolated(_within(platelets, 0, EARLY_LAST_DAY))
    low = sum(value < PLATELETS_BELOW_10E9_PER_L for value in daily.values())
    grade = sum(low >= least for least in PLATELETS_FROM_DAYS)
    axes = {"below_50": grade, "below_20": _deep(daily)} if daily else {}
    return worst(axes, "T-ICAHT-EARLY", VERSION_PLATELETS)


def t_icaht_late(platelets: Iterable[Count], last_day: int = LATE_LAST_DAY) -> Graded:
    """Late T-ICAHT, day 31 to 100, by the lowest count and the number of days below 20."""
    known = _within(platelets, LATE_FIRST_DAY, min(last_day, LATE_LAST_DAY))
    grade = sum(min(known.values()) < limit for limit in PLATELETS_LATE_BELOW_10E9_PER_L) if known else 0
    axes = {"lowest": grade, "below_20": _deep(_interpolated(known))} if known else {}
    return worst(axes, "T-ICAHT-LATE", VERSION_PLATELETS)


def _early(neutrophils: Iterable[Count], last_day: int, *, never_recovered: bool) -> Graded:
    known = _within(neutrophils, 0, last_day)
    if not known:
        return Graded(None, "ICAHT-EARLY-EMPTY", VERSION)
    daily = _interpolated(known, NEUTROPHIL_STEP)
    severe = _runs([day for day, value in daily.items() if value <= SEVERE_UP_TO_10E9_PER_L])
    profound = _runs([day for day, value in daily.items() if value <= PROFOUND_UP_TO_10E9_PER_L])
    axes = {
        "severe": sum(_longest(severe) >= least for least in SEVERE_FROM_DAYS),
        "profound": (0, 3, 4)[sum(_longest(profound) >= least for least in PROFOUND_FROM_DAYS)],
        "never_recovered": 4 if never_recovered and _goes_on(severe, max(daily)) else 0,
    }
    return worst(axes, "ICAHT-EARLY", VERSION)


def _deep(daily: dict[int, Decimal]) -> int:
    """Grade 3 by any day below 20, 4 by fourteen, whether or not they follow each other."""
    deep = sum(value < PLATELETS_DEEP_BELOW_10E9_PER_L for value in daily.values())
    return (0, 3, 4)[sum(deep >= least for least in PLATELETS_DEEP_FROM_DAYS)]


def _within(counts: Iterable[Count], first: int, last: int) -> dict[int, Decimal]:
    return lowest_by_day(count for count in counts if first <= count.day <= last)


def _interpolated(known: dict[int, Decimal], step: Decimal | None = None) -> dict[int, Decimal]:
    """A count for each day: up to seven missing days between two counts lie on the line between them, in
    steps of `step`."""
    daily = dict(known)
    for (day, value), (next_day, next_value) in pairwise(known.items()):
        if next_day - day - 1 <= INTERPOLATED_DAYS:
            for between in range(day + 1, next_day):
                risen = value + (next_value - value) * (between - day) / (next_day - day)
                daily[between] = risen.quantize(step, ROUND_HALF_UP) if step else risen
    return daily


def _runs(low_days: Sequence[int]) -> list[range]:
    """The runs of low days, two of them joined where at most two days lie between."""
    runs: list[range] = []
    for day in sorted(low_days):
        if runs and day - runs[-1].stop <= BRIDGED_DAYS:
            runs[-1] = range(runs[-1].start, day + 1)
        else:
            runs.append(range(day, day + 1))
    return runs


def _longest(runs: Sequence[range]) -> int:
    return max((len(run) for run in runs), default=0)


def _goes_on(runs: Sequence[range], last_day: int) -> bool:
    """A run that began on day 0 to 3 is still there at the last count."""
    return any(run.start <= NEVER_RECOVERED_FROM_DAY and run[-1] == last_day for run in runs)
