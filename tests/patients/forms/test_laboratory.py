"""A sample without a result: what is kept of its value is not converted, graded or compared."""

from decimal import Decimal

import pytest

from tests.patients.checks.casebook import Row, casebook, found_in, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

DOSED = row("LD", "LD1", "fludarabine", ld_date="2025-06-26")


def potassium(key: str, value: str, status: str, moment: str = "2025-06-20 07:00") -> Row:
    given = {"lab_test": "K", "lab_dt": moment, "lab_value": value, "lab_unit": "mmol/L", "lab_uln": "5.3"}
    return row("LAB", "C1", key, lab_status=status, **given)


@pytest.mark.parametrize(
    ("status", "si", "grade"),
    [
        ("done", Decimal("6.1"), 3),
        ("below_detection", Decimal("6.1"), 3),
        ("", Decimal("6.1"), 3),
        ("haemolysed_clotted", None, None),
        ("not_done", None, None),
    ],
)
def test_a_value_counts_only_where_the_sample_has_a_result(
    status: str, si: Decimal | None, grade: int | None
) -> None:
    (found,) = casebook((potassium("1", "6.1", status),)).records("LAB")
    assert (found.values["lab_si"], found.values["lab_grade"]) == (si, grade)


def test_the_baseline_is_the_last_sample_with_a_result() -> None:
    rows = (
        potassium("1", "4.0", "done"),
        potassium("2", "6.1", "haemolysed_clotted", "2025-06-24 07:00"),
    )
    flags = [each.values["lab_bl_fl"] for each in casebook((DOSED, *rows)).records("LAB")]
    assert flags == [True, None]


def test_a_sample_without_a_result_is_no_duplicate_of_the_one_that_took_its_place() -> None:
    result = potassium("1", "4.0", "done")
    assert "X-LAB-09" in found_in((result, potassium("2", "6.1", "done")))
    for status, value in (("haemolysed_clotted", "6.1"), ("not_done", "")):
        assert "X-LAB-09" not in found_in((result, potassium("2", value, status)))


def test_a_liver_without_leukaemia_has_the_narrow_limits_of_organ_function() -> None:
    eligible = row("ELIG", "SCR", inc08_organ="Y")
    given = {"lab_test": "ALT", "lab_dt": "2025-06-20 07:00", "lab_value": "130", "lab_unit": "U/L"}
    raised = row("LAB", "SCR", "1", lab_uln="40", **given)
    for present, asked in (("Y", False), ("N", True)):
        disease = row("DX", "SCR", emd_present=present, emd_sites="liver")
        assert ("X-ELIG-08" in found_in((eligible, raised, disease))) is asked
