"""The dated facts of one subject that the endpoints are made of, as of the cut-off.

Definitions follow the trial's endpoint conventions: a relapse or progression of any CD7 status counts unless
it is of MRD or molecular alone; relapse wins over death on one day; last known alive is the latest contact
that says so, or any visit or sample; freedom from disease needs an assessment of the disease.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from analytics.datasets.blood_counts import Sample, samples_of
from analytics.datasets.history import History, history_of
from analytics.datasets.safety import Safety, safety_of
from analytics.datasets.sourced import Sourced, days, earliest, first, latest, sourced, sourced_day
from analytics.datasets.toxicity import Toxicity, toxicity_of
from analytics.locks.codes import Code, Place
from analytics.locks.cut import FORM_DATE, SubjectFacts
from analytics.locks.snapshot import CutSubject
from patients.casebook.answers import Casebook, Record
from patients.casebook.form import declared_forms
from patients.entry.derive import with_derived
from patients.forms.relapse import COUNTING
from patients.grading.response import REMISSIONS

MRD_ALONE = ("mrd_relapse", "molecular_relapse")
NO_PROOF_OF_LIFE = frozenset({"FU", "DTH", "EOS"})  # FU only where it says ALIVE
WITHOUT_PROGRESSION = frozenset({"CR", "CRh", "CRi", "MLFS", "PR", "SD", "NR"})

Day = Sourced[date] | None


def tell(subject: CutSubject, cutoff: date) -> "Story":
    """The story of a subject; its derived items are computed here, from the rows of the cut."""
    derive_all(subject.casebook)
    return Story(subject.facts, cutoff, subject.casebook, subject.codes)


def derive_all(casebook: Casebook) -> None:
    """Compute the derived items of the rows of a cut, form by form."""
    for model in declared_forms():
        for record in casebook.records(model.form.code):
            with_derived(record, casebook)


@dataclass(frozen=True)
class Story:
    """One subject. Dates are local days of the site, none of them after the cut-off. `codes`: what the terms
    of its rows are coded as, by form, visit and row key."""

    facts: SubjectFacts
    cutoff: date
    casebook: Casebook
    codes: Mapping[Place, Code] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        return self.facts.subject

    # --- treatment -----------------------------------------------------------------------------------------
    @cached_property
    def enrolled(self) -> Day:
        return _day_of(self.casebook, "ELIG", "enrol_dt")

    @cached_property
    def infused(self) -> Day:
        return _day_of(self.casebook, "INF", "inf_start_dt")

    @cached_property
    def first_dose(self) -> Day:
        """Of lymphodepletion."""
        return earliest(days(self.casebook, "LD", "ld_date"))

    @cached_property
    def grafted(self) -> Day:
        done = days(self.casebook, "HSCT", "hsct_start_dt", lambda record: bool(record.values["hsct_done"]))
        return next(done, None)

    # --- analysis sets that endpoints begin with -----------------------------------------------------------
    @property
    def infused_in_set(self) -> Day:
        """T0 of a subject of SAF: enrolled, and infused."""
        return self.infused if self.enrolled is not None else None

    @property
    def grafted_in_set(self) -> Day:
        """H0 of a subject of HSCTSET: in SAF, and transplanted."""
        return self.grafted if self.infused_in_set is not None else None

    # --- relapse and death ---------------------------------------------------------------------------------
    @cached_property
    def died(self) -> Day:
        return _day_of(self.casebook, "DTH", "dth_dt")

    @property
    def death_cause(self) -> Sourced[str] | None:
        return first(self.casebook, "DTH", "dth_primary")

    @property
    def death_related(self) -> Sourced[str] | None:
        return first(self.casebook, "DTH", "dth_rel_cart")

    @property
    def death_related_to_graft(self) -> Sourced[str] | None:
        return first(self.casebook, "DTH", "dth_rel_hsct")

    def _relapses(self, kinds: Collection[str]) -> list[Record]:
        """Those of some kinds, not after death."""
        return [
            record
            for record in self.casebook.records("RLP")
            if record.values["rlp_type"] in kinds and record.values["rlp_dt"]
            if self.died is None or record.values["rlp_dt"] <= self.died.value
        ]

    @cached_property
    def _relapse(self) -> Record | None:
        """The first relapse or progression that counts in PFS."""
        return min(self._relapses(COUNTING), key=lambda record: record.values["rlp_dt"], default=None)

    @cached_property
    def relapse(self) -> Day:
        return sourced_day(self._relapse, "rlp_dt") if self._relapse else None

    def relapse_from(self, origin: date) -> Day:
        """The first that counts on a day or later."""
        found = (sourced_day(record, "rlp_dt") for record in self._relapses(COUNTING))
        return earliest(day for day in found if day is not None and day.value >= origin)

    @property
    def mrd_relapse(self) -> Day:
        """The first relapse of MRD or molecular alone."""
        found = (sourced_day(record, "rlp_dt") for record in self._relapses(MRD_ALONE))
        return earliest(day for day in found if day is not None)

    @property
    def relapse_type(self) -> Sourced[str] | None:
        return sourced(self._relapse, "rlp_type") if self._relapse else None

    @property
    def relapse_cd7(self) -> Sourced[str] | None:
        return sourced(self._relapse, "rlp_cd7") if self._relapse else None

    # --- response ------------------------------------------------------------------------------------------
    @cached_property
    def remission(self) -> Day:
        """The first CR, CRh or CRi by the protocol's policy, after infusion and before relapse."""
        return earliest(days(self.casebook, "RESP", "resp_dt", self._is_remission))

    @property
    def remission_strict(self) -> Day:
        """The first CR, CRh or CRi by the strict reading, after infusion and before relapse."""
        return earliest(
            days(self.casebook, "RESP", "resp_dt", lambda record: self._is_remission(record, "resp_strict"))
        )

    @property
    def remission_mrd_negative(self) -> Day:
        """The first with negative MRD on the same page, on or before the day of transplantation."""

        def counts(record: Record) -> bool:
            day, last = record.values["resp_dt"], self.grafted.value if self.grafted else date.max
            return self._is_remission(record) and record.values["mrd_status"] == "negative" and day <= last

        return earliest(days(self.casebook, "RESP", "resp_dt", counts))

    def _is_remission(self, record: Record, policy: str = "resp_protocol") -> bool:
        day = record.values["resp_dt"]
        if record.values[policy] not in REMISSIONS or day is None or self.infused is None:
            return False
        return bool(day > self.infused.value and (self.relapse is None or day < self.relapse.value))

    # --- before the product, and what it did ---------------------------------------------------------------
    @cached_property
    def history(self) -> History:
        return history_of(self.casebook)

    @cached_property
    def toxicity(self) -> Toxicity:
        return toxicity_of(self.casebook, value(self.infused), value(self.grafted))

    @cached_property
    def safety(self) -> Safety:
        return safety_of(self.casebook, value(self.infused), value(self.grafted))

    # --- blood counts --------------------------------------------------------------------------------------
    @cached_property
    def neutrophils(self) -> list[Sample]:
        return samples_of(self.casebook, "NEUT")

    @cached_property
    def platelets(self) -> list[Sample]:
        return samples_of(self.casebook, "PLAT")

    # --- how long it was observed --------------------------------------------------------------------------
    @cached_property
    def last_alive(self) -> Day:
        """The latest contact that says alive, visit or sample; none after death."""
        contacts = days(self.casebook, "FU", "fu_dt", lambda record: record.values["fu_status"] == "ALIVE")
        alive = (*contacts, *_seen(self.casebook))
        return latest(day for day in alive if self.died is None or day.value <= self.died.value)

    @cached_property
    def last_free_of_disease(self) -> Day:
        """The latest assessment after infusion that found neither relapse nor progression."""
        assessed = days(
            self.casebook,
            "RESP",
            "resp_dt",
            lambda record: record.values["resp_protocol"] in WITHOUT_PROGRESSION,
        )
        free = (*days(self.casebook, "FU", "fu_dz_dt"), *assessed)
        return latest(day for day in free if self.infused is not None and day.value > self.infused.value)

    # --- what is counted -----------------------------------------------------------------------------------
    @property
    def sex(self) -> Sourced[str] | None:
        return first(self.casebook, "DM", "sex")

    @property
    def diagnosis(self) -> Sourced[str] | None:
        return first(self.casebook, "DX", "dx_type")

    @property
    def dose_per_kg(self) -> Sourced[Decimal] | None:
        return first(self.casebook, "INF", "inf_dose_kg")

    @property
    def lymphodepletion(self) -> tuple[Sourced[Decimal], ...]:
        """The doses that were given."""
        found = (sourced(record, "ld_dose_given") for record in self.casebook.records("LD"))
        return tuple(one for one in found if one is not None and one.value)

    @property
    def graft_cd34(self) -> Sourced[Decimal] | None:
        return first(self.casebook, "HSCT", "graft_cd34")

    @property
    def dose_in_window(self) -> Sourced[bool] | None:
        return first(self.casebook, "INF", "inf_dose_ok")

    @property
    def without_conditioning(self) -> Sourced[bool] | None:
        return first(self.casebook, "HSCT", "cond_none")

    @property
    def without_prophylaxis(self) -> Sourced[bool] | None:
        return first(self.casebook, "HSCT", "gvhdp_none")


def _day_of(casebook: Casebook, form: str, item: str) -> Day:
    return next(days(casebook, form, item), None)


def _seen(casebook: Casebook) -> Iterator[Sourced[date]]:
    """Visits and samples that took place, by the date of the page and by the dating item of its form."""
    for model in declared_forms():
        if model.form.code in NO_PROOF_OF_LIFE:
            continue
        for record in casebook.records(model.form.code):
            yield from () if record.header.get("not_done") else _dates_of(record, model.form.dated_by)


def _dates_of(record: Record, dated_by: str) -> Iterator[Sourced[date]]:
    if record.form_date is not None:
        yield Sourced(record.form_date, *record.place, FORM_DATE)
    if dated_by and (day := sourced_day(record, dated_by)) is not None:
        yield day


def value(fact: Sourced[Any] | None) -> Any:
    """The bare value of a fact."""
    return None if fact is None else fact.value
