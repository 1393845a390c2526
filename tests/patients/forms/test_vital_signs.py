"""Vital signs: when weight and performance are asked, and what they, and screening, are compared with."""

import pytest

from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.items.problems import Severity
from tests.patients.checks.casebook import Row, casebook, found_in, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

C0 = row("VS", "C0", on="2025-07-01", vs_dt="2025-07-01 08:00", vs_weight="60.0", ecog="1")


def on(visit: str, day: str, **answers: str) -> Row:
    return row("VS", visit, on=day, vs_dt=f"{day} 08:00", **answers)


def asked(item: str, *rows: Row) -> bool:
    """Whether the item is asked on the last of these pages."""
    held = casebook(rows)
    last = next(record for record in held.records("VS") if record.visit == rows[-1].visit)
    return form_model("VS").item(item).asked(RowAnswers(last, held))


def finds(item: str, *rows: Row) -> set[str]:
    """The severities of what is found at an item of the last of these pages."""
    held = casebook(rows)
    last = next(record for record in held.records("VS") if record.visit == rows[-1].visit)
    found = form_model("VS").item(item).findings(last.values[item], RowAnswers(last, held))
    return {finding.severity for finding in found}


@pytest.mark.parametrize(
    ("visit", "day", "expected"),
    [("C6", "2025-07-07", False), ("C7", "2025-07-08", True), ("H0", "2025-07-02", True),
     ("HM1", "2025-07-02", True), ("H3d", "2025-07-05", False)],
)  # fmt: skip
def test_weight_is_asked_once_a_week_and_at_the_visits_of_the_graft(
    visit: str, day: str, expected: bool
) -> None:
    assert asked("vs_weight", C0, on(visit, day)) is expected


def test_a_first_weight_is_asked_and_one_that_is_there_stays() -> None:
    assert asked("vs_weight", on("C3", "2025-07-04"))
    assert asked("vs_weight", C0, on("C3", "2025-07-04", vs_weight="60.0"))


@pytest.mark.parametrize(
    ("visit", "performance", "karnofsky"),
    [("SCR", True, False), ("PRE", True, False), ("C3", False, False), ("HM3", True, True),
     ("C90", True, True), ("UNS1", False, False), ("H7", False, False)],
)  # fmt: skip
def test_performance_is_asked_at_screening_before_infusion_and_at_follow_up(
    visit: str, performance: bool, karnofsky: bool
) -> None:
    page = on(visit, "2025-07-04")
    assert asked("ecog", page) is performance
    assert asked("kps", page) is karnofsky


@pytest.mark.parametrize(
    ("moment", "severities"),
    [("2025-07-01 23:30", set()), ("2025-07-02 23:30", set()), ("2025-06-30 00:10", set()),
     ("2025-07-03 00:10", {Severity.HARD}), ("2025-06-29 23:30", {Severity.HARD})],
)  # fmt: skip
def test_the_moment_is_of_the_visit_or_a_day_beside_it(moment: str, severities: set[Severity]) -> None:
    assert finds("vs_dt", C0.but(vs_dt=moment)) == severities


@pytest.mark.parametrize(
    ("weight", "severities"),
    [("66.0", set()), ("66.1", {Severity.SOFT}), ("54.0", set()), ("53.9", {Severity.SOFT})],
)
def test_a_weight_is_compared_with_the_last(weight: str, severities: set[Severity]) -> None:
    assert finds("vs_weight", C0, on("C7", "2025-07-08", vs_weight=weight)) == severities


def test_the_lower_pressure_is_below_the_upper() -> None:
    assert finds("vs_dbp", C0.but(vs_sbp="110", vs_dbp="109")) == set()
    assert finds("vs_dbp", C0.but(vs_sbp="110", vs_dbp="110")) == {Severity.HARD}


def test_performance_is_compared_with_the_last_and_five_is_death() -> None:
    assert finds("ecog", C0, on("HM3", "2025-07-20", ecog="2")) == set()
    assert finds("ecog", C0, on("HM3", "2025-07-20", ecog="3")) == {Severity.SOFT}
    assert Severity.HARD in finds("ecog", C0, on("HM3", "2025-07-20", ecog="5"))
    died = row("DTH", dth_dt="2025-07-20")
    assert finds("ecog", died, C0, on("HM3", "2025-07-20", ecog="5")) == {Severity.SOFT}


# --- what other forms make of them ----------------------------------------------------------------------
SCREENED = on("SCR", "2025-06-01", vs_weight="70.0", ecog="1")
CREATININE = row(
    "LAB", "SCR", "CREAT", lab_test="CREAT", lab_dt="2025-06-01 07:00", lab_value="88.4", lab_unit="umol/L"
)
CONSENTED = row("ELIG", "SCR", on="2025-06-01", icf_main_dt="2025-06-01 09:00")


@pytest.mark.parametrize(
    ("sex", "creatinine", "unit", "clearance"),
    [("M", "88.4", "umol/L", "96.3"), ("F", "88.4", "umol/L", "81.8"), ("M", "1", "mg/dL", "96.3"),
     ("M", "176.8", "umol/L", "48.1")],
)  # fmt: skip
def test_clearance_is_that_of_cockcroft_and_gault(
    sex: str, creatinine: str, unit: str, clearance: str
) -> None:
    """Aged 41.0 and 70 kg: (140 - 41.0) x 70 / 72 at 1 mg/dL."""
    person = row("DM", "SCR", sex=sex, birth_date="1984-05-31")
    measured = CREATININE.but(lab_value=creatinine, lab_unit=unit)
    (found,) = casebook((CONSENTED, person, SCREENED, measured)).records("ELIG")
    assert str(found.values["crcl_ml_min"]) == clearance


def test_there_is_no_clearance_without_weight_or_creatinine_of_the_screening_visit() -> None:
    person = row("DM", "SCR", sex="M", birth_date="1984-05-31")
    for rows in ((SCREENED,), (CREATININE,), (SCREENED.but(vs_weight=""), CREATININE)):
        (found,) = casebook((CONSENTED, person, *rows)).records("ELIG")
        assert found.values["crcl_ml_min"] is None


def test_a_dosing_weight_far_from_that_of_screening_is_asked_about() -> None:
    dose = row("LD", "LD1", "fludarabine", ld_date="2025-06-20", ld_weight="77.1")
    far, near = found_in((SCREENED, dose)), found_in((SCREENED, dose.but(ld_weight="77.0")))
    asked_of = "Dosing weight: 77.1 kg does not keep to within 10 % of the weight at screening."
    assert asked_of in far[""]
    assert not any(sentence.startswith("Dosing weight") for sentence in near.get("", ()))


def test_fever_in_neutropenia_names_the_count_as_it_was_entered() -> None:
    count = {"lab_test": "NEUT", "lab_dt": "2025-07-04 07:00", "lab_value": "0.1", "lab_unit": "10^9/L"}
    (sentence,) = found_in((on("C3", "2025-07-04", vs_temp="38.9"), row("LAB", "C3", "NEUT", **count)))[
        "X-INFX-02"
    ]
    assert sentence == "Fever in neutropenia is not classified: 38.9 C with neutrophils 0.1."
