"""Whether an adverse event is a candidate for a dose-limiting toxicity, read from the casebook: the event,
the daily forms of its kind, the graft, and the cause of death."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.casebook.answers import local_day
from patients.forms.anchors import graft_day, infusion_day
from patients.forms.ctcae_terms import CYTOPENIAS, INFECTIONS, LABORATORY
from patients.grading.dose_limiting import (
    SEVERE,
    Criteria,
    Kind,
    ToxicEvent,
    criteria_met,
    dlt_candidate,
)
from patients.grading.result import Graded
from patients.items.conditions import Answers
from trial.protocol.configuration import setting_as

SPARED = LABORATORY | {"fever", "nausea", "fatigue", "tumor_lysis_syndrome"}
APLASIA_CELLULARITY_BELOW_PCT, APLASIA_ANC_BELOW_10E9_PER_L = 5, Decimal("0.5")
DISEASE_FROM_BLASTS_PCT = 5
Item = tuple[str, str, str, str]  # form, visit, row key and item
EVENT_ITEMS = ("ae_special", "ae_ctcae_term", "ae_grade", "ae_start", "ae_rel_cart")
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
    """What the rules in force say of an event; None until its grade and its start are recorded."""
    toxic = _toxic_event(event)
    return None if toxic is None else dlt_candidate(toxic, criteria())


def criteria_of(event: Answers) -> dict[str, list[Item]]:
    """The criteria in force that an event meets, each with the items behind it."""
    toxic = _toxic_event(event)
    if toxic is None:
        return {}
    found = criteria_met(toxic, criteria())
    return {rule: [*_of_event(event, *EVENT_ITEMS), *_BEHIND[rule](event)] for rule in found}


def criteria() -> Criteria:
    """The criteria as they are configured."""
    return Criteria(
        frozenset(f"D{number}" for number in range(1, 10) if setting_as(str, f"dlt_d{number}") == "yes"),
        improved_days=setting_as(int, "dlt_improved_days"),
        iec_hs_days=setting_as(int, "dlt_iec_hs_days"),
        lasting_days=setting_as(int, "dlt_lasting_days"),
    )


def is_in_window(event: Answers) -> bool:
    """Whether an event began in the window of dose-limiting toxicity, day 28 by default; not of one whose
    start is a partial date."""
    start, infused = event["ae_start"], infusion_day(event)
    if start is None or infused is None or not start.is_full:
        return False
    return 0 <= int((start.earliest - infused).days) <= setting_as(int, "dlt_window_days")


def _toxic_event(event: Answers) -> ToxicEvent | None:
    start, grade = event["ae_start"], event["ae_grade"]
    if start is None or grade is None:
        return None
    kind, grafted = kind_of(event), graft_day(event)
    return ToxicEvent(
        kind=kind,
        grade=int(grade),
        relation=event["ae_rel_cart"],
        after_graft=grafted is not None and start.earliest >= grafted,
        course=tuple((day, grade) for day, grade, _row in _course(event, kind)),
        lasted_days=_lasted_days(event),
        spared=event["ae_ctcae_term"] in SPARED,
        steroid_refractory=kind is Kind.AGVHD and any(_refractory(event)),
        aplasia=kind is Kind.CYTOPENIA and any(_aplasia(event)),
        from_disease=_died_of_disease(event),
    )


def _while(event: Answers, form: str, dated: str) -> Iterator[tuple[date, Answers]]:
    """The rows of another form in the time of the event."""
    end: Any = event["ae_end"]
    for row in event.rows(form):
        day = local_day(row[dated])
        if day and event["ae_start"].earliest <= day and (end is None or day <= end.latest):
            yield day, row


def _course(event: Answers, kind: Kind) -> Iterator[tuple[date, int, Answers]]:
    """The grades of its own form; of acute GVHD those before the graft."""
    if kind not in _DAILY:
        return
    form, dated, graded = _DAILY[kind]
    grafted = graft_day(event)
    for day, row in _while(event, form, dated):
        after_graft = grafted is not None and day >= grafted
        if row[graded] is not None and not (kind is Kind.AGVHD and after_graft):
            yield day, int(row[graded]), row


def _lasted_days(event: Answers) -> int | None:
    start, end = event["ae_start"], event["ae_end"]
    full = end is not None and start.is_full and end.is_full
    return (end.earliest - start.earliest).days if full else None


def _refractory(event: Answers) -> Iterator[Answers]:
    """The assessments that say so."""
    for _day, row in _while(event, "AGVHD", "ag_dt"):
        if (row["ag_grade"] or 0) >= 2 and row["ag_steroid_ref"] == "refractory":
            yield row


def _aplasia(event: Answers) -> Iterator[Answers]:
    """The marrows that are empty, with hardly a neutrophil, beyond day 42, without a graft and without
    disease."""
    infused = infusion_day(event)
    if infused is None or graft_day(event) is not None:
        return
    after = infused + timedelta(setting_as(int, "dlt_aplasia_after_day"))
    for row in event.rows("RESP"):
        if row["resp_dt"] and row["resp_dt"] > after and _is_empty(row):
            yield row


def _is_empty(marrow: Answers) -> bool:
    cells, neutrophils, blasts = (marrow[item] for item in ("bm_cellularity", "resp_anc", "bm_blast"))
    if None in (cells, neutrophils, blasts):
        return False
    empty = cells < APLASIA_CELLULARITY_BELOW_PCT and neutrophils < APLASIA_ANC_BELOW_10E9_PER_L
    return bool(empty and blasts < DISEASE_FROM_BLASTS_PCT)


def _died_of_disease(event: Answers) -> bool | None:
    cause = event["DTH.dth_primary"]
    return None if cause is None else cause == "relapse_progression"


# --- the items behind a criterion -------------------------------------------------------------------------
def _of_event(event: Answers, *items: str) -> list[Item]:
    return [("AE", event.visit, event.row_key, item) for item in items if event[item] is not None]


def _of_rows(form: str, rows: Iterable[Answers], *items: str) -> list[Item]:
    return [(form, row.visit, row.row_key, item) for row in rows for item in items if row[item] is not None]


def _severe_days(kind: Kind) -> Callable[[Answers], list[Item]]:
    """The grades of its daily form from 3 on."""
    form, _dated, graded = _DAILY[kind]

    def found(event: Answers) -> list[Item]:
        rows = [row for _day, grade, row in _course(event, kind) if grade >= SEVERE]
        return _of_rows(form, rows, graded)

    return found


def _acute_gvhd(event: Answers) -> list[Item]:
    refractory = _of_rows("AGVHD", _refractory(event), "ag_grade", "ag_steroid_ref")
    return list(dict.fromkeys([*_severe_days(Kind.AGVHD)(event), *refractory]))


def _cause_of_death(event: Answers) -> list[Item]:
    return _of_rows("DTH", event.rows("DTH"), "dth_primary")


def _marrow(event: Answers) -> list[Item]:
    return _of_rows("RESP", _aplasia(event), "resp_dt", "bm_cellularity", "resp_anc", "bm_blast")


def _nothing_more(_event: Answers) -> list[Item]:
    return []


_BEHIND: dict[str, Callable[[Answers], list[Item]]] = {
    "D1": _severe_days(Kind.CRS),
    "D2": _severe_days(Kind.ICANS),
    "D3": _severe_days(Kind.IEC_HS),
    "D4": _nothing_more,
    "D5": lambda event: _of_event(event, "ae_end"),
    "D6": _acute_gvhd,
    "D7": _cause_of_death,
    "D8": _nothing_more,
    "D9": _marrow,
}
"""What a criterion looks at beside the event itself."""
