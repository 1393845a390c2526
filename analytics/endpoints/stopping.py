"""The stopping boundaries of section 4.1 of the specification, and what always pauses the trial.

A boundary is the smallest number of events among so many evaluated subjects with a posterior probability
above 0.80 that the rate lies above its limit. The prior is a beta distribution worth two subjects with its
mean at the limit. All of these are versioned configuration: a proposal of the specification until the trial
team has confirmed them (`trial/protocol/configuration.py`), and what is told names the values that it was
computed with.

A dose-limiting toxicity counts if a criterion is met or the adjudication found one: the criteria do not see
what the committee saw, and a toxicity that nobody has adjudicated yet must not wait for the form.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
from scipy.special import betaincc

from analytics.datasets.build import Datasets
from analytics.datasets.safety import RCL_POSITIVE
from analytics.datasets.time_to_event import CENSORED, EVENT
from analytics.endpoints.dose_limiting import subjects_with_toxicity
from analytics.endpoints.sets import Set, by_code, subjects_of
from patients.forms.adverse_event import SECOND_MALIGNANCY
from patients.forms.ctcae_terms import SECOND_MALIGNANCIES
from patients.items.codelists import RELATED
from trial.protocol.configuration import setting, setting_as

PROBABILITY, GUARD = "stop_probability", ("stop_guard_subjects", "stop_guard_events")
HUNDRED_DAYS = 100
FATAL_GRADE = 5
SOURCE = "specification 4.1"
# What is fatal: the column of its worst grade, and its category of adverse events.
FATAL_OF = {
    "fatal_crs": ("CRSMAX", "crs"),
    "fatal_icans": ("ICANSMAX", "icans"),
    "fatal_iec_hs": ("IECHSMAX", "iec_hs"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rate that must not lie above its limit; `evaluated` gives those that count, with a column `event`."""

    code: str
    evaluated: Callable[[Datasets], pl.DataFrame]

    @property
    def settings(self) -> tuple[str, str, str]:
        """The keys of its limit and of its prior."""
        stem = f"stop_{self.code}"
        return f"{stem}_limit", f"{stem}_prior_events", f"{stem}_prior_others"

    @property
    def limit(self) -> float:
        """As a share of 1."""
        return float(setting_as(Decimal, self.settings[0]) / 100)

    @property
    def prior(self) -> tuple[float, float]:
        """The two parameters of the beta distribution."""
        events, others = (float(setting_as(Decimal, key)) for key in self.settings[1:])
        return events, others

    def probability(self, events: int, evaluated: int) -> float:
        """Posterior probability that the rate lies above the limit."""
        a, b = self.prior
        return float(betaincc(a + events, b + evaluated - events, self.limit))

    def boundary(self, evaluated: int) -> int | None:
        """The fewest events that pause the trial; None where even all of them would not."""
        pause_above = float(setting_as(Decimal, PROBABILITY) / 100)
        enough = (
            events for events in range(evaluated + 1) if self.probability(events, evaluated) > pause_above
        )
        return next(enough, None)


# --- who is evaluated, and who had the event ---------------------------------------------------------------
def _dose_limiting(data: Datasets) -> pl.DataFrame:
    """DLTEV, and whoever met a criterion, which makes a subject evaluable (section 4.1)."""
    met = pl.col("SUBJID").is_in(subjects_with_toxicity(data).read())
    evaluable = Set.SAF.of(data).filter(pl.col(Set.DLTEV.value) | met)
    return evaluable.with_columns(event=met | pl.col("DLTOCFL").fill_null(value=False))


def _graft_failure(data: Datasets) -> pl.DataFrame:
    """Of those transplanted, where a failure was found or excluded."""
    return Set.HSCTSET.of(data).filter(pl.col("GFFL").is_not_null()).with_columns(event=pl.col("GFFL"))


def _by_day_100(code: str) -> Callable[[Datasets], pl.DataFrame]:
    """The events of an endpoint by transplant day 100, of those followed until then or to another end."""

    def evaluated(data: Datasets) -> pl.DataFrame:
        early = pl.col("AVAL") <= HUNDRED_DAYS
        known = (pl.col("AVAL") >= HUNDRED_DAYS) | (pl.col("STATUS") != CENSORED)
        rows = data.adtte.filter((pl.col("PARAMCD") == code) & known)
        return rows.with_columns(event=(pl.col("STATUS") == EVENT) & early)

    return evaluated


RULES = (
    Rule("dlt", _dose_limiting),
    Rule("non_relapse_death", _by_day_100("NRMH")),
    Rule("graft_failure", _graft_failure),
    Rule("acute_gvhd_3_4", _by_day_100("AGV34")),
)


# --- what is told -----------------------------------------------------------------------------------------
def stopping_of(data: Datasets) -> dict[str, Any]:
    """`rules` with boundaries and counts, the `guard` of the first subjects, and what pauses `always`;
    `settings` are the values that all of it was computed with."""
    return {
        "settings": {key: str(setting(key)) for key in _settings()},
        "source": SOURCE,
        "rules": [_told(rule, data) for rule in RULES],
        "guard": _guard(data),
        "always": list(_always(data)),
    }


def _settings() -> Iterator[str]:
    for rule in RULES:
        yield from rule.settings
    yield from (PROBABILITY, *GUARD)


def _told(rule: Rule, data: Datasets) -> dict[str, Any]:
    evaluated = rule.evaluated(data).sort("SUBJID")
    happened = evaluated.filter("event")
    boundary = rule.boundary(evaluated.height)
    return {
        "code": rule.code,
        "limit": rule.limit,
        "prior": list(rule.prior),
        "evaluated": evaluated.height,
        "events": happened.height,
        "boundary": boundary,
        "probability": rule.probability(happened.height, evaluated.height),
        "crossed": boundary is not None and happened.height >= boundary,
        "evaluated_subjects": subjects_of(evaluated),
        "subjects": subjects_of(happened),
    }


def _guard(data: Datasets) -> dict[str, Any]:
    """So many dose-limiting toxicities (two) among the first subjects (six): the posterior is lenient below
    eight."""
    subjects, events = (setting_as(int, key) for key in GUARD)
    first = _dose_limiting(data).sort("TRTSDT", "SUBJID").head(subjects)
    happened = first.filter("event")
    return {
        "code": "dlt_first_six",
        "evaluated": first.height,
        "events": happened.height,
        "boundary": events,
        "crossed": happened.height >= events,
        "evaluated_subjects": subjects_of(first),
        "subjects": subjects_of(happened),
    }


def _always(data: Datasets) -> Iterator[dict[str, Any]]:
    """What pauses the trial when it happens once, where the data can tell. Of a second malignancy the data
    say whether the product is thought to have caused it; a wrong patient or product they do not."""
    treated = Set.SAF.of(data)
    for code, (column, category) in FATAL_OF.items():
        fatal = (pl.col("AESCAT") == category) & (pl.col("AETOXGR") == FATAL_GRADE)
        graded = treated.filter(pl.col(column) == FATAL_GRADE)
        yield _event(code, treated, {*subjects_of(graded), *subjects_of(data.adae.filter(fatal))})
    positive = Set.ENR.of(data).filter(pl.col("RCL") == RCL_POSITIVE)
    yield _event("rcl_positive", Set.ENR.of(data), set(subjects_of(positive)))
    is_malignant = (pl.col("AESCAT") == SECOND_MALIGNANCY) | pl.col("AETOX").is_in(
        sorted(SECOND_MALIGNANCIES)
    )
    malignant = is_malignant & pl.col("AEREL").is_in(sorted(RELATED))
    yield _event("car_related_malignancy", treated, set(subjects_of(data.adae.filter(malignant))))


def _event(code: str, rows: pl.DataFrame, found: set[str]) -> dict[str, Any]:
    subjects = by_code(rows.filter(pl.col("SUBJID").is_in(sorted(found))))
    return {
        "code": code,
        "evaluated": rows.height,
        "events": len(subjects),
        "crossed": len(subjects) > 0,
        "subjects": subjects,
    }
