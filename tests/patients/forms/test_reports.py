"""Reports of serious events, adjudication, medication and deviations: what is derived, proposed, refused."""

from datetime import date
from typing import Any

import pytest
import time_machine

from patients.casebook.answers import RowAnswers
from patients.casebook.form import form_model
from patients.entry.checks import row_findings
from patients.items.item import Requirement
from patients.items.problems import Severity
from tests.patients.checks import deviations
from tests.patients.checks.casebook import Row, casebook, row
from tests.patients.checks.serious import FOLLOW_UP, INFUSED, INITIAL, event
from trial.protocol.configuration import configuration_in_force, configured_as

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("DI-07")]

GRAVE = event(ae_serious="Y", ae_ser_crit="life_threatening")
CAUSALITY = "cart=possible|ld=unlikely"


def answers_of(about: Row, *others: Row) -> RowAnswers:
    held = casebook((about, *others))
    places = [(record.visit, record.row_key) for record in held.records(about.form)]
    return RowAnswers(held.records(about.form)[places.index((about.visit, about.key))], held)


def derived(item: str, about: Row, *others: Row) -> Any:
    return answers_of(about, *others)[item]


def severities(item: str, about: Row, *others: Row) -> list[Severity]:
    """What is found at an item of the row, but that something is required."""
    seen = answers_of(about, *others)
    found = row_findings(seen.record, seen.casebook)
    return [one.severity for one in found if one.item == item and one.check != "X-SYS-05"]


# --- serious events: the clock ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("about", "ae", "susar"),
    [
        (INITIAL, GRAVE, True),
        (INITIAL.but(sae_expected="expected"), GRAVE, False),
        (INITIAL.but(sae_causality_inv="cart=unlikely", sae_causality_spo="cart=unlikely"), GRAVE, False),
        (INITIAL.but(sae_causality_inv="cart=unlikely", sae_causality_spo="cart=possible"), GRAVE, True),
        (INITIAL, GRAVE.but(ae_serious="N"), False),
        (INITIAL.but(sae_expected=""), GRAVE, None),
        (INITIAL.but(sae_causality_spo=""), GRAVE, None),
        (INITIAL.but(sae_to_sponsor_dt=""), GRAVE, None),
    ],
)
def test_a_susar_is_suspected_unexpected_and_serious(about: Row, ae: Row, susar: bool | None) -> None:
    assert derived("sae_susar", about, ae) is susar


@pytest.mark.parametrize(
    ("criteria", "days", "due", "follow_up"),
    [
        ("death", 7, date(2025, 3, 28), date(2025, 4, 2)),
        ("life_threatening|medically_important", 7, date(2025, 3, 28), date(2025, 4, 2)),
        ("hospitalisation_prolongation", 15, date(2025, 4, 5), None),
    ],
)
def test_the_clock_of_a_susar(criteria: str, days: int, due: date, follow_up: date | None) -> None:
    """X-SAE-03."""
    """The day on which the sponsor heard of it, 21 March, is day 0."""
    seen = answers_of(INITIAL, GRAVE.but(ae_ser_crit=criteria))
    found = (seen["sae_clock_days"], seen["sae_due_dt"], seen["sae_fu8_due"])
    assert found == (days, due, follow_up)


def test_no_clock_runs_without_a_susar() -> None:
    seen = answers_of(INITIAL.but(sae_expected="expected"), GRAVE)
    assert [seen[item] for item in ("sae_clock_days", "sae_due_dt", "sae_fu8_due")] == [None] * 3


def test_a_follow_up_is_due_by_the_submission_of_the_initial_report() -> None:
    judged = {"sae_causality_inv": CAUSALITY, "sae_causality_spo": CAUSALITY, "sae_expected": "unexpected"}
    about = FOLLOW_UP.but(**judged)
    assert derived("sae_fu8_due", about, INITIAL, GRAVE) == date(2025, 4, 2)
    assert derived("sae_fu8_due", about, INITIAL.but(sae_submitted_dt=""), GRAVE) is None


@pytest.mark.parametrize(
    ("now", "hours", "asked"),
    [
        ("2025-03-26 23:59", "48", False),
        ("2025-03-27 00:00", "48", True),
        ("2025-03-25 23:59", "72", False),
        ("2025-03-26 00:00", "72", True),
        ("2025-05-01 00:00", "48", True),
    ],
)
def test_a_susar_that_is_due_soon_is_asked_about(now: str, hours: str, asked: bool) -> None:
    """Due on 28 March, to the end of the day, unless it was submitted."""
    waiting = INITIAL.but(sae_submitted_dt="")
    with (
        configured_as(configuration_in_force() | {"alert_mail_hours_susar": hours}),
        time_machine.travel(f"{now}+08:00", tick=False),
    ):
        assert severities("sae_due_dt", waiting, GRAVE) == [Severity.SOFT] * asked
        assert severities("sae_due_dt", INITIAL.but(sae_submitted_dt="2025-03-22 08:00"), GRAVE) == []


LATE = INITIAL.but(sae_submitted_dt="2025-03-29 00:00")
EXPLAINED = row("PDEV", key="1", pd_cat="sae_timeline", pd_dt="2025-03-29")


@pytest.mark.parametrize(
    ("about", "others", "found"),
    [
        (INITIAL.but(sae_submitted_dt="2025-03-28 23:59"), (), []),
        (LATE, (), [Severity.HARD, Severity.SOFT]),
        (LATE, (EXPLAINED,), [Severity.SOFT]),
        (LATE, (EXPLAINED.but(pd_cat="other"),), [Severity.HARD, Severity.SOFT]),
    ],
)
def test_a_late_submission_needs_a_deviation(
    about: Row, others: tuple[Row, ...], found: list[Severity]
) -> None:
    assert severities("sae_submitted_dt", about, GRAVE, *others) == found


# --- serious events: the report --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("item", "about", "ae", "found"),
    [
        ("sae_ae", INITIAL, GRAVE, []),
        ("sae_ae", INITIAL.but(sae_ae="7"), GRAVE, [Severity.HARD, Severity.HARD]),
        ("sae_ae", INITIAL, GRAVE.but(ae_serious="N"), [Severity.HARD]),
        ("sae_aware_dt", INITIAL.but(sae_aware_dt="2025-03-20 00:00"), GRAVE, []),
        ("sae_aware_dt", INITIAL.but(sae_aware_dt="2025-03-19 23:59"), GRAVE, [Severity.HARD]),
        ("sae_aware_dt", INITIAL, GRAVE.but(ae_start="2025-03"), []),
        ("sae_to_sponsor_dt", INITIAL.but(sae_to_sponsor_dt="2025-03-20 09:59"), GRAVE, [Severity.HARD]),
        ("sae_to_ec_dt", INITIAL.but(sae_to_ec_dt="2025-03-21 10:00"), GRAVE, []),
        ("sae_to_ec_dt", INITIAL.but(sae_to_ec_dt="2025-03-21 10:01"), GRAVE, [Severity.SOFT]),
        ("sae_causality_inv", INITIAL, GRAVE.but(ae_rel_ld="unlikely"), []),
        ("sae_causality_inv", INITIAL, GRAVE.but(ae_rel_ld="possible"), [Severity.HARD]),
        ("sae_causality_inv", INITIAL, GRAVE.but(ae_rel_hsct="unlikely"), [Severity.HARD]),
        ("sae_causality_spo", INITIAL.but(sae_causality_spo="cart=definite"), GRAVE, [Severity.HARD]),
        ("sae_narrative", INITIAL.but(sae_narrative="x" * 99), GRAVE, [Severity.HARD]),
        ("sae_narrative", INITIAL.but(sae_narrative="x" * 100), GRAVE, []),
    ],
)
def test_a_limit_of_the_report(item: str, about: Row, ae: Row, found: list[Severity]) -> None:
    assert severities(item, about, ae) == found


@pytest.mark.parametrize(
    ("criteria", "asked"), [("hospitalisation_prolongation", True), ("disability", False)]
)
def test_a_stay_in_hospital_is_asked_about_where_it_is_a_criterion(criteria: str, asked: bool) -> None:
    seen = answers_of(INITIAL, GRAVE.but(ae_ser_crit=criteria))
    items = form_model("SAE")
    assert [items.item(name).asked(seen) for name in ("sae_hosp_from", "sae_hosp_to")] == [asked] * 2


def test_the_ethics_committee_is_asked_about_where_the_procedure_asks() -> None:
    item, seen = form_model("SAE").item("sae_to_ec_dt"), answers_of(INITIAL, GRAVE)
    assert item.asked(seen)
    with configured_as(configuration_in_force() | {"ec_report_hours": "0"}):
        assert not item.asked(seen)
    later = answers_of(INITIAL.but(sae_to_ec_dt="2025-03-21 12:00"), GRAVE)
    with configured_as(configuration_in_force() | {"ec_report_hours": "72"}):
        assert list(item.findings(later["sae_to_ec_dt"], later)) == []


def test_the_sponsor_judges_what_it_was_told() -> None:
    untold = answers_of(INITIAL.but(sae_to_sponsor_dt=""), GRAVE)
    items = [form_model("SAE").item(name) for name in ("sae_causality_spo", "sae_expected", "sae_susar")]
    assert not any(item.asked(untold) for item in items)
    assert all(item.asked(answers_of(INITIAL, GRAVE)) for item in items)


# --- dose-limiting toxicity ------------------------------------------------------------------------------
ADJUDICATED = row(
    "DLT", "C28", dlt_evaluable="Y", dlt_occurred="Y", dlt_ae="1", dlt_rule="D4", dlt_date="2025-03-20",
    dlt_committee_dt="2025-04-03", dlt_comment="Grade 4 event of the liver.",
)  # fmt: skip
TOXIC = event(ae_grade="4", ae_dlt="Y_candidate")


def proposal(about: Row, *others: Row) -> Any:
    return form_model("AE").item("ae_dlt").proposed(answers_of(about, INFUSED, *others))


def crs(day: int, grade: str) -> Row:
    return row(
        "CRS", f"C{day}", crs_episode="1", crs_date=f"2025-03-{10 + day}", crs_fever="Y",
        crs_fever_masked="N", crs_hypot="Y", crs_vasopressin="N", crs_hypox="N",
        crs_pressor_n={"2": "0", "3": "1"}[grade],
    )  # fmt: skip


SYNDROME = event(ae_special="crs", ae_ctcae_term="cytokine_release_syndrome", ae_start="2025-03-12")
FROM_GRAFT = row("HSCT", "H0", hsct_done="Y", hsct_start_dt="2025-03-18 10:00")


@pytest.mark.parametrize(
    ("about", "others", "proposed"),
    [
        (event(ae_grade="4"), (), "Y_candidate"),
        (event(ae_grade="4", ae_rel_cart="unlikely"), (), "N"),
        (event(ae_grade="4", ae_rel_cart=""), (), None),
        (event(ae_grade="4"), (FROM_GRAFT,), "N"),
        (event(ae_grade="4", ae_rel_cart="definite"), (FROM_GRAFT,), "Y_candidate"),
        (event(ae_grade="4", ae_ctcae_term="anemia"), (), "N"),
        (event(ae_ctcae_term="diarrhea"), (), None),
        (event(ae_ctcae_term="diarrhea", ae_end="2025-03-27"), (), "N"),
        (event(ae_ctcae_term="diarrhea", ae_end="2025-03-28"), (), "Y_candidate"),
        (event(ae_end="2025-03-28"), (), "N"),
        (event(ae_ctcae_term="sepsis", ae_grade="4"), (), "Y_candidate"),
        (event(ae_grade="5"), (row("DTH", "ENDv", dth_primary="relapse_progression"),), "N"),
        (event(ae_grade="5"), (row("DTH", "ENDv", dth_primary="infection"),), "Y_candidate"),
        (SYNDROME, tuple(crs(day, "3") for day in (2, 3, 4, 5)), "Y_candidate"),
        (SYNDROME, (*(crs(day, "3") for day in (2, 3, 4)), crs(5, "2")), "N"),
        (event(ae_grade="4", ae_start="2025-04-08"), (), None),
        (event(ae_grade=""), (), None),
    ],
)
def test_what_is_proposed_of_an_event(about: Row, others: tuple[Row, ...], proposed: str | None) -> None:
    assert proposal(about, *others) == proposed


GVHD = event(ae_special="agvhd", ae_ctcae_term="immune_system_disorders_other", ae_grade="3")
STAGE = row(
    "AGVHD", "C14", ag_dt="2025-03-24", ag_skin_bsa="0", ag_skin_bullae="N", ag_bili="10.0",
    ag_ugi="none_or_intermittent", ag_stool_mode="volume", ag_stool_ml="1200", ag_lgi_severe="N",
)  # fmt: skip


def test_gvhd_is_proposed_by_its_grade_before_the_graft() -> None:
    assert proposal(GVHD, STAGE) == "Y_candidate"
    assert proposal(GVHD, STAGE.but(ag_stool_ml="600")) == "N"
    assert proposal(GVHD, STAGE.but(ag_stool_ml="600", ag_steroid_ref="refractory")) == "Y_candidate"
    after_graft = GVHD.but(ae_rel_cart="definite")
    assert proposal(after_graft, STAGE, FROM_GRAFT) == "N"


APLASIA = event(ae_ctcae_term="bone_marrow_hypocellular", ae_grade="4", ae_special="cytopenia")
EMPTY = row("RESP", "C60", resp_dt="2025-04-22", bm_done="Y", bm_cellularity="4", bm_blast="0")
NEUTROPENIC = row(
    "LAB", "C60", key="1", lab_dt="2025-04-22 07:00", lab_test="NEUT", lab_value="0.4", lab_cmp="=",
    lab_unit="10^9/L", lab_status="done",
)  # fmt: skip


def test_aplasia_is_proposed_beyond_day_42() -> None:
    assert proposal(APLASIA, EMPTY, NEUTROPENIC) == "Y_candidate"
    assert proposal(APLASIA, EMPTY.but(resp_dt="2025-04-21"), NEUTROPENIC) == "N"
    assert proposal(APLASIA, EMPTY.but(bm_cellularity="5"), NEUTROPENIC) == "N"
    assert proposal(APLASIA, EMPTY.but(bm_blast="5"), NEUTROPENIC) == "N"
    assert proposal(APLASIA, EMPTY, NEUTROPENIC.but(lab_value="0.5")) == "N"
    assert proposal(APLASIA, EMPTY) == "N"


def test_an_item_with_a_proposal_is_answered_by_a_person() -> None:
    item = form_model("AE").item("ae_dlt")
    assert item.declared.requirement is Requirement.PROPOSED
    assert not item.is_derived
    assert item.must_be_answered(answers_of(event(), INFUSED))


@pytest.mark.parametrize(
    ("answer", "others", "found"),
    [
        ("Y_candidate", (), []),
        ("N", (), [Severity.SOFT]),
        ("Y_confirmed", (), [Severity.HARD]),
        ("Y_confirmed", (ADJUDICATED,), []),
        ("Y_confirmed", (ADJUDICATED.but(dlt_ae="2"),), [Severity.HARD]),
        ("N_rejected", (), [Severity.HARD]),
        ("N_rejected", (ADJUDICATED.but(dlt_ae="2"),), []),
        ("N_rejected", (ADJUDICATED,), [Severity.HARD]),
    ],
)
def test_an_event_is_confirmed_by_the_form_of_adjudication(
    answer: str, others: tuple[Row, ...], found: list[Severity]
) -> None:
    assert severities("ae_dlt", TOXIC.but(ae_dlt=answer), INFUSED, *others) == found


@pytest.mark.parametrize(
    ("item", "about", "others", "found"),
    [
        ("dlt_evaluable", ADJUDICATED, (), []),
        ("dlt_evaluable", ADJUDICATED.but(dlt_occurred="N"), (INFUSED.but(inf_dose_total="60.0"),), []),
        ("dlt_evaluable", ADJUDICATED.but(dlt_occurred="N"), (INFUSED.but(inf_dose_total="144.0"),), []),
        (
            "dlt_evaluable",
            ADJUDICATED.but(dlt_occurred="N"),
            (INFUSED.but(inf_dose_total="59.9"),),
            [Severity.HARD],
        ),
        (
            "dlt_evaluable",
            ADJUDICATED.but(dlt_occurred="N"),
            (INFUSED.but(inf_dose_total="144.1"),),
            [Severity.HARD],
        ),
        ("dlt_evaluable", ADJUDICATED.but(dlt_occurred="N"), (), [Severity.HARD]),
        ("dlt_evaluable", ADJUDICATED.but(dlt_evaluable="N_not_infused"), (), [Severity.SOFT]),
        ("dlt_occurred", ADJUDICATED, (TOXIC,), []),
        ("dlt_occurred", ADJUDICATED, (TOXIC.but(ae_dlt="N"),), [Severity.HARD]),
        ("dlt_ae", ADJUDICATED, (TOXIC,), []),
        ("dlt_ae", ADJUDICATED, (TOXIC.but(ae_dlt="Y_confirmed"),), []),
        ("dlt_ae", ADJUDICATED, (TOXIC.but(ae_dlt="N"),), [Severity.HARD]),
        ("dlt_ae", ADJUDICATED.but(dlt_ae="1|9"), (TOXIC,), [Severity.HARD]),
        ("dlt_date", ADJUDICATED.but(dlt_date="2025-04-07"), (INFUSED,), []),
        ("dlt_date", ADJUDICATED.but(dlt_date="2025-04-08"), (INFUSED,), [Severity.HARD]),
        ("dlt_date", ADJUDICATED.but(dlt_date="2025-03-09"), (INFUSED,), [Severity.HARD]),
        ("dlt_committee_dt", ADJUDICATED, (), []),
        ("dlt_committee_dt", ADJUDICATED.but(dlt_committee_dt="2025-04-04"), (), [Severity.SOFT]),
        ("dlt_committee_dt", ADJUDICATED.but(dlt_committee_dt="2025-03-19"), (), [Severity.HARD]),
        ("dlt_comment", ADJUDICATED.but(dlt_comment="x" * 19), (), [Severity.HARD]),
    ],
)
def test_a_limit_of_the_adjudication(
    item: str, about: Row, others: tuple[Row, ...], found: list[Severity]
) -> None:
    assert severities(item, about, *others) == found


def test_the_grade_is_one_of_the_configured_version() -> None:
    """X-AE-08: the version is derived from the configuration, so no grade can be of another."""
    assert derived("ae_ctcae_ver", event()) == "5.0"
    with configured_as(configuration_in_force() | {"ctcae_version": "6.0"}):
        assert derived("ae_ctcae_ver", event()) == "6.0"


# --- deviations, medication, later therapy ---------------------------------------------------------------
@pytest.mark.parametrize(
    ("key", "raised"), [("X-PD-01:RESP@C28", True), ("X-INF-05:INF@C0", True), ("1", False)]
)
def test_a_row_that_the_system_raised_is_known_by_its_key(key: str, raised: bool) -> None:
    assert derived("pd_auto", row("PDEV", key=key, pd_cat="dose")) is raised


@pytest.mark.parametrize(
    ("about", "day"),
    [
        (deviations.WAIVED, date(2025, 1, 10)),
        (deviations.WAIVED.but(signed_in_source_on="2025-01-14"), date(2025, 1, 14)),
        (deviations.WAIVED.but(signed_in_source_on="2025-01-14", enrol_dt="2025-01-15"), date(2025, 1, 15)),
        (deviations.TRANSPORTED, date(2025, 1, 25)),
        (deviations.INFUSED, date(2025, 3, 10)),
        (deviations.GRAFTED, date(2025, 3, 26)),
    ],
)
def test_a_deviation_that_the_system_records_has_its_day(about: Row, day: date) -> None:
    (deviation,) = form_model(about.form).form.deviations
    assert deviation.day(answers_of(about)) == day


def test_a_deviation_says_all_that_happened() -> None:
    (deviation,) = form_model("HSCT").form.deviations
    said = deviation.seen(answers_of(deviations.GRAFTED.but(cond_none="N", graft_manip="cd34_selection")))
    assert str(said).endswith("conditioning was given, T cells were removed from the graft.")


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("Hyperglycaemia under steroids", []),
        ("托珠单抗过敏", [Severity.HARD]),
        ("Reaction to ATG", [Severity.HARD]),
        ("猝死", []),
        ("死亡", [Severity.HARD]),
    ],
)
def test_a_term_names_an_event_and_no_medicine(term: str, found: list[Severity]) -> None:
    assert severities("ae_term", event(ae_term=term)) == found


CONSENT = row("ELIG", "SCR", icf_main_dt="2025-01-10 09:00")
ANTICANCER = row("CM", key="1", cm_name="venetoclax", cm_class="anticancer", cm_start="2025-03-11")
SUPPRESSANT = row("CM", key="1", cm_name="ruxolitinib", cm_class="immunosuppressant", cm_start="2025-03-19")
LATER = row("SUBTX", key="1", stx_type="hma_venetoclax", stx_start="2025-03-11")
FEVER = row("CRS", "C2", crs_date="2025-03-12", crs_episode="1", crs_fever="Y", crs_fever_masked="N")


@pytest.mark.parametrize(
    ("item", "about", "others", "found"),
    [
        ("cm_class", ANTICANCER, (INFUSED,), [Severity.SOFT]),
        ("cm_class", ANTICANCER, (INFUSED, LATER), []),
        ("cm_class", ANTICANCER.but(cm_start="2025-03-10"), (INFUSED,), []),
        ("cm_class", ANTICANCER.but(cm_start="2025-03"), (INFUSED,), []),
        ("cm_class", SUPPRESSANT, (FROM_GRAFT,), [Severity.SOFT]),
        ("cm_class", SUPPRESSANT, (FROM_GRAFT, STAGE), []),
        ("cm_class", SUPPRESSANT, (FROM_GRAFT, row("CGVHD", "HM3", cg_present="Y")), []),
        ("cm_class", SUPPRESSANT.but(cm_start="2025-03-18"), (FROM_GRAFT,), []),
        ("cm_ind", ANTICANCER.but(cm_ind="crs"), (), [Severity.HARD]),
        ("cm_ind", ANTICANCER.but(cm_ind="crs"), (FEVER,), []),
        ("cm_ind", ANTICANCER.but(cm_ind="gvhd_treatment"), (), [Severity.HARD]),
        ("cm_ind", ANTICANCER.but(cm_ind="gvhd_treatment"), (STAGE,), []),
        ("cm_ae_link", ANTICANCER.but(cm_ind="ae", cm_ae_link="1"), (event(),), []),
        ("cm_ae_link", ANTICANCER.but(cm_ind="ae", cm_ae_link="2"), (event(),), [Severity.HARD]),
        ("cm_dose", ANTICANCER.but(cm_dose="0"), (), [Severity.HARD]),
        ("cm_dose", ANTICANCER.but(cm_dose="0.001"), (), []),
        ("cm_end", ANTICANCER.but(cm_ongoing="N", cm_end="2025-03-10"), (), [Severity.HARD]),
        ("cm_end", ANTICANCER.but(cm_ongoing="N", cm_end="2025-03"), (), []),
        (
            "cm_ongoing",
            ANTICANCER.but(cm_ongoing="Y"),
            (row("EOS", "ENDv", eos_dt="2025-06-01"),),
            [Severity.SOFT],
        ),
        ("cm_ongoing", ANTICANCER.but(cm_ongoing="Y"), (), []),
        ("stx_start", LATER.but(stx_start="2025-03-09"), (INFUSED,), [Severity.HARD]),
        ("stx_start", LATER.but(stx_start="2025-03-10"), (INFUSED,), []),
        ("pd_dt", row("PDEV", key="1", pd_dt="2025-01-09"), (CONSENT,), [Severity.HARD]),
        ("pd_dt", row("PDEV", key="1", pd_dt="2025-01-10"), (CONSENT,), []),
        (
            "pd_aware_dt",
            row("PDEV", key="1", pd_dt="2025-02-02", pd_aware_dt="2025-02-01"),
            (),
            [Severity.HARD],
        ),
        ("pd_class", row("PDEV", key="1", pd_class="important_affecting_analysis"), (), [Severity.SOFT]),
        ("pd_text", row("PDEV", key="1", pd_text="x" * 19), (), [Severity.HARD]),
    ],
)
def test_a_limit_of_the_logs(item: str, about: Row, others: tuple[Row, ...], found: list[Severity]) -> None:
    assert severities(item, about, *others) == found


def test_a_medicine_begun_tomorrow_is_in_the_future() -> None:
    with time_machine.travel("2025-03-10 12:00+08:00", tick=False):
        assert severities("cm_start", ANTICANCER) == [Severity.HARD]
        assert severities("cm_start", ANTICANCER.but(cm_start="2025-03-10")) == []
        assert severities("cm_start", ANTICANCER.but(cm_start="2025-03")) == []
