"""CRS, cytopenia, chimerism and GVHD of one subject, graded from their components."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from analytics.datasets.sourced import Sourced, earliest, sourced, sourced_day
from patients.casebook.answers import Casebook, Record, local_day

LINEAGES = ("NEUT", "PLAT", "HGB", "LYM")
CYTOPENIA_AFTER_GRAFT_DAYS = 30
CYTOPENIA_AFTER_INFUSION_DAYS = 60
FIRST_MONTH_HSCT_DAYS = (27, 35)
FIRST_MONTH_TARGET = 30


@dataclass(frozen=True)
class Toxicity:
    """The worst grades and first days. Acute GVHD is that of after the graft; an episode that began before it
    is not counted here."""

    crs_max: Sourced[int] | None
    cytopenia_max: Sourced[int] | None
    acute_max: Sourced[int] | None
    acute_onset: Sourced[date] | None
    acute_2_onset: Sourced[date] | None
    acute_3_onset: Sourced[date] | None
    acute_resolved: Sourced[date] | None
    donor_share: Sourced[Decimal] | None
    chronic_onset: Sourced[date] | None


def toxicity_of(casebook: Casebook, infused: date | None, grafted: date | None) -> Toxicity:
    acute = list(_acute_after_graft(casebook, grafted))
    return Toxicity(
        crs_max=worst(casebook.records("CRS"), "crs_grade"),
        cytopenia_max=worst(counts_in_window(casebook, infused, grafted), "lab_grade"),
        acute_max=worst(acute, "ag_grade"),
        acute_onset=earliest(_onsets(acute)),
        acute_2_onset=earliest(_reached(acute, 2)),
        acute_3_onset=earliest(_reached(acute, 3)),
        acute_resolved=_resolved(casebook, acute, grafted),
        donor_share=_first_month(casebook, grafted),
        chronic_onset=earliest(_chronic(casebook)),
    )


def worst(records: Iterable[Record], item: str) -> Sourced[int] | None:
    """The highest grade of an item, the first of several."""
    graded = [found for record in records if (found := sourced(record, item)) is not None]
    return max(graded, key=lambda found: found.value, default=None)


def counts_in_window(casebook: Casebook, infused: date | None, grafted: date | None) -> list[Record]:
    """Neutrophils, platelets, haemoglobin and lymphocytes from T0 to min(H0 + 30, T0 + 60)."""
    if infused is None:
        return []
    last = infused + timedelta(CYTOPENIA_AFTER_INFUSION_DAYS)
    if grafted is not None:
        last = min(last, grafted + timedelta(CYTOPENIA_AFTER_GRAFT_DAYS))
    return [
        record
        for record in casebook.records("LAB")
        if record.values["lab_test"] in LINEAGES
        and (day := local_day(record.values["lab_dt"])) is not None
        and infused <= day <= last
    ]


def _acute_after_graft(casebook: Casebook, grafted: date | None) -> Iterator[Record]:
    """Assessments from H0 on with a grade, of episodes that began on its day or later."""
    for record in casebook.records("AGVHD"):
        day, onset = record.values["ag_dt"], record.values["ag_onset_dt"]
        if grafted and day and day >= grafted and record.values["ag_grade"] and (onset or day) >= grafted:
            yield record


def _onsets(acute: list[Record]) -> Iterator[Sourced[date]]:
    for record in acute:
        item = "ag_onset_dt" if record.values["ag_onset_dt"] else "ag_dt"
        if (found := sourced_day(record, item)) is not None:
            yield found


def _reached(acute: list[Record], grade: int) -> Iterator[Sourced[date]]:
    """The days on which an assessment found at least this grade."""
    for record in acute:
        found = sourced_day(record, "ag_dt")
        if record.values["ag_grade"] >= grade and found is not None:
            yield found


def _resolved(casebook: Casebook, acute: list[Record], grafted: date | None) -> Sourced[date] | None:
    """The first resolution after the onset of acute GVHD after the graft."""
    onset = earliest(_onsets(acute))
    if onset is None or grafted is None:
        return None
    days = (sourced_day(record, "ag_resolved_dt") for record in casebook.records("AGVHD"))
    return earliest(day for day in days if day is not None and day.value >= onset.value)


def _first_month(casebook: Casebook, grafted: date | None) -> Sourced[Decimal] | None:
    """The graft donor's fraction on HSCT day 27 to 35: whole blood, else the lower of CD3 and CD33 of blood,
    marrow only without blood; nearest to day 30, the later on a tie."""
    if grafted is None:
        return None
    shares = [
        (share, day)
        for day in _sample_days(casebook, grafted)
        if (share := share_on(casebook, grafted + timedelta(day))) is not None
    ]
    best = min(shares, key=lambda pair: (abs(pair[1] - FIRST_MONTH_TARGET), -pair[1]), default=None)
    return best[0] if best else None


def _sample_days(casebook: Casebook, grafted: date) -> list[int]:
    first, last = FIRST_MONTH_HSCT_DAYS
    days = {(r.values["chim_dt"] - grafted).days for r in casebook.records("CHIM") if r.values["chim_dt"]}
    return sorted(day for day in days if first <= day <= last)


def share_on(casebook: Casebook, day: date) -> Sourced[Decimal] | None:
    """The graft donor's fraction of the samples of a day: of blood before marrow, whole before the lower of
    CD3 and CD33."""
    taken = [record for record in casebook.records("CHIM") if record.values["chim_dt"] == day]
    for sample in ("blood", "marrow"):
        by_lineage = {r.values["chim_lineage"]: r for r in taken if r.values["chim_sample"] == sample}
        if "whole" in by_lineage:
            return sourced(by_lineage["whole"], "chim_donor_pct")
        if {"cd3", "cd33_cd15_myeloid"} <= by_lineage.keys():
            both = [sourced(by_lineage[name], "chim_donor_pct") for name in ("cd3", "cd33_cd15_myeloid")]
            return min((one for one in both if one is not None), key=lambda one: one.value, default=None)
    return None


def _chronic(casebook: Casebook) -> Iterator[Sourced[date]]:
    for record in casebook.records("CGVHD"):
        found = sourced_day(record, "cg_dt")
        if record.values["cg_present"] and found is not None:
            yield found
