"""Donor chimerism classes: the worked cases of the specification and their boundaries."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.grading.chimerism import FULL_DONOR_FROM_PCT, VERSION, chimerism_class
from patients.grading.result import Graded

unhurried = settings(deadline=None)
shares = st.decimals(0, 100, places=2)
ORDER = ["absent", "mixed", "full"]


@pytest.mark.parametrize(
    ("donor_pct", "expected"),
    [
        pytest.param("99.3", "full", id="RSP-16"),
        pytest.param("95.0", "full", id="RSP-17"),
        pytest.param("94.9", "mixed", id="RSP-19"),
        pytest.param("4.9", "absent", id="RSP-21"),
        pytest.param("100", "full", id="all"),
        pytest.param("95.00", "full", id="at 95 with two decimals"),
        pytest.param("94.99", "mixed", id="just below 95"),
        pytest.param("5.00", "mixed", id="at 5"),
        pytest.param("4.99", "absent", id="just below 5"),
        pytest.param("0", "absent", id="none"),
    ],
)
def test_the_class_of_a_donor_share(donor_pct: str, expected: str) -> None:
    graded = chimerism_class(Decimal(donor_pct))
    assert graded == Graded(expected, f"CHM-{expected.upper()}", VERSION, ("donor_pct",))


def test_the_limit_of_full_can_be_configured() -> None:
    assert chimerism_class(Decimal("97"), full_from=Decimal("98")).value == "mixed"
    assert chimerism_class(Decimal("98"), full_from=Decimal("98")).value == "full"


def test_without_a_result_there_is_no_class() -> None:
    assert chimerism_class(None) == Graded(None, "CHM-EMPTY", VERSION)


@unhurried
@given(shares, shares)
def test_more_donor_is_never_a_lower_class(one: Decimal, other: Decimal) -> None:
    less, more = sorted((one, other))
    assert ORDER.index(str(chimerism_class(less).value)) <= ORDER.index(str(chimerism_class(more).value))


@unhurried
@given(shares)
def test_full_is_exactly_from_the_limit_up(share: Decimal) -> None:
    assert (chimerism_class(share).value == "full") == (share >= FULL_DONOR_FROM_PCT)
