"""Reports that the events of a timeline ask for: of a serious event, and on dose-limiting toxicity."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from patients.builder import events
from patients.builder.story import PageRow, Story
from patients.forms.adverse_event import CONFIRMED
from patients.forms.serious_adverse_event import RELATIONS
from patients.items.codelists import YES
from trial.protocol.configuration import SETTINGS

CELLS_PER_10E6 = 1_000_000
MISSED_IN_ONE_OF = 4  # patients
MISSED_ON_CAR_DAY = 12
DECIDED_AFTER_DAYS = 10
_NARRATIVE = (
    "Invented patient. Fever and hypotension on the day of onset, blood cultures taken, broad-spectrum "
    "antibiotics and vasopressors given; the patient died of septic shock."
)


def serious_events(story: Story) -> Iterator[PageRow]:
    """SAE: an initial report of each serious event, on the day on which it began."""
    number = 0
    for key, event in events.numbered(story):
        if event["ae_serious"]:
            number += 1
            values = {"sae_ae": key} | _report(story, event["ae_start"].earliest) | _judged(event)
            yield PageRow(form="SAE", day=story.screened_on, visit="", row_key=str(number), values=values)


def _report(story: Story, day: date) -> dict[str, Any]:
    aware = story.moment(f"SAE aware {day}", day, from_hour=20, to_hour=21)
    return {
        "sae_report_type": "initial",
        "sae_aware_dt": aware,
        "sae_to_sponsor_dt": aware + timedelta(minutes=story.number(f"SAE sponsor {day}", 30, 90)),
        "sae_to_ec_dt": aware + timedelta(minutes=story.number(f"SAE committee {day}", 95, 150)),
        "sae_narrative": _NARRATIVE,
    }


def _judged(event: dict[str, Any]) -> dict[str, Any]:
    """The sponsor agrees with the investigator, and expected it."""
    causality = {component: event[item] for component, item in sorted(RELATIONS.items()) if item in event}
    return {"sae_causality_inv": causality, "sae_causality_spo": causality, "sae_expected": "expected"}


def deviations(story: Story) -> Iterator[PageRow]:
    """PDEV: a sample that was missed, in every few patients. What a timeline itself departs from is found and
    put on record by the system that reads the casebook."""
    infused = story.facts.cart_infusion_date
    if infused is None or story.number("PDEV missed", 1, MISSED_IN_ONE_OF) != 1:
        return
    day = infused + timedelta(MISSED_ON_CAR_DAY)
    if day < story.facts.last_contact_date:
        values = {
            "pd_dt": day,
            "pd_aware_dt": day + timedelta(1),
            "pd_cat": "missed_procedure",
            "pd_class": "minor",
            "pd_text": "The second blood sample for immune phenotyping was not taken on this day.",
            "pd_excl": ["none"],
        }
        yield PageRow(form="PDEV", day=story.screened_on, visit="", row_key="1", values=values)


# --- dose-limiting toxicity ------------------------------------------------------------------------------
def adjudication(story: Story) -> Iterator[PageRow]:
    """DLT: on the day on which it is decided."""
    day = events.adjudicated_on(story)
    if day is not None:
        visit = story.visit_on("DLT", day)
        yield PageRow(form="DLT", day=day, visit=visit, values=_decision(story, day))


def _decision(story: Story, day: date) -> dict[str, Any]:
    counted = [(key, event) for key, event in events.numbered(story) if event.get("ae_dlt") == CONFIRMED]
    if not counted:
        evaluable = _evaluable(story)
        occurred = {"dlt_occurred": False} if evaluable == YES else {}
        return {"dlt_evaluable": evaluable, "dlt_comment": "No event met a rule D1 to D9."} | occurred
    occurred_on = min(event["ae_start"].earliest for _key, event in counted)
    return {
        "dlt_evaluable": YES,
        "dlt_occurred": True,
        "dlt_ae": [key for key, _event in counted],
        "dlt_rule": ["D1"],
        "dlt_date": occurred_on,
        "dlt_committee_dt": min(day, occurred_on + timedelta(DECIDED_AFTER_DAYS)),
        "dlt_comment": "CRS of grade 4 counts as a dose-limiting toxicity by rule D1.",
    }


def _evaluable(story: Story) -> str:
    facts, window = story.facts, SETTINGS["dlt_window_days"].default
    assert isinstance(window, int)
    assert facts.cart_infusion_date is not None
    closes = facts.cart_infusion_date + timedelta(window)
    if not _dose_counts(story):
        return "N_under_dosed"
    if facts.relapse_date and facts.relapse_date < closes:
        return "N_progression_before_d28"
    return "N_left_before_d28_without_dlt" if facts.last_contact_date < closes else YES


def _dose_counts(story: Story) -> bool:
    target, least, most = (SETTINGS[key].default for key in ("dose_target", "dlt_dose_min", "dlt_dose_max"))
    assert isinstance(target, Decimal)
    assert isinstance(least, Decimal)
    assert isinstance(most, Decimal)
    dose = (story.facts.cart_dose_cells_per_kg or Decimal(0)) / CELLS_PER_10E6
    return target * least <= dose * 100 <= target * most
