"""The datasets of a snapshot as typed tables, and the table of the items behind each of their values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import attrgetter
from typing import Any

import polars as pl

from analytics.datasets.adverse_events import AdverseEvent, adverse_events_of
from analytics.datasets.sourced import Sourced
from analytics.datasets.story import Story, tell, value
from analytics.datasets.time_to_event import ADTTE, endpoints_of
from analytics.locks.snapshot import CutSubject

_ADSL: dict[str, Any] = {
    "SUBJID": pl.String,
    "SITEID": pl.String,
    "ENRLFL": pl.Boolean,
    "SAFFL": pl.Boolean,
    "HSCTFL": pl.Boolean,
    "AGEDAYS": pl.Int32,
    "ENRLDT": pl.Date,
    "TRTSDT": pl.Date,
    "TR02SDT": pl.Date,
    "DTHDT": pl.Date,
    "DTHCAUS": pl.String,
    "RLPDT": pl.Date,
    "RLPTYPE": pl.String,
    "RLPCD7": pl.String,
    "REMDT": pl.Date,
    "CRIMRDDT": pl.Date,
    "LSTALVDT": pl.Date,
    "LSTDZDT": pl.Date,
    "SEX": pl.String,
    "DXTYPE": pl.String,
    "DOSEFL": pl.Boolean,
    "NOCONDFL": pl.Boolean,
    "NOPROPFL": pl.Boolean,
    "DONCLASS": pl.String,
    "DONGRP": pl.String,
    "MFGFL": pl.Boolean,
    "CRSMAX": pl.Int8,
    "CYTMAX": pl.Int8,
    "AGMAX": pl.Int8,
    "AGONDT": pl.Date,
    "AGRESDT": pl.Date,
    "CHIM1PCT": pl.Decimal(5, 2),
    "CGONDT": pl.Date,
    "PRLINES": pl.Int16,
    "PRALLO": pl.Int16,
    "PRCLL1": pl.Int16,
}
_ADAE: dict[str, Any] = {
    "SUBJID": pl.String,
    "AESEQ": pl.Int32,
    "AETERM": pl.String,
    "AEDECOD": pl.String,
    "AETOX": pl.String,
    "AESCAT": pl.String,
    "AETOXGR": pl.Int8,
    "ASTDT": pl.Date,
    "ASTDTF": pl.String,
    "ASTDY": pl.Int32,
    "HSCTDY": pl.Int32,
    "AENDT": pl.Date,
    "AENDTF": pl.String,
    "AESER": pl.Boolean,
    "AEREL": pl.String,
    "AEOUT": pl.String,
    "TRTEMFL": pl.Boolean,
    "APERIODC": pl.String,
    "DLTFL": pl.String,
    "form": pl.String,
    "visit": pl.String,
    "row_key": pl.String,
}
_TRACE: dict[str, Any] = {
    "DATASET": pl.String,
    "SUBJID": pl.String,
    "VARIABLE": pl.String,
    "form": pl.String,
    "visit": pl.String,
    "row_key": pl.String,
    "item": pl.String,
}


# Which fact of a story is which variable of ADSL.
_FACTS = {
    "ENRLDT": "enrolled",
    "TRTSDT": "infused",
    "TR02SDT": "grafted",
    "DTHDT": "died",
    "DTHCAUS": "death_cause",
    "RLPDT": "relapse",
    "RLPTYPE": "relapse_type",
    "RLPCD7": "relapse_cd7",
    "REMDT": "remission",
    "CRIMRDDT": "remission_mrd_negative",
    "LSTALVDT": "last_alive",
    "LSTDZDT": "last_free_of_disease",
    "SEX": "sex",
    "DXTYPE": "diagnosis",
    "DOSEFL": "dose_in_window",
    "NOCONDFL": "without_conditioning",
    "NOPROPFL": "without_prophylaxis",
    "DONCLASS": "history.donor_class",
    "DONGRP": "history.donor_group",
    "MFGFL": "history.manufactured",
    "CRSMAX": "toxicity.crs_max",
    "CYTMAX": "toxicity.cytopenia_max",
    "AGMAX": "toxicity.acute_max",
    "AGONDT": "toxicity.acute_onset",
    "AGRESDT": "toxicity.acute_resolved",
    "CHIM1PCT": "toxicity.donor_share",
    "CGONDT": "toxicity.chronic_onset",
}
# Which of its lists is counted in which variable: each entry is a source of the number.
_COUNTS = {
    "PRLINES": "history.lines",
    "PRALLO": "history.allogeneic_transplants",
    "PRCLL1": "history.cll1_car_t",
}
_PLACE = ("form", "visit", "row_key")
_SUBJECTS_AT_ONCE = 2_000  # so many casebooks are held in memory


@dataclass(frozen=True)
class Datasets:
    """ADSL, ADTTE, ADAE, and `trace`: for each value of theirs the form, visit, row and item that gave it."""

    cutoff: date
    adsl: pl.DataFrame
    adtte: pl.DataFrame
    adae: pl.DataFrame
    trace: pl.DataFrame


def build_datasets(cutoff: date, subjects: Iterable[CutSubject]) -> Datasets:
    """The datasets of the subjects of a snapshot. Raises ImpossibleDates."""
    waiting, parts = iter(subjects), [_part([])]
    while some := list(islice(waiting, _SUBJECTS_AT_ONCE)):
        parts.append(_part([tell(subject, cutoff) for subject in some]))
    return Datasets(cutoff, *(pl.concat(frames) for frames in zip(*parts, strict=True)))


def _part(stories: list[Story]) -> tuple[pl.DataFrame, ...]:
    """ADSL, ADTTE, ADAE and trace of some subjects."""
    told = [(story, {name: attrgetter(fact)(story) for name, fact in _FACTS.items()}) for story in stories]
    adtte = ADTTE.table([row for story in stories for row in endpoints_of(story)])
    events = [event for story in stories for event in adverse_events_of(story)]
    traced = [_trace("ADSL", story.subject, *fact) for story, facts in told for fact in facts.items()]
    traced += [
        _trace("ADSL", story.subject, name, fact)
        for story in stories
        for name, counted in _COUNTS.items()
        for fact in attrgetter(counted)(story)
    ]
    traced += [_trace("ADAE", event.subject, *fact) for event in events for fact in event.facts.items()]
    return (
        pl.DataFrame([_adsl(story, facts) for story, facts in told], schema=_ADSL, orient="row"),
        adtte,
        pl.DataFrame([_adae(event) for event in events], schema=_ADAE, orient="row"),
        pl.concat(
            [pl.DataFrame([row for row in traced if row], schema=_TRACE, orient="row"), _trace_of_ends(adtte)]
        ),
    )


def _adsl(story: Story, facts: dict[str, Sourced[Any] | None]) -> dict[str, Any]:
    """ENR: enrolled by the cut-off. SAF: ENR and infused by it. HSCTSET: SAF and transplanted by it."""
    enrolled = story.enrolled is not None
    infused = enrolled and story.infused is not None
    return {
        "SUBJID": story.subject,
        "SITEID": story.facts.site,
        "ENRLFL": enrolled,
        "SAFFL": infused,
        "HSCTFL": infused and story.grafted is not None,
        "AGEDAYS": story.facts.age_days_at_enrolment,
        **{name: value(fact) for name, fact in facts.items()},
        **{name: len(attrgetter(counted)(story)) for name, counted in _COUNTS.items()},
    }


def _trace_of_ends(adtte: pl.DataFrame) -> pl.DataFrame:
    """The items that ADTTE names: of an endpoint its parameter is the variable."""
    return adtte.filter(pl.col("item").is_not_null()).select(
        pl.lit("ADTTE").alias("DATASET"), "SUBJID", pl.col("PARAMCD").alias("VARIABLE"), *_PLACE, "item"
    )


def _adae(event: AdverseEvent) -> dict[str, Any]:
    form, visit, row_key = event.place
    return {
        "SUBJID": event.subject,
        "AESEQ": event.number,
        **{name: value(fact) for name, fact in event.facts.items()},
        "ASTDTF": event.start_filled_in,
        "AENDTF": event.end_filled_in,
        "TRTEMFL": event.emergent,
        "form": form,
        "visit": visit,
        "row_key": row_key,
    }


def _trace(dataset: str, subject: str, variable: str, fact: Sourced[Any] | None) -> tuple[str, ...] | None:
    """Where a value came from; None for one that is missing, or was not read from an item."""
    if fact is None:
        return None
    return dataset, subject, variable, fact.form, fact.visit, fact.row_key, fact.item
