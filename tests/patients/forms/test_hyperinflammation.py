"""IEC-HS: the required ferritin criterion, and what the engine suggests to the investigator."""

import pytest

from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.items.problems import Severity
from tests.patients.checks.casebook import Row, casebook, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

DAY = "2025-07-12"
DOSED = row("LD", "LD1", "fludarabine", ld_date="2025-06-26")
FORM = row("HLH", "UNS1", hlh_dt=DAY, hlh_ferritin="1001")


def ferritin(value: str, day: str, uln: str = "500") -> Row:
    return row(
        "LAB",
        day,
        "FERRITIN",
        lab_test="FERRITIN",
        lab_dt=f"{day} 07:00",
        lab_value=value,
        lab_unit="ug/L",
        lab_uln=uln,
    )


BASELINE = ferritin("600", "2025-06-20", uln="")


def criterion(form: Row, *rows: Row) -> bool | None:
    (record,) = casebook((DOSED, form, *rows)).records("HLH")
    return record.values["hlh_ferritin_req"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("value", "others", "expected"),
    [
        ("1001", (ferritin("900", DAY),), True),
        ("1000", (ferritin("900", DAY),), False),
        ("1201", (BASELINE,), True),
        ("1200", (BASELINE,), False),
        ("1001", (BASELINE, ferritin("900", DAY)), True),
        ("9000", (), None),
        ("9000", (ferritin("900", "2025-07-13"),), None),
    ],
)
def test_ferritin_is_held_against_the_upper_limit_and_the_baseline(
    value: str, others: tuple[Row, ...], expected: bool | None
) -> None:
    assert criterion(FORM.but(hlh_ferritin=value), *others) is expected


def test_a_rapid_rise_is_told_by_hand() -> None:
    assert criterion(FORM.but(hlh_ferritin="400", hlh_ferritin_rise="Y"), ferritin("400", DAY)) is True
    assert criterion(FORM.but(hlh_ferritin="400", hlh_ferritin_rise="N"), ferritin("400", DAY)) is False


SIGNS = {"hlh_fibrinogen": "Y", "hlh_transam": "N", "hlh_cytopenia": "Y", "hlh_alt_cause": "no"}


def soft(diagnosed: str, **answers: str) -> bool:
    """Whether the decision is asked about."""
    form = FORM.but(hlh_dx=diagnosed, **(SIGNS | answers))
    held = casebook((DOSED, form, ferritin("900", DAY)))
    record = held.records("HLH")[0]
    found = form_model("HLH").item("hlh_dx").findings(record.values["hlh_dx"], RowAnswers(record, held))
    return any(finding.severity is Severity.SOFT for finding in found)


def test_a_decision_against_the_criteria_is_asked_about() -> None:
    assert not soft("Y")
    assert soft("N")
    assert not soft("N", hlh_alt_cause="infection")
    assert soft("Y", hlh_cytopenia="N")
    assert not soft("N", hlh_cytopenia="N")
    assert not soft("Y", hlh_cytopenia="N", hlh_timing="after_crs_resolving_resolved")
    assert soft("Y", hlh_cytopenia="N", hlh_timing="concurrent_with_crs")
