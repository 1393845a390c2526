"""Worked time-to-event cases of the trial's specification (4.5): days from the infusion (of GRFS from the
graft), and status."""

from datetime import date

import pytest

from analytics.datasets.story import tell
from analytics.datasets.time_to_event import endpoints_of
from patients.casebook.answers import Record
from tests.analytics.casebooks import (
    DIARRHOEA,
    NEVER,
    acute,
    assessed,
    chronic,
    contact,
    cut,
    day,
    died,
    grafted,
    infused,
    relapsed,
)

PARAMETERS = ("OS", "PFS", "CIR", "NRM", "GRFS", "FUREV")
C = [grafted(20), relapsed(100), died(180)]
CASES: dict[str, tuple[list[Record], date, str]] = {
    "A": (
        [grafted(16), acute(210, {}), contact(220, free_on=200)],
        NEVER,
        "220,0 200,0 200,0 220,0 184,0 220,1",
    ),
    "B": ([grafted(16), died(60)], NEVER, "60,1 60,1 60,2 60,1 44,1 60,0"),
    "C": (C, NEVER, "180,1 100,1 100,1 100,2 80,1 180,0"),
    "D": ([grafted(12), relapsed(100), contact(250)], NEVER, "250,0 100,1 100,1 100,2 88,1 250,1"),
    "E": ([died(13)], NEVER, "13,1 13,1 13,2 13,1 - 13,0"),
    "F": (
        [grafted(16), acute(40, DIARRHOEA, 40), contact(300, free_on=290)],
        NEVER,
        "300,0 290,0 290,0 300,0 24,1 300,1",
    ),
    "G": (
        [grafted(16), chronic(150, 2, treated_from=150), relapsed(160), contact(200)],
        NEVER,
        "200,0 160,1 160,1 160,2 134,1 200,1",
    ),
    "H": (C, day(120), "120,0 100,1 100,1 100,2 80,1 120,1"),
    "I": ([contact(30)], NEVER, "30,0 0,0 0,0 30,0 - 30,1"),
    "J": ([grafted(15), relapsed(75), died(75)], NEVER, "75,1 75,1 75,1 75,2 60,1 75,0"),
}


pytestmark = pytest.mark.usefixtures("new_registry")


def ended(records: list[Record], cutoff: date) -> dict[str, str]:
    """`days,status` of each parameter."""
    rows = endpoints_of(tell(cut([*infused(), *records], cutoff), cutoff))
    return {row.paramcd: f"{row.days},{row.status}" for row in rows}


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("case", CASES)
def test_worked_case(case: str, parameter: str) -> None:
    records, cutoff, cells = CASES[case]
    expected = dict(zip(PARAMETERS, cells.split(), strict=True))
    assert ended(records, cutoff).get(parameter, "-") == expected[parameter]


def test_a_response_assessment_is_a_disease_check_too() -> None:
    """Case A with a marrow on day 200 in place of the statement of the contact."""
    records = [grafted(16), acute(210, {}), assessed(200, blasts=2), contact(220)]
    expected = dict(zip(PARAMETERS, CASES["A"][2].split(), strict=True))
    assert expected.items() <= ended(records, NEVER).items()


def test_who_was_not_infused_has_no_endpoint_but_that_from_enrolment() -> None:
    records, cutoff, _ = CASES["A"]
    for subject, last in (
        (cut([*infused(day(9)), *records], day(8)), day(8)),
        (cut([*infused()[:-1], *records]), cutoff),
    ):
        assert [row.paramcd for row in endpoints_of(tell(subject, last))] == ["OSENR"]
