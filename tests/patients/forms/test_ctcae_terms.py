"""The list of CTCAE terms: complete for this trial, the codes of before kept, each test under a term."""

import pytest

from patients.forms.ctcae_terms import CTCAE_TERMS, CYTOPENIAS, INFECTIONS, LABORATORY, OTHER, TERMS_OF_TEST
from patients.forms.laboratory_catalogue import TESTS

OF_THE_FIRST_VERSION = (
    "neutrophil_count_decreased",
    "platelet_count_decreased",
    "anemia",
    "lymphocyte_count_decreased",
    "white_blood_cell_decreased",
    "cytokine_release_syndrome",
    "febrile_neutropenia",
    "sepsis",
    "lung_infection",
    "infections_and_infestations_other",
    "immune_system_disorders_other",
    "nausea",
    "vomiting",
    "diarrhea",
    "rash_maculo_papular",
    "blood_bilirubin_increased",
    "alanine_aminotransferase_increased",
    "encephalopathy",
    "other",
)


def test_a_code_is_never_taken_away() -> None:
    assert set(OF_THE_FIRST_VERSION) <= set(CTCAE_TERMS.labels)


def test_there_are_terms_enough_for_the_trial() -> None:
    assert len(CTCAE_TERMS.codes) >= 150
    assert CTCAE_TERMS.codes[-1].code == OTHER


@pytest.mark.parametrize("group", [CYTOPENIAS, INFECTIONS, LABORATORY, *TERMS_OF_TEST.values()])
def test_a_group_is_of_terms_of_the_list(group: frozenset[str]) -> None:
    assert group <= set(CTCAE_TERMS.labels)


def test_no_term_is_of_two_kinds() -> None:
    assert not CYTOPENIAS & INFECTIONS
    assert not (CYTOPENIAS | INFECTIONS) & LABORATORY


def test_every_test_that_is_graded_has_its_terms() -> None:
    assert {test.code for test in TESTS if test.ctcae} == set(TERMS_OF_TEST)
