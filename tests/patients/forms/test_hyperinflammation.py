"""IEC-HS: the required ferritin criterion, and what the engine suggests to the investigator."""

from datetime import date
from decimal import Decimal

import pytest

from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.items.problems import Severity
from tests.patients.checks.casebook import Row, casebook, found_in, row
from trial.protocol.laboratories import Laboratories, NormalRange, laboratories

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


def table(unit: str, lower: str, upper: str) -> NormalRange:
    """The range of a laboratory for everybody, of all days."""
    return NormalRange(unit, "", 0, None, Decimal(lower), Decimal(upper), None, date(2020, 1, 1), None)


TABLE = Laboratories(
    {"L1": (date(2020, 1, 1), None)},
    {
        ("L1", "FERRITIN"): (table("ug/L", "20", "500"),),
        ("L1", "FIBRINO"): (table("g/L", "2.0", "4.0"),),
        ("L1", "ALT"): (table("U/L", "5", "40"),),
    },
)
INFUSED = row("INF", "C0", inf_start_dt="2025-07-01 10:00")


def result(test: str, value: str, unit: str, day: str = DAY) -> Row:
    """A result whose limits were left to the table of the laboratory."""
    given = {"lab_test": test, "lab_dt": f"{day} 07:00", "lab_value": value, "lab_unit": unit}
    return row("LAB", day, test, lab_name="L1", **given)


@pytest.mark.parametrize(("value", "expected"), [("1001", True), ("1000", False)])
def test_the_limit_of_ferritin_may_stand_in_the_table_of_the_laboratory(value: str, expected: bool) -> None:
    with laboratories.being(TABLE):
        assert criterion(FORM.but(hlh_ferritin=value), result("FERRITIN", "900", "ng/mL")) is expected


@pytest.mark.parametrize(
    ("other", "asks"),
    [
        (result("ALT", "201", "U/L"), True),
        (result("ALT", "200", "U/L"), False),
        (result("ALT", "3.36", "ukat/L"), True),
        (result("FIBRINO", "1.4", "g/L"), True),
        (result("FIBRINO", "1.9", "g/L"), False),
    ],
)
def test_the_form_is_asked_for_by_the_limits_of_the_table(other: Row, asks: bool) -> None:
    with laboratories.being(TABLE):
        found = found_in((INFUSED, result("FERRITIN", "1001", "ug/L"), other))
    assert ("X-HLH-01" in found) is asks


BEFORE = result("ALT", "1", "ukat/L", "2025-06-20")


@pytest.mark.parametrize(
    ("item", "results", "differs"),
    [
        ("hlh_fibrinogen", (result("FIBRINO", "1.9", "g/L"),), True),
        ("hlh_fibrinogen", (result("FIBRINO", "2.0", "g/L"),), False),
        ("hlh_transam", (result("ALT", "201", "U/L"),), True),
        ("hlh_transam", (BEFORE, result("ALT", "300", "U/L")), False),
        ("hlh_transam", (BEFORE, result("ALT", "301", "U/L")), True),
    ],
)
def test_the_form_is_held_against_results_of_any_unit(
    item: str, results: tuple[Row, ...], differs: bool
) -> None:
    with laboratories.being(TABLE):
        found = found_in((DOSED, FORM.but(**{item: "N"}), *results))
    assert ("X-HLH-03" in found) is differs
