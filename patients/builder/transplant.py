"""Transplantation: the graft without conditioning and without prophylaxis, or why there was none."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from patients.builder.donors import donor_id
from patients.builder.response import Finding, assessments, remission_on
from patients.builder.story import PageRow, Story
from patients.builder.treatment import weight_at_infusion
from trial.protocol.visits import ANCHOR_FORMS

WEIGHT_LOSS_KG = ("0.0", "2.5")
_IN_REMISSION_WITHOUT_GRAFT = ("donor_unavailable", "patient_choice", "infection_organ_failure")


def transplantation(story: Story) -> Iterator[PageRow]:
    """HSCT; the page of a patient without a graft is dated when that was settled."""
    grafted, settled = story.facts.hsct_date, story.no_transplant_on
    if grafted is not None:
        values = {"hsct_done": True} | _state(story, grafted) | _graft(story)
        yield PageRow(form="HSCT", day=grafted, visit=ANCHOR_FORMS["HSCT"], values=values)
    elif settled is not None:
        values = {"hsct_done": False, "hsct_not_reason": _reason(story, settled)}
        yield PageRow(form="HSCT", day=settled, visit=ANCHOR_FORMS["HSCT"], values=values)


def _reason(story: Story, settled: date) -> str:
    if story.facts.death_date == settled:
        return "death"
    if story.relapsed_by(settled) or not story.in_cri_by(settled):
        return "no_cr_cri"
    return story.one_of("HSCT hsct_not_reason", _IN_REMISSION_WITHOUT_GRAFT)


def _state(story: Story, day: date) -> dict[str, Any]:
    """As the last assessment up to the graft has it."""
    last = [assessment for assessment in assessments(story) if assessment.day <= day][-1]
    assert last.finding is Finding.REMISSION
    return {
        "hsct_start_dt": story.moment("HSCT hsct_start_dt", day, from_hour=13, to_hour=17),
        "hsct_status": remission_on(story, last.day),
        "hsct_mrd": "negative" if story.is_mrd_negative else "positive",
    }


def _graft(story: Story) -> dict[str, Any]:
    return {
        "hsct_donor": donor_id(story),
        "hsct_source": story.one_of("HSCT hsct_source", (["bm", "g_csf_pbsc"], ["g_csf_pbsc"])),
        "hsct_fresh": "fresh",
        "graft_weight": weight_at_infusion(story) - story.decimal("HSCT graft_weight", *WEIGHT_LOSS_KG),
        "graft_tnc": story.decimal("HSCT graft_tnc", "8.00", "16.00"),
        "graft_cd34": story.decimal("HSCT graft_cd34", "3.50", "8.50"),
        "graft_cd3": story.decimal("HSCT graft_cd3", "1.200", "4.200"),
        "graft_days": 1,
        "graft_manip": "none",
        "cond_none": True,
        "gvhdp_none": True,
        "gcsf_post": "no",
        "hsct_reaction": "none",
        "steroid_at_h0": False,
    }
