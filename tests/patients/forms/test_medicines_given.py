"""When and how much of a medicine was given, as far as the row says."""

from datetime import date
from decimal import Decimal

import pytest

from patients.casebook.answers import RowAnswers
from patients.forms.medicines_given import may_be_given, prednisolone_per_kg, was_given
from tests.patients.checks.casebook import casebook, row

FIRST, LAST = date(2025, 3, 10), date(2025, 3, 12)


def medicine(**answers: str) -> RowAnswers:
    held = casebook((row("CM", key="1", **answers),))
    return RowAnswers(held.records("CM")[0], held)


@pytest.mark.parametrize(
    ("start", "end", "ongoing", "may_be", "was"),
    [
        ("2025-03-10", "2025-03-10", "N", True, True),
        ("2025-03-12", "2025-03-20", "N", True, True),
        ("2025-03-13", "2025-03-20", "N", False, False),
        ("2025-03-01", "2025-03-09", "N", False, False),
        ("2025-03-01", "2025-03-10", "N", True, True),
        ("2025-03-01", "", "Y", True, True),
        ("2025-03-01", "2025-03-05", "Y", True, True),
        ("2025-03-01", "", "", True, False),
        ("2025-03-11", "", "", True, True),
        ("2025-03", "2025-04", "N", True, False),
        ("2025-02", "2025-04", "N", True, True),
        ("2025-02", "2025-03", "N", True, False),
        ("2025", "2025", "N", True, False),
        ("2024", "2025-03-11", "N", True, True),
        ("", "2025-03-11", "N", False, False),
    ],
)
def test_days_on_which_a_medicine_was_given(
    start: str, end: str, ongoing: str, *, may_be: bool, was: bool
) -> None:
    given = medicine(cm_start=start, cm_end=end, cm_ongoing=ongoing)
    assert may_be_given(given, FIRST, LAST) is may_be
    assert was_given(given, FIRST, LAST) is was


@pytest.mark.parametrize(
    ("name", "dose", "unit", "frequency", "per_kg"),
    [
        ("prednisolone", "30", "mg", "QD", "0.5"),
        ("prednisolone", "30", "mg", "", "0.5"),
        ("prednisolone", "15", "mg", "BID", "0.5"),
        ("prednisolone", "0.5", "mg/kg", "TID", "1.5"),
        ("methylprednisolone", "0.48", "g", "ONCE", "10"),
        ("dexamethasone", "3000", "ug", "Q6H", "1.3333"),
        ("prednisolone", "30", "mg", "QOD", "0.5"),
        ("prednisolone", "2", "TABLET", "QD", None),
        ("prednisolone", "20", "mg/m2", "QD", None),
        ("prednisolone", "", "", "QD", None),
        ("meropenem", "1", "g", "TID", None),
    ],
)
def test_a_day_of_a_glucocorticoid_in_prednisolone_per_kg(
    name: str, dose: str, unit: str, frequency: str, per_kg: str | None
) -> None:
    given = medicine(cm_name=name, cm_dose=dose, cm_unit=unit, cm_freq=frequency)
    found = prednisolone_per_kg(given, Decimal(60))
    assert (found is None) == (per_kg is None)
    assert found is None or round(found, 4) == Decimal(per_kg or 0)
