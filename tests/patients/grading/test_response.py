"""The two readings of a response: the worked cases of the specification and the boundaries."""

from decimal import Decimal
from typing import Any

import pytest

from patients.grading.response import (
    VERSION_ALL,
    VERSION_ELN,
    VERSION_LUGANO,
    VERSION_PROTOCOL,
    Disease,
    ResponseInput,
    lugano_class,
    mrd_class,
    overall,
    protocol_response,
    strict_response,
)
from patients.grading.result import Graded

NUMBERS = {"marrow_blast", "baseline_blast", "blood_blast", "anc", "platelets", "mrd", "cellularity"}


def assessment(**found: Any) -> ResponseInput:
    """An AML page with nothing but what is named; numbers may be written as text."""
    numbers = {name: Decimal(value) for name, value in found.items() if name in NUMBERS and value is not None}
    return ResponseInput(**{"disease": "AML", **found, **numbers})


def clear(**found: Any) -> ResponseInput:
    """A complete page: adequate marrow with 2 % blasts, nothing anywhere else, full counts."""
    page = {
        "marrow_done": True,
        "marrow_adequate": "yes",
        "marrow_blast": "2",
        "blood_blast": "0",
        "extramedullary": "none_ever",
        "cns": "CNS1",
        "anc": "1.2",
        "platelets": "110",
    }
    return assessment(**{**page, **found})


APLASTIC = {"marrow_done": True, "marrow_adequate": "no_aplastic", "marrow_blast": "0"}


# ---- the worked cases --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param({"marrow_blast": "2", "anc": "1.2", "platelets": "110"}, "CR", id="RSP-01"),
        pytest.param({"marrow_blast": "2", "anc": "0.7", "platelets": "60"}, "CRh", id="RSP-02"),
        pytest.param({"marrow_blast": "1", "anc": "0.1", "platelets": "12"}, "MLFS", id="RSP-04"),
        pytest.param(APLASTIC, "NE", id="RSP-06"),
        pytest.param(
            {"marrow_blast": "15", "baseline_blast": "20", "anc": "1.3", "platelets": "120"},
            "NR",
            id="RSP-09",
        ),
        pytest.param({"earlier_remission": True, "marrow_blast": "8"}, "RELAPSE", id="RSP-11"),
        pytest.param(
            {"earlier_remission": True, "marrow_blast": "2", "extramedullary": "new"}, "RELAPSE", id="RSP-12"
        ),
    ],
)
def test_the_worked_cases_read_strictly(found: dict[str, Any], expected: str) -> None:
    assert strict_response(assessment(**found)).value == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param({"marrow_blast": "2", "anc": "1.2", "platelets": "110"}, "CR", id="RSP-01"),
        pytest.param({"marrow_blast": "2", "anc": "0.7", "platelets": "60"}, "CRh", id="RSP-02"),
        pytest.param({"marrow_blast": "1", "anc": "0.1", "platelets": "12"}, "CRi", id="as RSP-04"),
        pytest.param(APLASTIC, "CRi", id="RSP-07"),
        pytest.param(
            {"marrow_blast": "15", "baseline_blast": "20", "anc": "1.3", "platelets": "120"},
            "NR",
            id="RSP-09",
        ),
        pytest.param({"earlier_remission": True, "marrow_blast": "8"}, "RELAPSE", id="RSP-11"),
        pytest.param(
            {"earlier_remission": True, "marrow_blast": "2", "extramedullary": "new"}, "RELAPSE", id="RSP-12"
        ),
    ],
)
def test_the_worked_cases_by_the_protocol(found: dict[str, Any], expected: str) -> None:
    assert protocol_response(assessment(**found)).value == expected


# ---- AML by ELN 2022 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("anc", "platelets", "strict", "protocol"),
    [
        ("1.0", "100", "CR", "CR"),
        ("0.99", "100", "CRh", "CRh"),
        ("1.0", "99", "CRh", "CRh"),
        ("0.5", "50", "CRh", "CRh"),
        ("0.49", "50", "MLFS", "CRi"),
        ("0.5", "49", "MLFS", "CRi"),
        ("1.0", "49", "CRi", "CRi"),
        ("0.49", "100", "CRi", "CRi"),
        ("0.99", "49", "MLFS", "CRi"),
        ("0", "0", "MLFS", "CRi"),
        (None, None, "MLFS", "CRi"),
        ("1.0", None, "CRi", "CRi"),
        (None, "100", "CRi", "CRi"),
        ("0.7", None, "MLFS", "CRi"),
    ],
)
def test_counts_decide_between_the_remissions_of_aml(
    anc: str | None, platelets: str | None, strict: str, protocol: str
) -> None:
    found = clear(anc=anc, platelets=platelets)
    assert strict_response(found).value == strict
    assert protocol_response(found).value == protocol


@pytest.mark.parametrize(
    ("marrow", "baseline", "expected"),
    [
        ("4.9", "40", "CR"),
        ("5", "40", "PR"),
        ("5", "10", "PR"),
        ("5", "9.9", "NR"),
        ("20", "40", "PR"),
        ("20.1", "40", "NR"),
        ("25", "50", "PR"),
        ("25", "90", "PR"),
        ("25.1", "90", "NR"),
        ("10", None, "NR"),
        ("90", "10", "NR"),
    ],
)
def test_marrow_blasts_decide_between_remission_partial_and_none(
    marrow: str, baseline: str | None, expected: str
) -> None:
    found = clear(marrow_blast=marrow, baseline_blast=baseline)
    assert strict_response(found).value == expected
    assert protocol_response(found).value == expected


@pytest.mark.parametrize("short", [{"anc": "0.99"}, {"platelets": "99"}, {"anc": None}, {"platelets": None}])
def test_a_partial_remission_asks_for_the_counts_of_a_complete_one(short: dict[str, Any]) -> None:
    found = clear(marrow_blast="10", baseline_blast="40", **short)
    assert strict_response(found).value == "NR"
    assert protocol_response(found).value == "NR"


@pytest.mark.parametrize(
    ("found", "strict", "protocol"),
    [
        ({"blood_blast": "0.1"}, "NR", "CRi"),
        ({"blood_blast": "4.9"}, "NR", "CRi"),
        ({"blood_blast": "5"}, "NR", "NR"),
        ({"extramedullary": "resolved"}, "CR", "CR"),
        ({"extramedullary": "reduced"}, "NR", "NR"),
        ({"extramedullary": "stable"}, "NR", "NR"),
        ({"extramedullary": "progressive"}, "NR", "NR"),
        ({"extramedullary": "new"}, "NR", "NR"),
        ({"cns": "CNS2"}, "NR", "NR"),
        ({"cns": "CNS3"}, "NR", "NR"),
        ({"cns": "not_assessed"}, "CR", "CR"),
        ({"marrow_blast": "10", "baseline_blast": "40", "blood_blast": "1"}, "NR", "NR"),
        ({"marrow_blast": "10", "baseline_blast": "40", "extramedullary": "stable"}, "NR", "NR"),
    ],
)
def test_disease_outside_the_marrow_bars_remission(found: dict[str, Any], strict: str, protocol: str) -> None:
    assert strict_response(clear(**found)).value == strict
    assert protocol_response(clear(**found)).value == protocol


@pytest.mark.parametrize(
    ("found", "strict", "protocol"),
    [
        ({"marrow_adequate": "no_haemodilute"}, "NE", "CR"),
        ({"marrow_adequate": "no_dry_tap"}, "NE", "CR"),
        ({"marrow_adequate": "no_aplastic", "anc": "0.1", "platelets": "12"}, "NE", "CRi"),
        ({"marrow_adequate": "no_haemodilute", "marrow_blast": "30"}, "NE", "NR"),
        ({"marrow_adequate": "yes", "cellularity": "5"}, "CR", "CR"),
        ({"marrow_adequate": None, "cellularity": "9"}, "NE", "CR"),
        ({"marrow_adequate": None, "cellularity": "10"}, "CR", "CR"),
        ({"marrow_done": False}, "NE", "NE"),
        ({"marrow_done": False, "extramedullary": "new"}, "NE", "NR"),
        ({"marrow_done": False, "blood_blast": "40"}, "NE", "NR"),
        ({"marrow_blast": None}, "NE", "NE"),
    ],
)
def test_without_an_adequate_marrow_strict_reading_has_no_class(
    found: dict[str, Any], strict: str, protocol: str
) -> None:
    assert strict_response(clear(**found)).value == strict
    assert protocol_response(clear(**found)).value == protocol


# ---- after an earlier remission ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "rule_id", "decided"),
    [
        ({"marrow_blast": "5"}, "RSP-RELAPSE-MARROW", "marrow_blast"),
        ({"marrow_blast": "5", "marrow_adequate": "no_haemodilute"}, "RSP-RELAPSE-MARROW", "marrow_blast"),
        ({"extramedullary": "new"}, "RSP-RELAPSE-EXTRAMEDULLARY", "extramedullary"),
        ({"extramedullary": "stable"}, "RSP-RELAPSE-EXTRAMEDULLARY", "extramedullary"),
        ({"marrow_done": False, "cns": "CNS3"}, "RSP-RELAPSE-EXTRAMEDULLARY", "cns"),
        ({"blood_blast": "3", "blood_blasts_persist": True}, "RSP-RELAPSE-BLOOD", "blood_blasts_persist"),
        (
            {"disease": "T-LBL", "deauville": "5", "pet_change": "new_lesion"},
            "RSP-RELAPSE-NODE",
            "pet_change",
        ),
    ],
)
def test_disease_that_comes_back_is_a_relapse_in_both_readings(
    found: dict[str, Any], rule_id: str, decided: str
) -> None:
    for reading in (strict_response, protocol_response):
        graded = reading(clear(earlier_remission=True, **found))
        assert (graded.value, graded.rule_id) == ("RELAPSE", rule_id)
        assert graded.inputs == ("earlier_remission", decided)


@pytest.mark.parametrize(
    ("found", "strict", "protocol"),
    [
        ({"marrow_blast": "4.9"}, "CR", "CR"),
        ({"blood_blast": "2"}, "NE", "CRi"),
        ({"blood_blast": "20"}, "NE", "NE"),
        ({"cns": "CNS2"}, "NE", "NE"),
    ],
)
def test_blasts_seen_once_after_a_remission_are_not_yet_a_relapse(
    found: dict[str, Any], strict: str, protocol: str
) -> None:
    assert strict_response(clear(earlier_remission=True, **found)).value == strict
    assert protocol_response(clear(earlier_remission=True, **found)).value == protocol


def test_without_an_earlier_remission_there_is_no_relapse() -> None:
    found = clear(marrow_blast="60", extramedullary="new", blood_blast="9", blood_blasts_persist=True)
    assert strict_response(found).value == "NR"
    assert protocol_response(found).value == "NR"


# ---- T-ALL -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "strict", "protocol"),
    [
        ({"anc": "1.01", "platelets": "101"}, "CR", "CR"),
        ({"anc": "1.0", "platelets": "101"}, "CRi", "CR"),
        ({"anc": "1.01", "platelets": "100"}, "CRi", "CR"),
        ({"anc": "0.7", "platelets": "60"}, "CRi", "CRh"),
        ({"anc": "0.1", "platelets": "12"}, "CRi", "CRi"),
        ({"anc": None, "platelets": None}, "CRi", "CRi"),
        ({"mrd": "0.99"}, "CR", "CR"),
        ({"mrd": "1"}, "NR", "CR"),
        ({"mrd": "3", "anc": "0.1"}, "NR", "CRi"),
        ({"marrow_adequate": "no_aplastic"}, "NE", "CR"),
        ({"marrow_blast": "10", "baseline_blast": "40"}, "PR", "PR"),
        ({"marrow_blast": "10", "baseline_blast": "40", "anc": "1.0"}, "NR", "PR"),
    ],
)
def test_all_has_no_crh_and_no_mlfs_and_asks_for_more_than_the_limits(
    found: dict[str, Any], strict: str, protocol: str
) -> None:
    assert strict_response(clear(disease="T-ALL", **found)).value == strict
    assert protocol_response(clear(disease="T-ALL", **found)).value == protocol


def test_mrd_of_aml_does_not_decide_its_response() -> None:
    assert strict_response(clear(mrd="3")).value == "CR"


@pytest.mark.parametrize("disease", ["MPAL", "other"])
def test_other_leukaemia_is_read_by_eln(disease: str) -> None:
    graded = strict_response(clear(disease=disease, anc="0.7", platelets="60"))
    assert (graded.value, graded.version) == ("CRh", VERSION_ELN)


@pytest.mark.parametrize(
    ("name", "disease"),
    [
        ("T-LBL", Disease.T_LBL),
        ("t_lbl", Disease.T_LBL),
        ("AML", Disease.AML),
        ("mpal_t_myeloid", Disease.MPAL),
        ("other_cd7plus", Disease.OTHER),
    ],
)
def test_a_diagnosis_is_known_by_its_name_and_by_its_code(name: str, disease: Disease) -> None:
    assert ResponseInput(disease=name).disease is disease


def test_an_unknown_diagnosis_is_refused() -> None:
    with pytest.raises(ValueError, match="CML"):
        ResponseInput(disease="CML")


# ---- T-LBL -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deauville", "change", "expected"),
    [
        ("1", None, "CMR"),
        ("2", None, "CMR"),
        ("3", None, "CMR"),
        ("3", "increased", "CMR"),
        ("4", "reduced", "PMR"),
        ("5", "reduced", "PMR"),
        ("4", "unchanged", "NMR"),
        ("5", "unchanged", "NMR"),
        ("4", "increased", "PMD"),
        ("5", "increased", "PMD"),
        ("4", "new_lesion", "PMD"),
        ("5", "new_lesion", "PMD"),
        ("4", None, None),
        ("X", None, None),
        ("X", "new_lesion", None),
        (None, "reduced", None),
        (None, None, None),
    ],
)
def test_the_lugano_class(deauville: str | None, change: str | None, expected: str | None) -> None:
    graded = lugano_class(deauville, change)
    assert graded.value == expected
    assert graded.version == VERSION_LUGANO


def test_a_score_of_x_and_no_score_are_told_apart() -> None:
    assert lugano_class("X", None) == Graded(None, "LUG-X", VERSION_LUGANO)
    assert lugano_class("4", None) == Graded(None, "LUG-EMPTY", VERSION_LUGANO)


@pytest.mark.parametrize(
    ("node", "marrow", "expected"),
    [
        ("CMR", "CR", "CR"),
        ("CMR", "CRi", "CRi"),
        ("CMR", "MLFS", "MLFS"),
        ("CMR", "NR", "NR"),
        ("CMR", "NE", "NE"),
        ("PMR", "CR", "PR"),
        ("PMR", "NR", "NR"),
        ("PMR", "NE", "PR"),
        ("NMR", "CRi", "SD"),
        ("NMR", "NR", "NR"),
        ("NMR", "NE", "SD"),
        ("PMD", "CR", "PD"),
        ("PMD", "NR", "PD"),
        ("PMD", "NE", "PD"),
        (None, "CRi", "CRi"),
        (None, "NE", "NE"),
    ],
)
def test_the_overall_response_of_t_lbl_is_the_worse_part(
    node: str | None, marrow: str, expected: str
) -> None:
    nodes = Graded(node, "LUG", VERSION_LUGANO, ("deauville",))
    assert overall(nodes, Graded(marrow, "RSP", VERSION_PROTOCOL)).value == expected


@pytest.mark.parametrize(
    ("found", "strict", "protocol"),
    [
        ({"deauville": "2"}, "CR", "CR"),
        ({"deauville": "2", "anc": "0.1", "platelets": "12"}, "CRi", "CRi"),
        ({"deauville": "2", "anc": "0.7", "platelets": "60"}, "CRi", "CRh"),
        ({"deauville": "4", "pet_change": "reduced"}, "PR", "PR"),
        ({"deauville": "4", "pet_change": "unchanged"}, "SD", "SD"),
        ({"deauville": "5", "pet_change": "new_lesion"}, "PD", "PD"),
        ({"deauville": "2", "marrow_blast": "20"}, "NR", "NR"),
        ({"deauville": "2", "marrow_done": False}, "NE", "NE"),
        ({"deauville": "4", "pet_change": "reduced", "marrow_done": False}, "PR", "PR"),
        ({"deauville": "2", "marrow_adequate": "no_aplastic"}, "NE", "CR"),
        ({}, "CR", "CR"),
        ({"extramedullary": "reduced"}, "NR", "NR"),
        ({"deauville": "2", "extramedullary": "reduced"}, "CR", "CR"),
        ({"deauville": "2", "extramedullary": "new"}, "NR", "NR"),
        ({"deauville": "2", "cns": "CNS3"}, "NR", "NR"),
    ],
)
def test_t_lbl_needs_clear_nodes_and_a_clear_marrow(
    found: dict[str, Any], strict: str, protocol: str
) -> None:
    assert strict_response(clear(disease="T-LBL", **found)).value == strict
    assert protocol_response(clear(disease="T-LBL", **found)).value == protocol


def test_pet_of_leukaemia_does_not_decide() -> None:
    assert protocol_response(clear(deauville="5", pet_change="new_lesion")).value == "CR"


# ---- the reason --------------------------------------------------------------------------------------------


def test_a_response_names_its_rule_its_version_and_what_decided() -> None:
    assert strict_response(clear()) == Graded(
        "CR", "RSP-CR", VERSION_ELN, ("marrow_blast", "anc", "platelets")
    )
    assert strict_response(clear(disease="T-ALL", anc=None)) == Graded(
        "CRi", "RSP-CRi", VERSION_ALL, ("marrow_blast", "platelets")
    )
    assert protocol_response(assessment(marrow_blast="1")) == Graded(
        "CRi", "RSP-CRi", VERSION_PROTOCOL, ("marrow_blast",)
    )
    assert protocol_response(clear(disease="T-LBL", deauville="4", pet_change="reduced")) == Graded(
        "PR", "RSP-LBL-PMR", VERSION_LUGANO, ("deauville", "pet_change")
    )
    assert strict_response(clear(blood_blast="1")) == Graded(
        "NR", "RSP-NR-ELSEWHERE", VERSION_ELN, ("blood_blast",)
    )


@pytest.mark.parametrize("disease", Disease)
def test_a_page_with_nothing_on_it_has_no_response(disease: Disease) -> None:
    for reading in (strict_response, protocol_response):
        graded = reading(ResponseInput(disease=disease))
        assert (graded.value, graded.rule_id, graded.inputs) == (None, "RSP-EMPTY", ())


def test_a_marrow_not_done_and_nothing_else_is_not_evaluable() -> None:
    for reading in (strict_response, protocol_response):
        graded = reading(assessment(marrow_done=False))
        assert (graded.value, graded.rule_id) == ("NE", "RSP-NE-NO-MARROW")


@pytest.mark.parametrize("value", ["0", "0.000001", "0.009999"])
def test_no_result_is_negative_whose_limit_of_detection_is_too_coarse(value: str) -> None:
    """X-RSP-02."""
    assert mrd_class(Decimal(value), Decimal("0.01")).value == "negative"
    assert mrd_class(Decimal(value), Decimal("0.010001")).value == "indeterminate"
