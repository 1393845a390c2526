"""Adverse events and infections that the timeline implies."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any

from patients.builder import laboratory
from patients.builder.story import PageRow, Story
from patients.builder.timeline import DeathCause
from patients.forms.adverse_event import CANDIDATE, CONFIRMED
from patients.items.codelists import NO, RELATED
from patients.items.partial_date import PartialDate
from trial.protocol.configuration import SETTINGS

EVENING = time(20, 0)
SEVERE, LIFE_THREATENING = 3, 4
_CYTOPENIAS = {
    "NEUT": ("Neutropenia", "neutrophil_count_decreased"),
    "PLAT": ("Thrombocytopenia", "platelet_count_decreased"),
    "HGB": ("Anaemia", "anemia"),
    "LYM": ("Lymphopenia", "lymphocyte_count_decreased"),
    "WBC": ("Leukopenia", "white_blood_cell_decreased"),
}
FATAL_INFECTION_DAYS = 6  # from its onset to death, at most
REACTIVATION_AFTER_GRAFT_DAYS = (25, 45)
REACTIVATION_LASTS_DAYS = (14, 30)


def adverse_events(story: Story) -> Iterator[PageRow]:
    """AE: CRS, the cytopenia of each lineage, acute GVHD from grade II, and a fatal infection."""
    for key, values in numbered(story):
        yield PageRow(form="AE", day=story.screened_on, visit="", row_key=key, values=values)


def numbered(story: Story) -> list[tuple[str, dict[str, Any]]]:
    """The events with their keys, in the order in which they began."""
    found = [_crs(story), *_cytopenias(story), _gvhd(story), _fatal_infection(story)]
    events = sorted((event for event in found if event), key=lambda event: str(event["ae_start"]))
    return [(str(number), event) for number, event in enumerate(events, 1)]


def adjudicated_on(story: Story) -> date | None:
    """The day on which dose-limiting toxicity is decided: at C28, or on the day of an earlier death."""
    last = story.facts.last_contact_date
    days = [story.day_of_visit(visit) for visit in story.visits_after_infusion("DLT")]
    reached = [day for day in days if day <= last]
    if reached or story.facts.cart_infusion_date is None:
        return min(reached, default=None)
    return last if story.died else None


def _event(story: Story, start: date, end: date | None, grade: int, **values: Any) -> dict[str, Any]:
    grafted = story.facts.hsct_date
    fatal = grade == 5
    common: dict[str, Any] = {
        "ae_start": PartialDate.of(start),
        "ae_grade": str(grade),
        "ae_serious": fatal,
        "ae_rel_ld": "unlikely",
        "ae_rel_cart": "unlikely",
        "ae_rel_disease": "not_related",
        "ae_action": "NOT APPLICABLE",
        "ae_other_action": ["drug"],
        "ae_outcome": "FATAL" if fatal else "RECOVERED/RESOLVED" if end else "NOT RECOVERED/NOT RESOLVED",
    }
    if grafted:
        common["ae_rel_hsct"] = "unlikely" if start >= grafted else "not_related"
    if end:
        common["ae_end"] = PartialDate.of(end)
    if fatal:
        common |= {"ae_ser_crit": ["death"], "ae_expected": "Y"}
    return common | _near_infusions(story, start) | values | _toxicity(story, start, grade, values)


def _near_infusions(story: Story, start: date) -> dict[str, Any]:
    """On the day of an infusion or the next the time is asked too: the evening, after both."""
    infusions = (story.facts.cart_infusion_date, story.facts.hsct_date)
    near = any(day is not None and 0 <= (start - day).days <= 1 for day in infusions)
    return {"ae_start_time": EVENING} if near else {}


def _toxicity(story: Story, start: date, grade: int, values: dict[str, Any]) -> dict[str, Any]:
    """In the window of dose-limiting toxicity: grade 4 of CRS counts, once the form says so; what else is
    severe is cytopenia, or has other causes than the cells."""
    infused, window = story.facts.cart_infusion_date, SETTINGS["dlt_window_days"].default
    assert isinstance(window, int)
    if infused is None or not 0 <= (start - infused).days <= window:
        return {}
    related = values.get("ae_rel_cart") in RELATED and values["ae_special"] != "cytopenia"
    if not related or grade < LIFE_THREATENING:
        return {"ae_dlt": NO}
    return {"ae_dlt": CONFIRMED if adjudicated_on(story) else CANDIDATE}


def _crs(story: Story) -> dict[str, Any] | None:
    facts = story.facts
    if not facts.crs_max_grade or facts.crs_onset_date is None:
        return None
    return _event(
        story,
        facts.crs_onset_date,
        facts.crs_resolved_date,
        facts.crs_max_grade,
        ae_term="Cytokine release syndrome",
        ae_special="crs",
        ae_ctcae_term="cytokine_release_syndrome",
        ae_rel_cart="definite",
    )


def _cytopenias(story: Story) -> Iterator[dict[str, Any]]:
    """The event of each lineage that was severe: until the first sample after the last severe one."""
    samples = laboratory.graded_samples(story)
    for test, (words, term) in _CYTOPENIAS.items():
        if severe := _severe(story, test, [(day, grades[test]) for day, grades in samples]):
            end = next((day for day, _grades in samples if day > severe[-1][0]), None)
            yield _cytopenia(story, severe, end, ae_term=words, ae_ctcae_term=term)


def _severe(story: Story, test: str, graded: list[tuple[date, int]]) -> list[tuple[date, int]]:
    """The samples of grade 3 or more. The timeline's own cytopenia is one of neutrophils, sampled or not."""
    severe = [(day, grade) for day, grade in graded if grade >= SEVERE]
    peak, onset = story.facts.cytopenia_max_grade or 0, story.facts.cytopenia_onset_date
    told = [(onset, peak)] if test == "NEUT" and onset and peak >= SEVERE else []
    return severe or told


def _cytopenia(
    story: Story, severe: list[tuple[date, int]], end: date | None, **named: str
) -> dict[str, Any]:
    infused, start = story.facts.cart_infusion_date, severe[0][0]
    return _event(
        story,
        start,
        end,
        max(grade for _day, grade in severe),
        ae_special="cytopenia",
        ae_rel_ld="definite",
        ae_rel_cart="not_related" if infused is not None and start < infused else "possible",
        **named,
    )


def _gvhd(story: Story) -> dict[str, Any] | None:
    facts = story.facts
    if (facts.agvhd_max_grade or 0) < 2 or facts.agvhd_onset_date is None:
        return None
    related = {} if facts.hsct_date is None else {"ae_rel_hsct": "definite"}
    return _event(
        story,
        facts.agvhd_onset_date,
        facts.agvhd_resolved_date,
        min(facts.agvhd_max_grade or 0, 4),
        ae_term="Acute graft versus host disease",
        ae_special="agvhd",
        ae_ctcae_term="immune_system_disorders_other",
        **related,
    )


def _onset_of_fatal_infection(story: Story) -> date | None:
    facts = story.facts
    if facts.death_cause is not DeathCause.INFECTION or facts.death_date is None:
        return None
    earliest = facts.cart_infusion_date or facts.enrolment_date
    return max(earliest, facts.death_date - timedelta(story.number("INFX fatal", 2, FATAL_INFECTION_DAYS)))


def _fatal_infection(story: Story) -> dict[str, Any] | None:
    onset = _onset_of_fatal_infection(story)
    if onset is None:
        return None
    return _event(
        story,
        onset,
        story.facts.death_date,
        5,
        ae_term="Septic shock",
        ae_special="infection",
        ae_ctcae_term="sepsis",
        ae_rel_ld="possible",
    )


def infections(story: Story) -> Iterator[PageRow]:
    """INFX: the fatal infection, and a reactivation of CMV in some after the graft."""
    found = [infection for infection in (_reactivation(story), _fatal(story)) if infection]
    for number, values in enumerate(sorted(found, key=lambda infection: infection["inf_onset"]), 1):
        yield PageRow(form="INFX", day=story.screened_on, visit="", row_key=str(number), values=values)


def _fatal(story: Story) -> dict[str, Any] | None:
    onset = _onset_of_fatal_infection(story)
    if onset is None:
        return None
    return {
        "inf_onset": onset,
        "inf_class": "bacterial",
        "inf_site": ["blood"],
        "inf_org": story.one_of(
            "INFX org", ("klebsiella_pneumoniae", "pseudomonas_aeruginosa", "escherichia_coli")
        ),
        "inf_evidence": "proven",
        "inf_ctcae": "5",
        "inf_bmtctn": "3",
        "inf_tx": ["antibacterial"],
        "inf_end": story.facts.death_date,
        "inf_outcome": "FATAL",
    }


def _reactivation(story: Story) -> dict[str, Any] | None:
    grafted = story.facts.hsct_date
    if grafted is None or not story.one_of("INFX cmv", (True, False, False)):
        return None
    onset = grafted + timedelta(story.number("INFX cmv onset", *REACTIVATION_AFTER_GRAFT_DAYS))
    end = onset + timedelta(story.number("INFX cmv end", *REACTIVATION_LASTS_DAYS))
    if end >= story.facts.last_contact_date:
        return None
    return {
        "inf_onset": onset,
        "inf_class": "viral_reactivation",
        "inf_org": "cytomegalovirus",
        "inf_evidence": "proven",
        "vir_load": story.decimal("INFX cmv load", "1200", "9000"),
        "vir_first_dt": onset,
        "vir_neg_dt": end,
        "vir_thr": True,
        "inf_ctcae": "2",
        "inf_bmtctn": "1",
        "inf_tx": ["ganciclovir_foscarnet"],
        "inf_end": end,
        "inf_outcome": "RECOVERED/RESOLVED",
    }
