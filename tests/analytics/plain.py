"""The figures once more, from the timelines alone: plain Python, and the survival curves of statsmodels.

Nothing of the product is used here: not its forms, cuts, datasets or estimators.
"""

import math
import statistics
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint

from patients.builder.timeline import (
    DeathCause,
    ProductSource,
    RelapseType,
    Relationship,
    Response,
    Sex,
    Timeline,
)

MONTH = 30.4375
Z_95 = 1.959963984540054
CENSORED, RELAPSED, DIED = 0, 1, 2
HAPPENED, COMPETED = 1, 2
NEAR = 1e-9
Number = float | None


@dataclass(frozen=True)
class Patient:
    """A timeline as somebody saw it who knew nothing of the days after the cut-off."""

    facts: Timeline
    cutoff: date

    def by_cutoff(self, name: str) -> date | None:
        day: date | None = getattr(self.facts, name)
        return day if day is not None and day <= self.cutoff else None

    @property
    def is_enrolled(self) -> bool:
        return self.facts.enrolment_date <= self.cutoff

    @property
    def is_treated(self) -> bool:
        return self.is_enrolled and self.by_cutoff("cart_infusion_date") is not None

    @property
    def is_grafted(self) -> bool:
        return self.is_treated and self.by_cutoff("hsct_date") is not None

    @property
    def died(self) -> date | None:
        return self.by_cutoff("death_date")

    @property
    def relapsed(self) -> date | None:
        return self.by_cutoff("relapse_date")

    @property
    def in_remission(self) -> date | None:
        return self.by_cutoff("cri_date")

    @property
    def observed_to(self) -> date:
        return min(self.facts.last_contact_date, self.cutoff)

    def days_to(self, day: date | None) -> int:
        """Days from the infusion."""
        assert day is not None
        assert self.facts.cart_infusion_date is not None
        return (day - self.facts.cart_infusion_date).days

    @property
    def survival(self) -> tuple[int, bool]:
        return self.days_to(self.died or self.observed_to), self.died is not None

    def grade(self, name: str) -> int:
        """The peak of a graded event, which is reached on the day of its onset; 0 until then."""
        return (getattr(self.facts, f"{name}_max_grade") or 0) if self.by_cutoff(f"{name}_onset_date") else 0

    @property
    def cytopenia(self) -> int:
        """That of the 60 days from the infusion, and of no more than 30 after the graft; one that began
        before the infusion shows on its day."""
        days = 60 if self.by_cutoff("hsct_date") is None else min(60, self.days_to(self.facts.hsct_date) + 30)
        grade = self.grade("cytopenia")
        return grade if grade and self.days_to(self.facts.cytopenia_onset_date) <= days else 0

    def graft_days_to(self, day: date | None) -> int:
        """Days from the graft."""
        return self.days_to(day) - self.days_to(self.facts.hsct_date)

    def acute(self, grade: int, *, relapse_competes: bool = False) -> tuple[int, int]:
        """Days from the graft to acute GVHD of at least this grade or to what came instead, and which."""
        last, cause = self.died or self.observed_to, COMPETED if self.died else CENSORED
        relapse = self.relapsed if relapse_competes else None
        if relapse is not None and self.graft_days_to(relapse) >= 0:
            last, cause = relapse, COMPETED
        onset = self.by_cutoff("agvhd_onset_date")
        if onset is not None and self.grade("agvhd") >= grade and onset <= last:
            last, cause = onset, HAPPENED
        return self.graft_days_to(last), cause

    @property
    def first_month_share(self) -> Decimal | None:
        """The donor's share in a sample of day 27 to 35 after the graft."""
        sampled = self.by_cutoff("chimerism_1m_date")
        in_window = sampled is not None and 27 <= self.graft_days_to(sampled) <= 35
        return self.facts.chimerism_1m_donor_pct if in_window else None

    @property
    def is_evaluable_for_chronic(self) -> bool:
        """Followed to day 100 after the graft, free of relapse and death until after it."""
        followed = self.graft_days_to(self.died or self.observed_to) >= 100
        ends = [day for day in (self.died, self.relapsed) if day is not None]
        return followed and all(self.graft_days_to(day) > 100 for day in ends)

    @property
    def progression(self) -> tuple[int, int]:
        """Time and cause of whatever came first; a relapse on the day of death is a relapse."""
        cause = RELAPSED if self.relapsed else DIED if self.died else CENSORED
        return self.days_to(self.relapsed or self.died or self.observed_to), cause


# --- numbers ----------------------------------------------------------------------------------------------
def percent(n: int, size: int) -> Number:
    return float(Fraction(100 * n, size)) if size else None


def spread(stem: str, numbers: Sequence[float]) -> dict[str, Number]:
    if not numbers:
        return dict.fromkeys((f"{stem}_median", f"{stem}_min", f"{stem}_max"))
    return {
        f"{stem}_median": statistics.median(numbers),
        f"{stem}_min": min(numbers),
        f"{stem}_max": max(numbers),
    }


def limits(stem: str, n: int, size: int) -> dict[str, Number]:
    """Clopper-Pearson."""
    if not size:
        return {f"{stem}_lo": None, f"{stem}_hi": None}
    low, high = proportion_confint(n, size, method="beta")
    return {f"{stem}_lo": 100 * float(low), f"{stem}_hi": 100 * float(high)}


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve at the times of events, with limits on the log scale."""

    times: list[float]
    survival: list[float]
    lower: list[float]
    upper: list[float]
    longest: float

    def at(self, day: float) -> tuple[Number, Number, Number]:
        if day > self.longest:
            return None, None, None
        place = sum(time <= day for time in self.times) - 1
        if place < 0:
            return 100.0, 100.0, 100.0
        low, high = self.lower[place], self.upper[place]
        return (
            100 * self.survival[place],
            None if math.isnan(low) else 100 * low,
            None if math.isnan(high) else 100 * high,
        )

    def median_of(self, levels: Sequence[float]) -> Number:
        """The first time with at most one half; the middle of the stretch where it is one half."""
        for place, level in enumerate(levels):
            if level <= 0.5 + NEAR:
                lasts = self.times[place + 1] if place + 1 < len(self.times) else self.longest
                level_stretch = abs(level - 0.5) < NEAR
                return (self.times[place] + lasts) / 2 if level_stretch else self.times[place]
        return None


def curve(times: Sequence[int], failed: Sequence[bool]) -> Curve:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # statsmodels divides by 0 where all who are left fail
        found = SurvfuncRight(np.array(times, dtype=float), np.array(failed, dtype=int))
        survival = [0.0 if level < NEAR else float(level) for level in found.surv_prob]
        errors = [float(error) for error in found.surv_prob_se]
    relative = [Z_95 * se / s if s else math.nan for s, se in zip(survival, errors, strict=True)]
    lower = [s * math.exp(-r) for s, r in zip(survival, relative, strict=True)]
    upper = [s * math.exp(r) for s, r in zip(survival, relative, strict=True)]
    capped = [level if math.isnan(level) else min(1.0, level) for level in upper]
    return Curve([float(time) for time in found.surv_times], survival, lower, capped, float(max(times)))


def incidence(times: Sequence[int], causes: Sequence[int], cause: int, day: float) -> Number:
    """Aalen-Johansen: the hazard of the cause on each day, times the chance of being there."""
    if not times or day > max(times):
        return None
    there, total = Fraction(1), Fraction(0)
    for time in sorted(set(times)):
        if time > day:
            break
        at_risk = sum(other >= time for other in times)
        failed = [c for t, c in zip(times, causes, strict=True) if t == time and c != CENSORED]
        total += there * Fraction(failed.count(cause), at_risk)
        there *= 1 - Fraction(len(failed), at_risk)
    return float(100 * total)


# --- figures ----------------------------------------------------------------------------------------------
def figures(timelines: Iterable[Timeline], cutoff: date) -> dict[str, Number]:
    patients = [Patient(timeline, cutoff) for timeline in timelines]
    enrolled = [one for one in patients if one.is_enrolled]
    treated = [one for one in patients if one.is_treated]
    parts = (
        _cohort(enrolled, treated),
        _history(enrolled),
        _response(treated),
        _toxicity(treated),
        _after_graft(treated),
        _relapse(treated),
        _status(treated),
        _times(treated),
    )
    return {id: value for part in parts for id, value in part}


def _counted(stem: str, patients: Sequence[Patient], holds: Callable[[Patient], Any]) -> dict[str, Number]:
    n = sum(bool(holds(one)) for one in patients)
    return {f"{stem}_n": n, f"{stem}_pct": percent(n, len(patients))}


def _cohort(enrolled: list[Patient], treated: list[Patient]) -> Iterator[tuple[str, Number]]:
    yield from {"enrolled_n": len(enrolled), "saf_n": len(treated)}.items()
    ages = [(one.facts.enrolment_date - one.facts.date_of_birth).days / 365.25 for one in enrolled]
    yield from spread("age", ages).items()
    yield from _counted("male", enrolled, lambda one: one.facts.sex is Sex.M).items()
    for stem, diagnosis in (("dx_aml", "AML"), ("dx_tlbl", "T-LBL"), ("dx_tall", "T-ALL")):
        yield from _counted(
            stem, enrolled, lambda one, diagnosis=diagnosis: one.facts.diagnosis == diagnosis
        ).items()
    observed = [one.survival[0] for one in treated]
    long, size = sum(days >= 92 for days in observed), len(treated)  # 91.3125
    yield from {"fu_ge_3m_n": long, "fu_ge_3m_pct": percent(long, size)}.items()
    yield from _counted("fu_ge_3m_potential", treated, lambda one: one.days_to(one.cutoff) >= 92).items()
    yield from spread("fu", [days / MONTH for days in observed]).items()
    alive = [not one.survival[1] for one in treated]
    reverse = curve(observed, alive) if treated else None
    median = reverse.median_of(reverse.survival) if reverse else None
    yield "fu_reverse_km_median", None if median is None else median / MONTH


def _history(enrolled: list[Patient]) -> Iterator[tuple[str, Number]]:
    holds: dict[str, Callable[[Timeline], bool]] = {
        "prior_lines_ge3": lambda facts: facts.prior_lines >= 3,
        "prior_allo": lambda facts: facts.n_prior_allo_hsct >= 1,
        "src_new_haplo": lambda facts: facts.product_source is ProductSource.NEW_HAPLO,
        "src_prior_donor": lambda facts: facts.product_source is ProductSource.PRIOR_DONOR,
        "donor_offspring": lambda facts: facts.donor_relationship is Relationship.OFFSPRING,
        "donor_parent": lambda facts: facts.donor_relationship is Relationship.PARENT,
        "donor_sibling": lambda facts: facts.donor_relationship is Relationship.SIBLING,
        # A batch is made for whoever is infused, from the day of enrolment on.
        "mfg_success": lambda facts: facts.cart_infusion_date is not None,
    }
    for stem, fact in holds.items():
        yield from _counted(stem, enrolled, lambda one, fact=fact: fact(one.facts)).items()
    yield "prior_allo_two_n", sum(one.facts.n_prior_allo_hsct == 2 for one in enrolled)
    yield "prior_cll1_n", sum(one.facts.prior_cll1_cart for one in enrolled)


def _toxicity(treated: list[Patient]) -> Iterator[tuple[str, Number]]:
    for name, grades in (("g0", (0,)), ("g12", (1, 2)), ("g3", (3,)), ("g4", (4,))):
        yield from _counted(
            f"crs_{name}", treated, lambda one, grades=grades: one.grade("crs") in grades
        ).items()
    yield from _counted("cytopenia_g34", treated, lambda one: one.cytopenia >= 3).items()


def _after_graft(treated: list[Patient]) -> Iterator[tuple[str, Number]]:
    grafted = [one for one in treated if one.is_grafted]
    for name, grades in (("any", (1, 2, 3, 4)), ("g12", (1, 2)), ("g3", (3,)), ("g4", (4,))):
        yield from _counted(
            f"agvhd_{name}", grafted, lambda one, grades=grades: one.grade("agvhd") in grades
        ).items()
    yield "agvhd_resolved_n", sum(one.by_cutoff("agvhd_resolved_date") is not None for one in grafted)
    of_any = [one.acute(1) for one in grafted]
    for id in ("agvhd_cif_3m", "agvhd_cif_3m_cmprsk"):
        yield id, incidence(*_split(of_any), HAPPENED, 91.3125)
    with_relapse = [one.acute(1, relapse_competes=True) for one in grafted]
    yield "agvhd_cif_3m_relapse_competing", incidence(*_split(with_relapse), HAPPENED, 91.3125)
    for id, grade in (("agvhd_cif_100d", 1), ("agvhd24_cif_100d", 2), ("agvhd34_cif_100d", 3)):
        yield id, incidence(*_split([one.acute(grade) for one in grafted]), HAPPENED, 100)
    yield from _chimerism(treated, grafted)
    chronic = [one for one in grafted if one.is_evaluable_for_chronic]
    yield "cgvhd_evaluable", len(chronic)
    yield "cgvhd_n", sum(one.by_cutoff("cgvhd_onset_date") is not None for one in chronic)


def _split(ends: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [time for time, _ in ends], [cause for _, cause in ends]


def _chimerism(treated: list[Patient], grafted: list[Patient]) -> Iterator[tuple[str, Number]]:
    shares = [(one, one.first_month_share) for one in grafted]
    evaluable = [(one, share) for one, share in shares if share is not None]
    full = sum(share >= 95 for _, share in evaluable)
    yield "chimerism_evaluable", len(evaluable)
    yield from {"chimerism_full_n": full, "chimerism_full_pct": percent(full, len(evaluable))}.items()
    yield from limits("chimerism_full_pct", full, len(evaluable)).items()
    earliest = min((one.days_to(one.relapsed) for one in treated if one.relapsed), default=None)
    mixed = [one for one, share in evaluable if share < 95 and one.relapsed]
    yield "chimerism_mixed_relapsed", sum(one.days_to(one.relapsed) == earliest for one in mixed)


def _response(treated: list[Patient]) -> Iterator[tuple[str, Number]]:
    negative = {"cri": lambda one: one.in_remission and one.facts.response is Response.MRD_NEG_CRI}
    for stem, holds in {**negative, "hsct": lambda one: one.is_grafted}.items():
        counted = _counted(stem, treated, holds)
        yield from (counted | limits(f"{stem}_pct", int(counted[f"{stem}_n"] or 0), len(treated))).items()
    grafted = [one for one in treated if one.is_grafted]
    intervals = [one.days_to(one.facts.hsct_date) for one in grafted]
    yield "hsct_within_month_n", sum(days <= 30 for days in intervals)
    yield from spread("hsct_interval", intervals).items()
    yield from {"no_conditioning_n": len(grafted), "no_prophylaxis_n": len(grafted)}.items()
    yield "dose_in_window_n", sum(_dose_in_window(one.facts) for one in treated)


def _dose_in_window(facts: Timeline) -> bool:
    """20 % about 2 x 10^6 per kg, on the three decimals that are recorded."""
    dose = Decimal(facts.cart_dose_cells_per_kg or 0) / 1_000_000
    return Decimal("1.6") <= dose.quantize(Decimal("0.001"), ROUND_HALF_UP) <= Decimal("2.4")


def _relapse(treated: list[Patient]) -> Iterator[tuple[str, Number]]:
    relapsed = [one for one in treated if one.relapsed]
    negative = [one for one in relapsed if one.facts.relapse_type is RelapseType.CD7_NEGATIVE]
    for stem, some in (("relapse", negative), ("relapse_any", relapsed)):
        yield from {f"{stem}_n": len(some), f"{stem}_pct": percent(len(some), len(treated))}.items()
    yield "relapse_cd7pos_n", len(relapsed) - len(negative)
    yield "cd7neg_share_pct", percent(len(negative), len(relapsed))
    yield from limits("cd7neg_share_pct", len(negative), len(relapsed)).items()
    yield from spread("relapse", [one.days_to(one.relapsed) / MONTH for one in relapsed]).items()


def _status(treated: list[Patient]) -> Iterator[tuple[str, Number]]:
    alive = [one for one in treated if not one.died]
    free = [one for one in alive if not one.relapsed]
    dead = [one.facts.death_cause for one in treated if one.died]
    yield from {"alive_n": len(alive), "deaths_n": len(dead), "disease_free_n": len(free)}.items()
    yield "disease_free_cri_n", sum(one.in_remission is not None for one in free)
    for name, cause in (("infection", "INFECTION"), ("relapse", "RELAPSE"), ("other", "OTHER")):
        yield f"deaths_{name}", dead.count(DeathCause(cause))


def _times(treated: list[Patient]) -> Iterator[tuple[str, Number]]:
    progression = [one.progression for one in treated]
    times, causes = [time for time, _ in progression], [cause for _, cause in progression]
    yield from _survival("os", [one.survival for one in treated])
    yield from _survival("pfs", [(time, cause != CENSORED) for time, cause in progression])
    yield "relapse_cif_12m", incidence(times, causes, RELAPSED, 365.25)
    yield "nrm_12m", incidence(times, causes, DIED, 365.25)


def _survival(stem: str, ends: list[tuple[int, bool]]) -> Iterator[tuple[str, Number]]:
    times, failed = [time for time, _ in ends], [failure for _, failure in ends]
    yield f"{stem}_events_n", sum(failed)
    for month in (0, 3, 6, 9, 12, 15, 18):
        yield f"{stem}_nrisk_{month}m", sum(time >= month * MONTH for time in times)
    found = curve(times, failed) if times else None
    for month in (1, 3, 6, 12, 24):
        values = found.at(month * MONTH) if found else (None, None, None)
        yield from zip(
            (f"{stem}_{month}m", f"{stem}_{month}m_lo", f"{stem}_{month}m_hi"), values, strict=True
        )
    for part, levels in (("", "survival"), ("_lo", "lower"), ("_hi", "upper")):
        median = found.median_of(getattr(found, levels)) if found else None
        yield f"{stem}_median{part}", None if median is None else median / MONTH
