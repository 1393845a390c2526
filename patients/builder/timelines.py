"""The table of timelines: one row for each invented patient, read whole and checked before anything is built.

An empty cell means that it did not happen. Every refusal is collected, with its line, column and reason.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from patients.builder.contradictions import Problem, contradictions
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
from patients.casebook.files import read_table

PATIENT_ID_LENGTH = 40
SUBJECTS_OF_A_SITE = 999  # a subject's code ends in three digits
DOSE_CELLS_PER_KG = (Decimal(10_000), Decimal(20_000_000))  # hard limits of the dose per kg


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that keeps the table from being built."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        named = {"line": self.line, "column": self.column, "reason": self.reason}
        return _("line %(line)s, %(column)s: %(reason)s") % named


class TimelinesRefused(Exception):
    """The table contradicts itself or the protocol; every reason is in `refusals`."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("\n".join(str(refusal) for refusal in self.refusals))


def read_timelines(path: Path) -> list[Timeline]:
    """The patients of a table in the order of their identifiers, whatever the order of its rows.

    Raises TimelinesRefused, and UnreadableSheet for a file that is not such a table.
    """
    timelines: list[Timeline] = []
    refusals: list[Refusal] = []
    lines: dict[str, int] = {}
    for line, cells in read_table(path, allowed=COLUMNS, required=COLUMNS):
        facts, unreadable = _facts(cells)
        found = [*unreadable, *contradictions(facts, {column for column, _reason in unreadable})]
        patient = cells["patient_id"].strip()
        if (first := lines.setdefault(patient, line)) != line and patient:
            found.append(
                ("patient_id", _("%(id)s stands on line %(line)s already.") % {"id": patient, "line": first})
            )
        elif len(lines) == SUBJECTS_OF_A_SITE + 1:
            found.append(("patient_id", _("There are more than %s patients.") % SUBJECTS_OF_A_SITE))
        refusals.extend(Refusal(line, column, reason) for column, reason in sorted(found, key=_by_column))
        if not found:
            timelines.append(Timeline(**facts))
    if refusals:
        raise TimelinesRefused(refusals)
    return sorted(timelines, key=lambda timeline: timeline.patient_id)


_POSITION = {column: position for position, column in enumerate(COLUMNS)}


def _by_column(problem: Problem) -> int:
    return _POSITION[problem[0]]


# --- cells ----------------------------------------------------------------------------------------
class _NoValue(ValueError):
    """The cell cannot be read; the argument is the reason."""


_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
_WHOLE_NUMBER = re.compile(r"\d{1,12}", re.ASCII)


def _text(cell: str) -> str:
    if len(cell) > PATIENT_ID_LENGTH:
        raise _NoValue(
            _("%(count)s characters, at most %(most)s fit.") % {"count": len(cell), "most": PATIENT_ID_LENGTH}
        )
    return cell


def _day(cell: str) -> date:
    try:
        if _ISO_DAY.fullmatch(cell):
            return date.fromisoformat(cell)
    except ValueError:
        raise _NoValue(_("%s is not a day of the calendar.") % cell) from None
    raise _NoValue(_("%s is not a date. Write it as 2025-08-05.") % cell)


def _number(cell: str) -> Decimal:
    if not _NUMBER.fullmatch(cell):
        raise _NoValue(_("%s is not a number.") % cell)
    return Decimal(cell)


def _from_to(low: int | Decimal, high: int | Decimal) -> Callable[[str], Decimal]:
    def read(cell: str) -> Decimal:
        value = _number(cell)
        if not low <= value <= high:
            raise _NoValue(
                _("%(value)s is not in %(low)s to %(high)s.") % {"value": cell, "low": low, "high": high}
            )
        return value

    return read


def _whole(low: int, high: int) -> Callable[[str], int]:
    within = _from_to(low, high)

    def read(cell: str) -> int:
        if not _WHOLE_NUMBER.fullmatch(cell):
            raise _NoValue(_("%s is not a whole number.") % cell)
        return int(within(cell))

    return read


def _code(codes: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(cell: str) -> StrEnum:
        if cell not in list(codes):
            raise _NoValue(
                _("%(code)s is not one of: %(codes)s.") % {"code": cell, "codes": ", ".join(codes)}
            )
        return codes(cell)

    return read


_GRADE = _whole(0, 4)
_READERS: dict[str, Callable[[str], Any]] = {
    "patient_id": _text,
    "date_of_birth": _day,
    "age_at_enrolment": _number,
    "sex": _code(Sex),
    "diagnosis": _code(Diagnosis),
    "prior_lines": _whole(0, 20),  # the line numbers of the prior-therapy form
    "n_prior_allo_hsct": _whole(0, 4),  # the transplant numbers of the prior-transplant form
    "prior_cll1_cart": _whole(0, 1),
    "product_source": _code(ProductSource),
    "donor_relationship": _code(Relationship),
    "enrolment_date": _day,
    "ld_start_date": _day,
    "cart_infusion_date": _day,
    "cart_dose_cells_per_kg": _from_to(*DOSE_CELLS_PER_KG),
    "crs_max_grade": _GRADE,
    "crs_onset_date": _day,
    "crs_resolved_date": _day,
    "cytopenia_max_grade": _GRADE,
    "cytopenia_onset_date": _day,
    "response": _code(Response),
    "cri_date": _day,
    "hsct_date": _day,
    "agvhd_max_grade": _GRADE,
    "agvhd_onset_date": _day,
    "agvhd_resolved_date": _day,
    "chimerism_1m_date": _day,
    "chimerism_1m_donor_pct": _from_to(0, 100),
    "cgvhd_onset_date": _day,
    "cgvhd_severity": _code(Severity),
    "relapse_date": _day,
    "relapse_type": _code(RelapseType),
    "last_contact_date": _day,
    "death_date": _day,
    "death_cause": _code(DeathCause),
}


def _facts(cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a row, None where empty, and what could not be read."""
    facts: dict[str, Any] = {}
    problems: list[Problem] = []
    for column in COLUMNS:
        cell = cells[column].strip()
        try:
            facts[column] = _READERS[column](cell) if cell else None
        except _NoValue as refusal:
            facts[column] = None
            problems.append((column, str(refusal)))
    return facts, problems
