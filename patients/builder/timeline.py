"""What is true of one invented patient, from enrolment to the last contact."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Sex(StrEnum):
    M = "M"
    F = "F"


class Diagnosis(StrEnum):
    AML = "AML"
    T_ALL = "T-ALL"
    T_LBL = "T-LBL"


class ProductSource(StrEnum):
    NEW_HAPLO = "NEW_HAPLO"
    PRIOR_DONOR = "PRIOR_DONOR"


class Relationship(StrEnum):
    """Of the donor to the patient."""

    OFFSPRING = "OFFSPRING"
    PARENT = "PARENT"
    SIBLING = "SIBLING"


class Response(StrEnum):
    MRD_NEG_CRI = "MRD_NEG_CRI"
    MRD_POS_CRI = "MRD_POS_CRI"
    NO_RESPONSE = "NO_RESPONSE"


class RelapseType(StrEnum):
    CD7_NEGATIVE = "CD7_NEGATIVE"
    CD7_POSITIVE = "CD7_POSITIVE"


class DeathCause(StrEnum):
    INFECTION = "INFECTION"
    RELAPSE = "RELAPSE"
    OTHER = "OTHER"


class Severity(StrEnum):
    """Of chronic GVHD."""

    MILD = "MILD"
    MODERATE = "MODERATE"
    SEVERE = "SEVERE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What is true of one patient. The fields are the columns of the table."""

    patient_id: str
    date_of_birth: date
    age_at_enrolment: Decimal
    sex: Sex
    diagnosis: Diagnosis
    prior_lines: int
    n_prior_allo_hsct: int
    prior_cll1_cart: int
    product_source: ProductSource | None
    donor_relationship: Relationship | None
    enrolment_date: date
    ld_start_date: date | None
    cart_infusion_date: date | None
    cart_dose_cells_per_kg: Decimal | None
    crs_max_grade: int | None
    crs_onset_date: date | None
    crs_resolved_date: date | None
    cytopenia_max_grade: int | None
    cytopenia_onset_date: date | None
    response: Response | None
    cri_date: date | None
    hsct_date: date | None
    agvhd_max_grade: int | None
    agvhd_onset_date: date | None
    agvhd_resolved_date: date | None
    chimerism_1m_date: date | None
    chimerism_1m_donor_pct: Decimal | None
    cgvhd_onset_date: date | None
    cgvhd_severity: Severity | None
    relapse_date: date | None
    relapse_type: RelapseType | None
    last_contact_date: date
    death_date: date | None
    death_cause: DeathCause | None


COLUMNS = tuple(field.name for field in fields(Timeline))
DAYS = tuple(field.name for field in fields(Timeline) if field.type in (date, date | None))
"""The columns that hold a day."""
