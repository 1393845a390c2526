"""The timelines of a cohort as the sheets of a casebook: one function for each form, one entry in `FORMS`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from patients.builder import (
    chimerism,
    crs,
    donors,
    engraftment,
    events,
    expansion,
    follow_up,
    gvhd,
    history,
    hyperinflammation,
    laboratory,
    lymphodepletion,
    medication,
    neurotoxicity,
    outcome,
    product,
    reports,
    response,
    screening,
    transfusions,
    transplant,
    treatment,
    vital_signs,
)
from patients.builder.members import member_rows
from patients.builder.story import PageRow, Story
from patients.builder.timeline import Timeline
from patients.casebook.files import IDENTITY, MEMBERS, MISSING_SUFFIX, SUBJECTS, page_cells
from patients.casebook.form import declared_forms, form_model
from trial.protocol.study import SITE_CODE

FormBuilder = Callable[[Story], Iterable[PageRow]]

FORMS: dict[str, FormBuilder] = {
    "ELIG": screening.eligibility,
    "DM": screening.demographics,
    "DX": screening.disease_history,
    "PTHER": history.prior_therapy,
    "PTX": history.prior_transplants,
    "PCAR": history.prior_cellular_therapy,
    "DONOR": donors.donor,
    "MFG": product.manufacturing,
    "REL": product.release,
    "LD": lymphodepletion.lymphodepletion,
    "INF": treatment.infusion,
    "VS": vital_signs.vital_signs,
    "LAB": laboratory.laboratory,
    "CRS": crs.cytokine_release,
    "ICANS": neurotoxicity.neurotoxicity,
    "HLH": hyperinflammation.hyperinflammation,
    "RESP": response.response_assessment,
    "KIN": expansion.expansion,
    "HSCT": transplant.transplantation,
    "ENG": engraftment.engraftment,
    "TRF": transfusions.transfusions,
    "CHIM": chimerism.chimerism,
    "AGVHD": gvhd.acute_gvhd,
    "CGVHD": gvhd.chronic_gvhd,
    "INFX": events.infections,
    "AE": events.adverse_events,
    "DLT": reports.adjudication,
    "SAE": reports.serious_events,
    "CM": medication.concomitant_medication,
    "RLP": outcome.relapse,
    "SUBTX": outcome.subsequent_therapy,
    "FU": follow_up.follow_up,
    "DTH": outcome.death,
    "EOS": outcome.end_of_study,
    "PDEV": reports.deviations,
}
"""The forms that the builder fills, in the order of the protocol."""

Row = dict[str, str]


def stories(timelines: Sequence[Timeline]) -> list[Story]:
    """The patients as subjects, numbered in the order of their identifiers."""
    in_order = sorted(timelines, key=lambda timeline: timeline.patient_id)
    return [Story(f"{SITE_CODE}-{number:03d}", timeline) for number, timeline in enumerate(in_order, 1)]


def casebook_of(
    timelines: Sequence[Timeline], progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, list[Row]]:
    """The sheets of the cohort by name, as `write_casebook` takes them. `progress` hears of each subject."""
    cohort = stories(timelines)
    sheets: dict[str, list[Row]] = {
        SUBJECTS: [_subject_row(story) for story in cohort],
        MEMBERS: member_rows(),
        IDENTITY: [_identity_row(story) for story in cohort],
    }
    sheets |= {model.form.code: [] for model in declared_forms()}
    for done, story in enumerate(cohort, 1):
        for form, row in subject_rows(story):
            sheets[form].append(row)
        progress(done, len(cohort))
    return sheets


def _subject_row(story: Story) -> Row:
    planned = story.planned_infusion
    return {
        "subject_id": story.subject,
        "patient_id": story.facts.patient_id,
        "site": SITE_CODE,
        "planned_infusion": planned.isoformat() if planned else "",
    }


def _identity_row(story: Story) -> Row:
    return {"subject_id": story.subject, "birth_date": story.facts.date_of_birth.isoformat()}


def subject_rows(story: Story) -> Iterator[tuple[str, Row]]:
    """The rows of one subject with their forms."""
    rows = [row for fill in FORMS.values() for row in fill(story)]
    unscheduled = _unscheduled(rows)
    for row in rows:
        visit = unscheduled[row.day] if row.visit is None else row.visit
        yield row.form, _cells(story, row, visit)


def _unscheduled(rows: Iterable[PageRow]) -> dict[date, str]:
    """UNS1, UNS2 … by day: one visit for all that happened on it."""
    days = sorted({row.day for row in rows if row.visit is None})
    return {day: f"UNS{number}" for number, day in enumerate(days, 1)}


def _cells(story: Story, row: PageRow, visit: str) -> Row:
    """A row as text. Raises ValueError for an item that is derived or identifies: neither is ever written."""
    cells = page_cells(subject_id=story.subject, visit_code=visit, form_date=row.day, repeat=row.row_key)
    for name, value in row.values.items():
        item = form_model(row.form).item(name)
        if item.is_derived or item.declared.identity:
            raise ValueError(f"{row.form}.{name} is not the builder's to write")
        cells[name] = item.text(value)
    return cells | {name + MISSING_SUFFIX: reason for name, reason in row.missing.items()}
