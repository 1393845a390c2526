"""Everything the estimators say of observations, as plain numbers for JSON.

Survival is that of every cause; where the status has causes above 1, each has its incidence. An estimate
beyond the longest observed time is null, and so are limits where survival is 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from analytics.survival import (
    ConfType,
    IncidenceCurve,
    SurvivalCurve,
    TestResult,
    cumulative_incidence,
    gray_test,
    kaplan_meier,
    logrank,
)
from analytics.survival_of_file.observations import Observations

LATE_ENTRY = "no test with late entry"
ONE_GROUP = "one group alone"


def answers(
    seen: Observations, times: Sequence[float], *, conf_type: ConfType, level: float
) -> dict[str, Any]:
    """Each group by its label, and whether they differ."""
    competing = max(seen.status) > 1
    groups = [
        {"group": label, **_of_group(seen.of(label), times, competing, conf_type, level)}
        for label in sorted(set(seen.group))
    ]
    return {
        "n": len(seen.time),
        "conf_type": conf_type,
        "level": level,
        "groups": groups,
        "tests": _tests(seen, competing),
    }


def _of_group(
    own: Observations, times: Sequence[float], competing: bool, conf_type: ConfType, level: float
) -> dict[str, Any]:
    events = np.array(own.status) > 0
    curve = kaplan_meier(own.time, events, entry=own.entry, conf_type=conf_type, level=level)
    return {
        "n": len(own.time),
        "events": int(events.sum()),
        "censored": int((~events).sum()),
        "survival": list(_survival(curve, times)),
        "median": asdict(curve.quantile(0.5)),
        "incidence": _incidences(own, times, level) if competing else {},
    }


def _survival(curve: SurvivalCurve, times: Sequence[float]) -> Iterator[dict[str, Any]]:
    read = curve.at(times)
    for place, time in enumerate(times):
        values = {name: getattr(read, name)[place] for name in ("survival", "std_error", "lower", "upper")}
        known = time <= curve.time[-1]
        yield {"time": time, "n_risk": int(read.n_risk[place]), **_plain(values, known=known)}


def _incidences(own: Observations, times: Sequence[float], level: float) -> dict[str, list[dict[str, Any]]]:
    curves = cumulative_incidence(own.time, own.status, entry=own.entry, level=level)
    return {str(cause): list(_incidence(curve, times)) for cause, curve in curves.items()}


def _incidence(curve: IncidenceCurve, times: Sequence[float]) -> Iterator[dict[str, Any]]:
    read = curve.at(times)
    for place, time in enumerate(times):
        values = {name: getattr(read, name)[place] for name in ("incidence", "std_error", "lower", "upper")}
        yield {"time": time, **_plain(values, known=time <= curve.time[-1])}


def _plain(values: dict[str, Any], *, known: bool) -> dict[str, float | None]:
    return {name: float(one) if known and not np.isnan(one) else None for name, one in values.items()}


def _tests(seen: Observations, competing: bool) -> dict[str, Any]:
    """The log-rank test of every cause together, and Gray's of each; neither knows late entries."""
    reason = LATE_ENTRY if seen.entry is not None else ONE_GROUP if len(set(seen.group)) < 2 else ""
    if reason:
        return {"logrank": None, "gray": {}, "reason": reason}
    events = np.array(seen.status) > 0
    gray: dict[int, TestResult] = gray_test(seen.time, seen.status, seen.group) if competing else {}
    return {
        "logrank": _result(logrank(seen.time, events, seen.group)),
        "gray": {str(cause): _result(result) for cause, result in gray.items()},
        "reason": "",
    }


def _result(found: TestResult) -> dict[str, Any]:
    return {"df": found.df, **_plain({"statistic": found.statistic, "p_value": found.p_value}, known=True)}
