"""MRD class, best response before relapse, and the transplant gate."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from patients.grading.response import (
    BEST_TO_WORST,
    GATE_OPENING,
    VERSION_PROTOCOL,
    Assessed,
    best_response,
    mrd_class,
    mrd_eln,
    transplant_gate,
)
from patients.grading.result import Graded

# ---- MRD ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "lod", "expected"),
    [
        pytest.param("0.01", None, "positive", id="RSP-14"),
        pytest.param("0.01", "0.01", "positive", id="at the threshold"),
        pytest.param("0.009999", "0.01", "negative", id="below, limit at the threshold"),
        pytest.param("0", "0.001", "negative", id="none found"),
        pytest.param("0", "0.010001", "indeterminate", id="limit too coarse"),
        pytest.param("0", None, "indeterminate", id="limit unknown"),
        pytest.param("0.5", "0.1", "positive", id="positive in spite of a coarse limit"),
        pytest.param(None, "0.001", None, id="no result"),
    ],
)
def test_the_mrd_class(value: str | None, lod: str | None, expected: str | None) -> None:
    graded = mrd_class(value and Decimal(value), lod and Decimal(lod))  # type: ignore[arg-type]
    assert graded.value == expected


def test_the_mrd_threshold_can_be_configured() -> None:
    assert mrd_class(Decimal("0.01"), Decimal("0.01"), Decimal("0.1")).value == "negative"
    assert mrd_class(Decimal("0.01"), Decimal("0.01"), Decimal("0.001")).value == "positive"
    assert mrd_class(Decimal("0"), Decimal("0.01"), Decimal("0.001")).value == "indeterminate"


@pytest.mark.parametrize(
    ("value", "expected"), [("0.1", "at_above"), ("0.099999", "below"), ("0", "below"), (None, None)]
)
def test_the_eln_flag_of_mrd(value: str | None, expected: str | None) -> None:
    assert mrd_eln(value and Decimal(value)).value == expected  # type: ignore[arg-type]


# ---- best response -----------------------------------------------------------------------------------------

INFUSED = date(2025, 3, 1)


def day(number: int) -> date:
    return INFUSED + timedelta(days=number)


def history(*responses: str | None) -> list[Assessed]:
    """One assessment a week."""
    return [Assessed(day(7 * week), response) for week, response in enumerate(responses, start=1)]


@pytest.mark.parametrize(
    ("responses", "expected"),
    [
        (("NR", "CRi", "CR", "CRh"), "CR"),
        (("PR", "CRh", "CRi"), "CRh"),
        (("MLFS", "CRi"), "CRi"),
        (("PR", "MLFS"), "MLFS"),
        (("SD", "PR"), "PR"),
        (("NR", "SD"), "SD"),
        (("PD", "NR"), "NR"),
        (("NE", "PD"), "PD"),
        (("NE", None), "NE"),
        (("CRi", "RELAPSE", "CR"), "CRi"),
        (("RELAPSE",), None),
        ((None,), None),
        ((), None),
    ],
)
def test_the_best_response_before_relapse(responses: tuple[str | None, ...], expected: str | None) -> None:
    assert best_response(history(*responses)).value == expected


def test_nothing_counts_from_the_date_of_the_relapse_on() -> None:
    assessed = history("CRi", "CR")
    assert best_response(assessed, relapsed_on=day(14)).value == "CRi"
    assert best_response(assessed, relapsed_on=day(15)).value == "CR"
    assert best_response(assessed, relapsed_on=day(7)).value is None


def test_the_best_response_does_not_depend_on_the_order_of_entry() -> None:
    assessed = history("NR", "CRi", "RELAPSE", "CR")
    assert {best_response(order).value for order in permutations(assessed)} == {"CRi"}


# ---- the transplant gate -----------------------------------------------------------------------------------


@pytest.mark.parametrize("response", [*BEST_TO_WORST, "NE", None])
def test_the_gate_opens_for_remission_and_mlfs(response: str | None) -> None:
    gate = transplant_gate(response, assessed_on=day(14), infused_on=INFUSED)
    assert gate.value == ("Y" if response in GATE_OPENING else "N")


@pytest.mark.parametrize(
    ("assessed", "transplanted", "expected"),
    [
        (-5, None, None),
        (0, None, None),
        (1, None, "Y"),
        (14, 16, "Y"),
        (16, 16, "Y"),
        (17, 16, None),
        (400, None, "Y"),
    ],
)
def test_the_gate_stands_on_pages_after_infusion_up_to_the_transplant(
    assessed: int, transplanted: int | None, expected: str | None
) -> None:
    gate = transplant_gate(
        "CRi",
        assessed_on=day(assessed),
        infused_on=INFUSED,
        transplanted_on=None if transplanted is None else day(transplanted),
    )
    assert gate.value == expected


def test_there_is_no_gate_before_the_dates_are_known() -> None:
    assert transplant_gate("CR", assessed_on=None, infused_on=INFUSED).value is None
    assert transplant_gate("CR", assessed_on=day(14), infused_on=None).value is None


def test_a_bar_closes_the_gate_and_is_named() -> None:
    gate = transplant_gate("CR", assessed_on=day(14), infused_on=INFUSED, bars=("exc07_infection",))
    assert gate == Graded("N", "RSP-GATE-BARRED", VERSION_PROTOCOL, ("exc07_infection",))
