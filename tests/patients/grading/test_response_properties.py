"""What always holds of the response, whatever is recorded and whatever is not."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from patients.grading.response import (
    BEST_TO_WORST,
    REMISSIONS,
    Disease,
    ResponseInput,
    protocol_response,
    strict_response,
)

unhurried = settings(deadline=None, max_examples=300)

known_shares = st.decimals(0, 100, places=1) | st.sampled_from([Decimal(5), Decimal("4.9"), Decimal(0)])
shares = st.none() | known_shares
anything = st.builds(
    ResponseInput,
    disease=st.sampled_from(Disease),
    marrow_done=st.none() | st.booleans(),
    marrow_adequate=st.sampled_from([None, "yes", "no_haemodilute", "no_dry_tap", "no_aplastic"]),
    marrow_blast=shares,
    cellularity=st.none() | st.integers(0, 100),
    baseline_blast=shares,
    blood_blast=shares,
    blood_blasts_persist=st.booleans(),
    extramedullary=st.sampled_from(
        [None, "none_ever", "none_ever", "resolved", "reduced", "stable", "progressive", "new"]
    ),
    cns=st.sampled_from([None, "CNS1", "CNS1", "CNS2", "CNS3", "not_assessed"]),
    anc=st.none() | st.decimals(0, 3, places=2),
    platelets=st.none() | st.integers(0, 300),
    mrd=st.none() | st.decimals(0, 100, places=4),
    deauville=st.sampled_from([None, "1", "2", "3", "4", "5", "X"]),
    pet_change=st.sampled_from([None, "reduced", "unchanged", "increased", "new_lesion"]),
    earlier_remission=st.booleans(),
)
CODES = {*BEST_TO_WORST, "NE", None}
NO_REMISSION = BEST_TO_WORST.index("NR")


def rank(code: str | None) -> int:
    """How bad; what has no class is no better than no response."""
    return BEST_TO_WORST.index(code) if code in BEST_TO_WORST else NO_REMISSION


@unhurried
@for_all(anything)
def test_any_input_gets_a_code_of_the_list_and_a_reason(given: ResponseInput) -> None:
    for reading in (strict_response, protocol_response):
        graded = reading(given)
        assert graded.value in CODES
        assert graded.rule_id
        assert graded.version
        for name in graded.inputs:
            assert getattr(given, name) is not None
    assert strict_response(given).value != "MLFS" or given.disease not in (Disease.T_ALL, Disease.T_LBL)


@unhurried
@for_all(anything, known_shares, known_shares)
def test_more_marrow_blasts_never_improve_the_response(
    given: ResponseInput, one: Decimal, other: Decimal
) -> None:
    fewer, more = sorted((one, other))
    for reading in (strict_response, protocol_response):
        before = reading(replace(given, marrow_blast=fewer)).value
        after = reading(replace(given, marrow_blast=more)).value
        assert rank(after) >= min(rank(before), NO_REMISSION)


@unhurried
@for_all(anything, known_shares, known_shares)
def test_more_blood_blasts_never_improve_the_response(
    given: ResponseInput, one: Decimal, other: Decimal
) -> None:
    fewer, more = sorted((one, other))
    for reading in (strict_response, protocol_response):
        before = reading(replace(given, blood_blast=fewer)).value
        after = reading(replace(given, blood_blast=more)).value
        assert rank(after) >= min(rank(before), NO_REMISSION)


@unhurried
@for_all(anything)
def test_without_a_marrow_result_there_is_never_a_remission(given: ResponseInput) -> None:
    for reading in (strict_response, protocol_response):
        assert reading(replace(given, marrow_blast=None)).value not in (*REMISSIONS, "MLFS")


@unhurried
@for_all(anything)
def test_disease_outside_the_marrow_never_leaves_a_remission(given: ResponseInput) -> None:
    for found in (replace(given, extramedullary="new"), replace(given, cns="CNS3")):
        for reading in (strict_response, protocol_response):
            assert reading(found).value not in (*REMISSIONS, "MLFS")


@unhurried
@for_all(anything)
def test_counts_decide_nothing_but_the_kind_of_remission(given: ResponseInput) -> None:
    """The protocol calls it a remission whatever the counts are."""
    uncounted = protocol_response(replace(given, anc=None, platelets=None)).value
    if uncounted in REMISSIONS:
        assert protocol_response(given).value in REMISSIONS


@unhurried
@for_all(anything)
def test_relapse_needs_an_earlier_remission(given: ResponseInput) -> None:
    for reading in (strict_response, protocol_response):
        assert reading(replace(given, earlier_remission=False)).value != "RELAPSE"


@unhurried
@for_all(anything)
def test_a_strict_remission_is_a_remission_by_the_protocol(given: ResponseInput) -> None:
    if strict_response(given).value in (*REMISSIONS, "MLFS"):
        assert protocol_response(given).value in REMISSIONS
