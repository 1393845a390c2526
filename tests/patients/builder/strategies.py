"""Timelines that are true of somebody: any valid one, alone or as a cohort, and as a table."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from patients.builder.timeline import (
    COLUMNS,
    DeathCause,
    Diagnosis,
    ProductSource,
    RelapseType,
    Relationship,
    Response,
    Severity,
    Sex,
    Timeline,
)
from patients.forms.crs import LAST_CAR_DAY

FIRST_ENROLMENT, LAST_ENROLMENT = date(2021, 11, 1), date(2023, 6, 30)
FOLLOWED_DAYS = 950  # at most, from the infusion
CRS_BY_CAR_DAY = LAST_CAR_DAY - 1  # its end shows on two days
ADULT_DAYS, OLDEST_DAYS = 6575, 88 * 365
DOSES = ("2000000", "1600000", "2400000", "5000000", "1234567", "2000500", "10000", "20000000")
REMISSIONS = (Response.MRD_NEG_CRI, Response.MRD_POS_CRI)

Draw = Any
Facts = dict[str, Any]


def days(first: date, last: date) -> st.SearchStrategy[date]:
    """Days near the first are likelier: clinical events crowd at the beginning."""
    span = (last - first).days
    near = st.integers(0, min(span, 40))
    return st.one_of(near, st.integers(0, span)).map(lambda offset: first + timedelta(offset))


@st.composite
def episodes(draw: Draw, grade: str, onset: str, resolved: str | None, first: date, last: date) -> Facts:
    """A graded event with its days."""
    facts: Facts = {grade: draw(st.integers(0, 4))}
    if facts[grade]:
        facts[onset] = draw(days(first, last))
        if resolved and draw(st.booleans()):
            facts[resolved] = draw(days(facts[onset], last))
    return facts


@st.composite
def after_graft(draw: Draw, grafted: date, last: date) -> Facts:
    facts: Facts = draw(episodes("agvhd_max_grade", "agvhd_onset_date", "agvhd_resolved_date", grafted, last))
    if draw(st.booleans()):
        facts["chimerism_1m_date"] = draw(days(grafted, last))
        facts["chimerism_1m_donor_pct"] = draw(st.decimals(0, 100, places=1))
    if draw(st.booleans()):
        facts["cgvhd_onset_date"] = draw(days(grafted, last))
        facts["cgvhd_severity"] = draw(st.sampled_from(Severity))
    return facts


@st.composite
def after_infusion(draw: Draw, infused: date, last: date) -> Facts:
    """Response, graft, relapse, toxicity of somebody followed from the infusion to the last contact."""
    crs_by = min(last, infused + timedelta(CRS_BY_CAR_DAY))
    facts: Facts = draw(episodes("crs_max_grade", "crs_onset_date", "crs_resolved_date", infused, crs_by))
    facts["response"] = draw(st.sampled_from(Response)) if last > infused else Response.NO_RESPONSE
    relapse_after = infused
    if facts["response"] in REMISSIONS:
        facts["cri_date"] = relapse_after = draw(days(infused + timedelta(1), last))
        graft_by = min(last, infused + timedelta(365))
        if facts["cri_date"] <= graft_by and draw(st.booleans()):
            facts["hsct_date"] = draw(days(facts["cri_date"], graft_by))
            facts |= draw(after_graft(facts["hsct_date"], last))
    if last > relapse_after and draw(st.booleans()):
        facts["relapse_date"] = draw(days(relapse_after + timedelta(1), last))
        facts["relapse_type"] = draw(st.sampled_from(RelapseType))
    return facts


@st.composite
def treatments(draw: Draw, enrolled: date) -> Facts:
    """From lymphodepletion to the last contact, of somebody who was infused."""
    started = draw(days(enrolled, enrolled + timedelta(45)))
    infused = started + timedelta(draw(st.integers(1, 10)))
    last = draw(days(infused, infused + timedelta(FOLLOWED_DAYS)))
    facts = draw(episodes("cytopenia_max_grade", "cytopenia_onset_date", None, started, last))
    return {
        "ld_start_date": started,
        "cart_infusion_date": infused,
        "cart_dose_cells_per_kg": Decimal(draw(st.sampled_from(DOSES))),
        "last_contact_date": last,
        **facts,
        **draw(after_infusion(infused, last)),
    }


@st.composite
def untreated(draw: Draw, enrolled: date) -> Facts:
    """Somebody who was enrolled and never infused."""
    last = draw(days(enrolled, enrolled + timedelta(100)))
    started = draw(st.none() | days(enrolled, last))
    return {"ld_start_date": started, "last_contact_date": last}


@st.composite
def timelines(draw: Draw, patient_ids: st.SearchStrategy[str] | None = None) -> Timeline:
    """Any timeline that the builder takes."""
    enrolled = draw(days(FIRST_ENROLMENT, LAST_ENROLMENT))
    born = enrolled - timedelta(draw(st.integers(ADULT_DAYS, OLDEST_DAYS)))
    grafts = draw(st.integers(0, 2))
    facts: Facts = dict.fromkeys(COLUMNS) | {
        "patient_id": draw(patient_ids or st.integers(1, 9999).map("P-{:04d}".format)),
        "date_of_birth": born,
        "age_at_enrolment": (Decimal((enrolled - born).days) / Decimal("365.25")).quantize(Decimal("0.1")),
        "sex": draw(st.sampled_from(Sex)),
        "diagnosis": draw(st.sampled_from(Diagnosis)),
        "prior_lines": draw(st.integers(1, 8)),
        "n_prior_allo_hsct": grafts,
        "prior_cll1_cart": draw(st.integers(0, 1)),
        "product_source": draw(st.sampled_from(ProductSource)) if grafts else ProductSource.NEW_HAPLO,
        "donor_relationship": draw(st.sampled_from(Relationship)),
        "enrolment_date": enrolled,
    }
    infused = draw(st.integers(0, 9)) > 0
    facts |= draw(treatments(enrolled) if infused else untreated(enrolled))
    if draw(st.booleans()):
        facts["death_date"] = facts["last_contact_date"]
        facts["death_cause"] = draw(st.sampled_from(DeathCause))
    return Timeline(**facts)


def cohorts(min_size: int = 1, max_size: int = 5) -> st.SearchStrategy[list[Timeline]]:
    """Several patients in any order."""
    return st.lists(timelines(), min_size=min_size, max_size=max_size, unique_by=lambda one: one.patient_id)


def cells_of(timeline: Timeline) -> dict[str, str]:
    """A timeline as a row of the table."""
    values = ((field.name, getattr(timeline, field.name)) for field in fields(timeline))
    return {name: "" if value is None else str(value) for name, value in values}


def table(rows: Iterable[dict[str, str]], *, end: str = "\n", mark: str = "") -> bytes:
    """The rows as the bytes of a table, with this line end and byte order mark."""
    lines = [",".join(COLUMNS), *(",".join(row[column] for column in COLUMNS) for row in rows)]
    return (mark + "".join(line + end for line in lines)).encode()


def write_timelines(path: Path, cohort: Iterable[Timeline]) -> Path:
    path.write_bytes(table(cells_of(timeline) for timeline in cohort))
    return path
