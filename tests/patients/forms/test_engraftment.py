"""Engraftment: what the engine proposes from counts and transfusions, and when a failure is known."""

import pytest

from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.items.problems import Severity
from tests.patients.checks.casebook import Row, casebook, row

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

INFUSED = row("INF", "C0", inf_start_dt="2025-05-01 10:00")
GRAFTED = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2025-06-01 10:00")
SUMMARY = row("ENG", "HM1", on="2025-07-01")  # day 30


def counts(test: str, course: dict[int, str]) -> tuple[Row, ...]:
    """Counts by the day of the graft."""
    return tuple(
        row(
            "LAB",
            f"D{day}",
            test,
            lab_test=test,
            lab_dt=f"2025-06-{1 + day:02d} 07:00",
            lab_value=value,
            lab_unit="10^9/L",
        )
        for day, value in course.items()
    )


def transfused(day: int, product: str = "platelets") -> Row:
    return row("TRF", "", f"{day} {product}", trf_dt=f"2025-06-{1 + day:02d}", trf_type=product)


NEUTROPHILS = counts("NEUT", {0: "0.0", 9: "0.6", 10: "0.3", 11: "0.5", 12: "0.8", 13: "1.0"})
PLATELETS = counts("PLAT", {9: "10", 14: "22", 15: "25", 16: "30", 17: "51", 18: "60", 19: "55"})
APLASTIC = counts("NEUT", {0: "0.0", 15: "0.1", 29: "0.1"})


def proposed(*rows: Row) -> dict[str, str]:
    """What is derived on the last of the summaries, and known."""
    record = casebook((INFUSED, GRAFTED, *rows)).records("ENG")[-1]
    derived = [item.name for item in form_model("ENG").items() if item.is_derived]
    return {name: str(record.values[name]) for name in derived if record.values[name] is not None}


def test_the_dates_are_proposed_from_the_counts() -> None:
    found = proposed(*NEUTROPHILS, *PLATELETS, transfused(5), SUMMARY)
    assert found == {
        "eng_nadir": "True",
        "eng_anc_dt": "2025-06-12",
        "eng_plt_dt": "2025-06-15",
        "eng_plt50_dt": "2025-06-18",
        "eng_rbc_indep": "2025-06-01",
        "eng_primary_gf": "False",
    }


def test_a_transfusion_moves_the_date_of_the_platelets() -> None:
    found = proposed(*PLATELETS, transfused(8), SUMMARY)
    assert (found["eng_plt_dt"], found["eng_plt50_dt"]) == ("2025-06-17", "2025-06-18")


def test_red_cells_are_independent_for_thirty_days_up_to_the_page() -> None:
    red = transfused(3, "red_cells")
    assert "eng_rbc_indep" not in proposed(red, SUMMARY)
    later = row("ENG", "HM2", on="2025-07-04")
    assert proposed(red, later)["eng_rbc_indep"] == "2025-06-05"


def test_neutrophils_that_never_fell_engraft_on_day_0() -> None:
    found = proposed(*counts("NEUT", dict.fromkeys(range(20), "0.8")), SUMMARY)
    assert (found["eng_nadir"], found["eng_anc_dt"]) == ("False", "2025-06-01")


def test_without_counts_nothing_is_proposed() -> None:
    assert proposed(SUMMARY) == {"eng_rbc_indep": "2025-06-01"}


def test_without_a_transplantation_nothing_is_proposed() -> None:
    (record,) = casebook((INFUSED, *NEUTROPHILS, SUMMARY)).records("ENG")
    assert record.values["eng_nadir"] is True
    assert record.values["eng_anc_dt"] is record.values["eng_rbc_indep"] is None


def test_failure_is_known_from_day_30_on_or_at_death() -> None:
    early, died = row("ENG", "HM1", on="2025-06-30"), row("DTH", dth_dt="2025-06-30")
    assert proposed(*APLASTIC, SUMMARY)["eng_primary_gf"] == "True"
    assert "eng_primary_gf" not in proposed(*APLASTIC, early)
    assert proposed(*APLASTIC, early, died)["eng_primary_gf"] == "True"
    assert "eng_primary_gf" not in proposed(*APLASTIC, early, row("DTH", dth_dt="2025-06-28"))


def asked(item: str, *rows: Row) -> bool:
    held = casebook((INFUSED, GRAFTED, *rows))
    return form_model("ENG").item(item).asked(RowAnswers(held.records("ENG")[-1], held))


def test_items_are_asked_when_there_is_something_to_ask() -> None:
    early = row("ENG", "UNS1", on="2025-06-27")  # day 26
    assert asked("eng_anc_conf", *NEUTROPHILS, SUMMARY)
    assert not asked("eng_anc_conf", *APLASTIC, SUMMARY)
    assert not asked("eng_pgf", early)
    assert asked("eng_pgf", row("ENG", "HM1", on="2025-06-28"))
    assert asked("eng_rescue", *APLASTIC, SUMMARY)
    assert asked("eng_rescue", *NEUTROPHILS, SUMMARY.but(eng_secondary_gf="Y"))
    assert not asked("eng_rescue", *NEUTROPHILS, SUMMARY.but(eng_secondary_gf="N"))


@pytest.mark.parametrize(("share", "severities"), [("95.0", set()), ("94.9", {Severity.HARD})])
def test_poor_function_needs_a_graft_of_the_donor(share: str, severities: set[Severity]) -> None:
    sample = row("CHIM", "HM1", "whole", chim_dt="2025-06-29", chim_lineage="whole", chim_donor_pct=share)
    held = casebook((INFUSED, GRAFTED, sample, SUMMARY.but(eng_pgf="Y")))
    answers = RowAnswers(held.records("ENG")[0], held)
    assert {f.severity for f in form_model("ENG").item("eng_pgf").findings(True, answers)} == severities
    assert list(form_model("ENG").item("eng_pgf").findings(False, answers)) == []


def test_a_late_engraftment_is_asked_about() -> None:
    late = counts("NEUT", {0: "0.0", 29: "0.6"}) + tuple(
        row("LAB", f"J{day}", "NEUT", lab_test="NEUT", lab_dt=f"2025-07-0{day} 07:00", lab_value="0.8",
            lab_unit="10^9/L")
        for day in (1, 2)
    )  # fmt: skip
    held = casebook((INFUSED, GRAFTED, *late, SUMMARY))
    answers = RowAnswers(held.records("ENG")[0], held)
    (found,) = form_model("ENG").item("eng_anc_dt").findings(answers["eng_anc_dt"], answers)
    assert found.severity is Severity.SOFT
    assert str(answers["eng_anc_dt"]) == "2025-06-30"
