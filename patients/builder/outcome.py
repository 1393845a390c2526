"""Outcome: relapse or progression, death, and the end of study that death is."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from patients.builder.response import RELAPSE_VISIT, relapsed_marrow_blasts
from patients.builder.story import PageRow, Story
from patients.builder.timeline import DeathCause, RelapseType

END_VISIT = "ENDv"
TREATED_AFTER_RELAPSE_DAYS = (3, 14)
_CAUSE = {
    DeathCause.INFECTION: "infection",
    DeathCause.RELAPSE: "relapse_progression",
    DeathCause.OTHER: "other",
}


def relapse(story: Story) -> Iterator[PageRow]:
    """RLP: morphological after a remission, without one a progression."""
    day = story.facts.relapse_date
    if day is None:
        return
    after_remission = story.facts.cri_date is not None
    values = {
        "rlp_dt": day,
        "rlp_type": "morphological_relapse" if after_remission else "progression_without_remission",
        "rlp_site": ["marrow"],
        "rlp_bm_blast": relapsed_marrow_blasts(story),
    }
    yield PageRow(form="RLP", day=day, visit=RELAPSE_VISIT, values=values | _cd7(story) | _origin(story))


def _cd7(story: Story) -> dict[str, Any]:
    if story.facts.relapse_type is RelapseType.CD7_NEGATIVE:
        share = story.decimal("RLP rlp_cd7_pct", "0.0", "4.0")
        return {"rlp_cd7": "negative", "rlp_cd7_pct": share, "rlp_cd7_mech": ["unknown"]}
    return {"rlp_cd7": "positive", "rlp_cd7_pct": story.decimal("RLP rlp_cd7_pct", "70.0", "98.0")}


def _origin(story: Story) -> dict[str, Any]:
    """Asked from the day of the graft on."""
    grafted, relapsed = story.facts.hsct_date, story.facts.relapse_date
    if grafted is None or relapsed is None or relapsed < grafted:
        return {}
    return {"rlp_origin": "recipient", "rlp_chim": story.decimal("RLP rlp_chim", "20.00", "85.00")}


def subsequent_therapy(story: Story) -> Iterator[PageRow]:
    """SUBTX: of a relapse, within two weeks of it."""
    relapsed = story.facts.relapse_date
    if relapsed is None:
        return
    start = relapsed + timedelta(story.number("SUBTX stx_start", *TREATED_AFTER_RELAPSE_DAYS))
    if start > story.facts.last_contact_date:
        return
    values = {
        "stx_type": story.one_of("SUBTX stx_type", ("hma_venetoclax", "chemotherapy")),
        "stx_ind": "relapse",
        "stx_start": start,
    }
    yield PageRow(form="SUBTX", day=story.screened_on, visit="", row_key="1", values=values)


def death(story: Story) -> Iterator[PageRow]:
    """DTH: the cause as the timeline has it, also where it contradicts the relapse."""
    day, cause = story.facts.death_date, story.facts.death_cause
    if day is None or cause is None:
        return
    values = {
        "dth_dt": day,
        "dth_primary": _CAUSE[cause],
        "dth_rel_cart": _relation(story, "dth_rel_cart"),
        "dth_place": story.one_of("DTH dth_place", ("hospital", "icu", "hospital")),
        "dth_autopsy": False,
        "dth_source": "hospital_record",
    }
    if story.facts.hsct_date:
        values["dth_rel_hsct"] = _relation(story, "dth_rel_hsct")
    yield PageRow(form="DTH", day=day, visit=END_VISIT, values=values)


def _relation(story: Story, item: str) -> str:
    if story.died_of_relapse:
        return "not_related"
    return story.one_of(f"DTH {item}", ("unlikely", "possible"))


def end_of_study(story: Story) -> Iterator[PageRow]:
    """EOS of the dead; the others go on."""
    day = story.facts.death_date
    if day is not None:
        yield PageRow(form="EOS", day=day, visit=END_VISIT, values={"eos_dt": day, "eos_reason": "death"})
