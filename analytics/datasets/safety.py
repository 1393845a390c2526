"""The worst grades of one subject after the infusion, and what a stopping rule asks of it.

Each is read from the items of the casebook as of the cut-off. What never happened has no value; grade 0 is
the absence of any in a subject who was infused, and it is the table of grades that says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from analytics.datasets.haematotoxicity import Haematotoxicity, haematotoxicity_of
from analytics.datasets.sourced import Sourced, sourced
from analytics.datasets.toxicity import counts_in_window, worst
from patients.casebook.answers import Casebook, Record, local_day

RCL_POSITIVE = "positive"


@dataclass(frozen=True)
class Safety:
    """The worst grades by form and lineage, and facts that pause the trial."""

    icans_max: Sourced[int] | None
    iec_hs_max: Sourced[int] | None
    neutrophils_max: Sourced[int] | None
    platelets_max: Sourced[int] | None
    haemoglobin_max: Sourced[int] | None
    lymphocytes_max: Sourced[int] | None
    acute_before_max: Sourced[int] | None
    haematotoxicity: Haematotoxicity | None
    dose_limiting: Sourced[bool] | None
    dose_limiting_rules: Sourced[str] | None
    graft_failure: Sourced[bool] | None
    replication_competent: Sourced[str] | None


def safety_of(casebook: Casebook, infused: date | None, grafted: date | None) -> Safety:
    counts = counts_in_window(casebook, infused, grafted)

    def lineage(test: str) -> Sourced[int] | None:
        return worst((record for record in counts if record.values["lab_test"] == test), "lab_grade")

    return Safety(
        icans_max=worst(casebook.records("ICANS"), "icans_grade"),
        iec_hs_max=_chosen(casebook, "HLH", "hlh_grade"),
        neutrophils_max=lineage("NEUT"),
        platelets_max=lineage("PLAT"),
        haemoglobin_max=lineage("HGB"),
        lymphocytes_max=lineage("LYM"),
        acute_before_max=worst(_acute_before_graft(casebook, infused, grafted), "ag_grade"),
        haematotoxicity=haematotoxicity_of(casebook, infused, grafted),
        dose_limiting=_last(casebook, "DLT", "dlt_occurred"),
        dose_limiting_rules=_joined(_last(casebook, "DLT", "dlt_rule")),
        graft_failure=_graft_failure(casebook),
        replication_competent=_replication_competent(casebook),
    )


def _chosen(casebook: Casebook, form: str, item: str) -> Sourced[int] | None:
    """The worst of grades that are chosen as codes."""
    found = (sourced(record, item) for record in casebook.records(form))
    grades = [replace(one, value=int(one.value)) for one in found if one is not None]
    return max(grades, key=lambda one: one.value, default=None)


def _acute_before_graft(casebook: Casebook, infused: date | None, grafted: date | None) -> Iterator[Record]:
    """Assessments of episodes that began from T0 on and before H0, whenever they were assessed."""
    for record in casebook.records("AGVHD"):
        began = record.values["ag_onset_dt"] or local_day(record.values["ag_dt"])
        if infused and began and began >= infused and (grafted is None or began < grafted):
            yield record


def _last(casebook: Casebook, form: str, item: str) -> Sourced[Any] | None:
    found = [one for record in casebook.records(form) if (one := sourced(record, item)) is not None]
    return found[-1] if found else None


def _joined(found: Sourced[Any] | None) -> Sourced[str] | None:
    return None if found is None else replace(found, value=" ".join(found.value))


def _graft_failure(casebook: Casebook) -> Sourced[bool] | None:
    """A primary or secondary failure, if there is one, else that a primary one was excluded."""
    pages = casebook.records("ENG")
    failed = [one for page in pages for one in _failures(page) if one.value]
    primary = [one for page in pages if (one := sourced(page, "eng_primary_gf")) is not None]
    return next(iter(failed), primary[-1] if primary else None)


def _failures(page: Record) -> Iterator[Sourced[bool]]:
    for item in ("eng_primary_gf", "eng_secondary_gf"):
        if (found := sourced(page, item)) is not None:
            yield found


def _replication_competent(casebook: Casebook) -> Sourced[str] | None:
    """A positive test, if there is one, else the last."""
    found = [one for page in casebook.records("REL") if (one := sourced(page, "rel_rcl")) is not None]
    positive = [one for one in found if one.value == RCL_POSITIVE]
    return next(iter(positive or found[-1:]), None)
