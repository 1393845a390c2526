"""Whether an adverse event is a candidate for a dose-limiting toxicity, read from the casebook: the event,
the daily forms of its kind, the graft, and the cause of death."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.casebook.answers import local_day
from patients.forms.anchors import graft_day, infusion_day
from patients.forms.ctcae_terms import CYTOPENIAS, INFECTIONS, LABORATORY
from patients.grading.dose_limiting import Kind, ToxicEvent, dlt_candidate
from patients.grading.result import Graded
from patients.items.conditions import Answers

SPARED = LABORATORY | {"fever", "nausea", "fatigue", "tumor_lysis_syndrome"}
APLASIA_AFTER_CAR_DAY = 42
APLASIA_CELLULARITY_BELOW_PCT, APLASIA_ANC_BELOW_10E9_PER_L = 5, Decimal("0.5")
DISEASE_FROM_BLASTS_PCT = 5
_KINDS = {
    "crs": Kind.CRS,
    "icans": Kind.ICANS,
    "iec_hs": Kind.IEC_HS,
    "agvhd": Kind.AGVHD,
    "infection": Kind.INFECTION,
    "cytopenia": Kind.CYTOPENIA,
}
_DAILY = {  # the form of each kind with its date and its grade
    Kind.CRS: ("CRS", "crs_date", "crs_grade"),
    Kind.ICANS: ("ICANS", "ice_dt", "icans_grade"),
    Kind.IEC_HS: ("HLH", "hlh_dt", "hlh_grade"),
    Kind.AGVHD: ("AGVHD", "ag_dt", "ag_grade"),
}
LOOKS_AT = (
    "ae_special",
    "ae_ctcae_term",
    "ae_grade",
    "ae_start",
    "ae_end",
    "ae_rel_cart",
    "CRS",
    "ICANS",
    "HLH",
    "AGVHD",
    "RESP",
    "INF.inf_start_dt",
    "HSCT.hsct_start_dt",
    "DTH.dth_primary",
)


def kind_of(event: Answers) -> Kind:
    """By its link, else by its CTCAE term."""
    if kind := _KINDS.get(event["ae_special"] or ""):
        return kind
    term = event["ae_ctcae_term"]
    if term in CYTOPENIAS:
        return Kind.CYTOPENIA
    return Kind.INFECTION if term in INFECTIONS else Kind.OTHER


def candidate(event: Answers) -> Graded | None:
    """What the rules say of an event; None until its grade and its start are recorded."""
    start, grade = event["ae_start"], event["ae_grade"]
    if start is None or grade is None:
        return None
    kind, grafted = kind_of(event), graft_day(event)
    return dlt_candidate(
        ToxicEvent(
            kind=kind,
            grade=int(grade),
            relation=event["ae_rel_cart"],
            after_graft=grafted is not None and start.earliest >= grafted,
            course=tuple(_course(event, kind)),
            lasted_days=_lasted_days(event),
            spared=event["ae_ctcae_term"] in SPARED,
            steroid_refractory=kind is Kind.AGVHD and _refractory(event),
            aplasia=kind is Kind.CYTOPENIA and _aplasia(event),
            from_disease=_died_of_disease(event),
        )
    )


def _while(event: Answers, form: str, dated: str) -> Iterator[tuple[date, Answers]]:
    """The rows of another form in the time of the event."""
    end: Any = event["ae_end"]
    for row in event.rows(form):
        day = local_day(row[dated])
        if day and event["ae_start"].earliest <= day and (end is None or day <= end.latest):
            yield day, row


def _course(event: Answers, kind: Kind) -> Iterator[tuple[date, int]]:
    """The grades of its own form; of acute GVHD those before the graft."""
    if kind not in _DAILY:
        return
    form, dated, graded = _DAILY[kind]
    grafted = graft_day(event)
    for day, row in _while(event, form, dated):
        after_graft = grafted is not None and day >= grafted
        if row[graded] is not None and not (kind is Kind.AGVHD and after_graft):
            yield day, int(row[graded])


def _lasted_days(event: Answers) -> int | None:
    start, end = event["ae_start"], event["ae_end"]
    full = end is not None and start.is_full and end.is_full
    return (end.earliest - start.earliest).days if full else None


def _refractory(event: Answers) -> bool:
    return any(
        (row["ag_grade"] or 0) >= 2 and row["ag_steroid_ref"] == "refractory"
        for _day, row in _while(event, "AGVHD", "ag_dt")
    )


def _aplasia(event: Answers) -> bool:
    """An empty marrow and hardly a neutrophil beyond day 42, without a graft and without disease."""
    infused = infusion_day(event)
    if infused is None or graft_day(event) is not None:
        return False
    late = (row for row in event.rows("RESP") if row["resp_dt"] and _is_late(row["resp_dt"], infused))
    return any(_is_empty(row) for row in late)


def _is_late(day: date, infused: date) -> bool:
    return day > infused + timedelta(APLASIA_AFTER_CAR_DAY)


def _is_empty(marrow: Answers) -> bool:
    cells, neutrophils, blasts = (marrow[item] for item in ("bm_cellularity", "resp_anc", "bm_blast"))
    if None in (cells, neutrophils, blasts):
        return False
    empty = cells < APLASIA_CELLULARITY_BELOW_PCT and neutrophils < APLASIA_ANC_BELOW_10E9_PER_L
    return bool(empty and blasts < DISEASE_FROM_BLASTS_PCT)


def _died_of_disease(event: Answers) -> bool | None:
    cause = event["DTH.dth_primary"]
    return None if cause is None else cause == "relapse_progression"
